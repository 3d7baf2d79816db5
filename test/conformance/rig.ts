import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, openApp } from '../../src/app.ts';
import { configSchema } from '../../src/config/index.ts';
import type {
  ApplyReport,
  ExportedService,
  Incomplete,
  ModelResult,
  Observed,
  Provider,
  Resource,
  Session,
  Snapshot,
  Source,
} from '../../src/model/index.ts';
import type { Harness } from './harness.ts';

/** Something done to a write: before its effect, or after it. Throws to let the call fail. */
export interface Interference {
  before?(write: number): void;
  after?(write: number): void;
}

/** A weir over one provider, with services that a test sets and writes that it counts and disturbs. */
export class Rig {
  readonly #harness: Harness;
  readonly stateDir: string;
  #services: readonly ExportedService[] = [];
  #incomplete: readonly Incomplete[] = [];
  #app: App | undefined;
  #session: Session | undefined;
  #wanted: readonly Resource[] = [];
  #end = new AbortController();
  interference: Interference = {};
  /** Calls that write, since the rig was made: one for each step, or one for each commit. */
  writes = 0;

  private constructor(harness: Harness, stateDir: string) {
    this.#harness = harness;
    this.stateDir = stateDir;
  }

  static async open(harness: Harness): Promise<Rig> {
    await harness.reset();
    return new Rig(harness, await mkdtemp(join(tmpdir(), 'weir-conformance-')));
  }

  set(services: readonly ExportedService[], incomplete: readonly Incomplete[] = []): void {
    const { dressed } = this.#harness;
    this.#services = dressed === undefined ? services : services.map(dressed);
    this.#incomplete = incomplete;
  }

  async apply(): Promise<ApplyReport> {
    await this.#harness.settle?.();
    const end = new AbortController();
    this.#end = end;
    return (await this.#open()).apply(AbortSignal.any([end.signal, AbortSignal.timeout(60_000)]), () => {});
  }

  /** Ends the `apply` under way: nothing more is tried. */
  kill(): void {
    this.#end.abort();
  }

  async plan() {
    await this.#harness.settle?.();
    return (await this.#open()).plan(AbortSignal.timeout(60_000));
  }

  /** What the provider wants of the system as it is now, what it keeps of it included. */
  async wanted(): Promise<readonly Resource[]> {
    await this.plan();
    return this.#wanted;
  }

  async destroy(): Promise<ApplyReport> {
    await this.#harness.settle?.();
    return (await this.#open()).destroy(AbortSignal.timeout(60_000), () => {});
  }

  /** What the system holds, read by the provider. */
  async observe(): Promise<readonly Observed[]> {
    await this.plan();
    return (await this.#session?.observe('all', AbortSignal.timeout(60_000))) ?? [];
  }

  /** The process dies and another one begins: sessions are left as they are. */
  async restart(): Promise<void> {
    await this.#app?.close('leave');
    this.#app = undefined;
    this.#session = undefined;
  }

  /** As a restart on another machine: nothing is remembered. */
  async forget(): Promise<void> {
    await this.restart();
    await rm(this.stateDir, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.#app?.close('withdraw');
    await rm(this.stateDir, { recursive: true, force: true });
  }

  async #open(): Promise<App> {
    const { provider, clock } = this.#harness;
    this.#app ??= await openApp(
      configSchema.parse({
        instance: 'test',
        stateDir: this.stateDir,
        gateDeadline: this.#harness.gateDeadline ?? '20s',
        sources: [{ type: 'file', paths: ['script'] }],
        balancers: [{ name: 'main', provider: provider.name, options: this.#harness.options() }],
      }),
      {
        provider: async () => this.#disturbed(provider),
        openSource: async () => this.#source(),
        random: () => 0,
        ...(clock === undefined ? {} : { clock }),
      },
    );
    return this.#app;
  }

  #source(): Source {
    return {
      name: 'script',
      read: async (): Promise<Snapshot> => ({
        services: this.#services,
        nodes: [],
        problems: [],
        incomplete: this.#incomplete,
      }),
      watch: async () => {},
      secret: async () => undefined,
    };
  }

  /** The provider as it is, but for its writes, which are counted and disturbed. */
  #disturbed(provider: Provider): Provider {
    const around = async <T>(write: () => Promise<T>): Promise<T> => {
      const number = ++this.writes;
      this.interference.before?.(number);
      const result = await write();
      this.interference.after?.(number);
      return result;
    };
    const note = (made: ModelResult): ModelResult => {
      this.#wanted = made.resources.map((resource) => provider.normalize(resource));
      return made;
    };
    const { modelSliced } = provider;
    return {
      ...provider,
      model: (input, options) => note(provider.model(input, options)),
      ...(modelSliced === undefined
        ? {}
        : {
            *modelSliced(input, options) {
              return note(yield* modelSliced(input, options));
            },
          }),
      open: async (options, ctx) => {
        const session = await provider.open(options, ctx);
        this.#session = session;
        const { apply, commit } = session;
        const wrapped: Session = {
          discover: (services, signal, besides) => session.discover(services, signal, besides),
          moved: () => session.moved?.() ?? [],
          observe: (scope, signal, depth) => session.observe(scope, signal, depth),
          report: (services, observed) => session.report(services, observed),
          close: (how) => session.close(how),
          troubles: () => session.troubles?.() ?? [],
          ...(apply === undefined ? {} : { apply: (step, signal) => around(() => apply.call(session, step, signal)) }),
          ...(commit === undefined
            ? {}
            : { commit: (steps, next, signal) => around(() => commit.call(session, steps, next, signal)) }),
        };
        return wrapped;
      },
    };
  }
}
