import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetMemorySystem, memorySystem } from '../../providers/memory/index.ts';
import { type App, type AppDeps, openApp } from '../../src/app.ts';
import { configSchema } from '../../src/config/index.ts';
import type { ExportedService, Snapshot, Source } from '../../src/model/index.ts';
import { SkippingClock } from '../conformance/skipping-clock.ts';

export const targets = [{ address: '10.0.0.1', port: 80, weight: 1, state: 'ready' }] as const;

/** Services that a test sets, followed as a file would be. */
export class Script implements Source {
  readonly name = 'script';
  #snapshot: Snapshot = { services: [], nodes: [], problems: [], incomplete: [] };
  #changed: (cause: string) => void = () => {};
  failure: Error | undefined;

  set(services: readonly ExportedService[], rest: Partial<Snapshot> = {}): void {
    this.#snapshot = { services, nodes: [], problems: [], incomplete: [], ...rest };
    this.#changed('a test');
  }

  async read(): Promise<Snapshot> {
    if (this.failure !== undefined) throw this.failure;
    return this.#snapshot;
  }

  async watch(changed: (cause: string) => void, signal: AbortSignal): Promise<void> {
    this.#changed = changed;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  async secret(): Promise<string | undefined> {
    return undefined;
  }
}

let stores = 0;

/** A weir over the memory provider, with a state directory of its own. */
export async function appStage(config: Readonly<Record<string, unknown>> = {}, deps: Partial<AppDeps> = {}) {
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-app-'));
  const store = `app ${stores++}`;
  const script = new Script();
  const clock = new SkippingClock();
  const opened: App[] = [];
  const open = async (more: Partial<AppDeps> = {}) => {
    const parsed = configSchema.parse({
      instance: 'test',
      stateDir,
      sources: [{ type: 'file', paths: ['script'] }],
      balancers: [{ name: 'main', provider: 'memory', options: { store } }],
      ...config,
    });
    const app = await openApp(parsed, { openSource: async () => script, clock, random: () => 0, ...deps, ...more });
    opened.push(app);
    return app;
  };
  const close = async () => {
    for (const app of opened) await app.close('leave');
    forgetMemorySystem({ store });
    await rm(stateDir, { recursive: true, force: true });
  };
  return { stateDir, store, script, clock, open, close, system: () => memorySystem({ store }) };
}

/** Until a condition holds; fails after two seconds of real time. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 400) throw new Error(`never came true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
