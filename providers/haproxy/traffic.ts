/** Reads the numbers of all workers every few seconds, beside the work: on a connection of its own, closed after each look, so that no old worker lives on for it. */
import { type Context, type Traffic, WeirError } from '../../src/model/index.ts';
import { inTurns, turn } from '../../src/model/turns.ts';
import { splitAuthority } from '../../src/net/index.ts';
import type { Layout } from './layout.ts';
import { sparesOf } from './layout-placed.ts';
import { askMaster } from './master.ts';
import { backendName, serverName } from './names.ts';
import type { HaproxyProcess } from './process.ts';
import { RuntimeSocket } from './socket.ts';
import { TrafficCount, type WorkerReading } from './traffic-count.ts';
import { type BackendRow, readStat } from './traffic-read.ts';

export interface TrafficParts {
  readonly ctx: Context;
  readonly signal: AbortSignal;
  readonly process: HaproxyProcess;
  readonly masterSocket: string;
  readonly everyMs: number;
  /** What the process serves: it says which backend each spare is. */
  readonly layout: () => Layout | undefined;
}

/** Backends and servers. */
const command = 'show stat -1 6 -1';

export class TrafficWatch {
  readonly #parts: TrafficParts;
  readonly #count = new TrafficCount();
  #reasons: ReadonlyMap<string, string> = new Map();

  constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  start(): void {
    void this.#work();
  }

  /** Of these backends (ids) together. */
  of(backends: readonly string[]): Traffic | undefined {
    return this.#count.of(backends.map(backendName));
  }

  /** Spares change hands: what they have counted in a worker stays out of the numbers of who has them next. */
  handOver(worker: number, rows: readonly BackendRow[]): void {
    this.#count.handOver(worker, rows);
  }

  /** Why the last check of a target (address:port) of a backend (id) failed; undefined when it did not. */
  reason(backend: string, target: string): string | undefined {
    const parts = splitAuthority(target);
    if (this.#reasons.size === 0 || parts === undefined) return undefined;
    const own = backendName(backend);
    const section = this.#spares().get(own) ?? own;
    return this.#reasons.get(`${section}/${serverName(parts.address, Number(parts.port))}`);
  }

  #spares(): ReadonlyMap<string, string> {
    const layout = this.#parts.layout();
    return layout === undefined ? new Map() : sparesOf(layout);
  }

  async #work(): Promise<void> {
    const { ctx, signal, everyMs } = this.#parts;
    for (let waitMs = Math.min(everyMs, 1_000); ; ) {
      await ctx.clock.sleep(waitMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const startMs = ctx.clock.now();
      try {
        await this.#look();
      } catch (error) {
        if (!(error instanceof WeirError)) throw error;
        ctx.log.debug({ balancer: ctx.balancer, code: error.code }, `numbers could not be read: ${error.message}`);
      }
      // A large state costs time to read: never more than a small share of it.
      waitMs = Math.max(everyMs, (ctx.clock.now() - startMs) * 50);
    }
  }

  async #look(): Promise<void> {
    const { ctx, process, masterSocket } = this.#parts;
    const { processes } = process;
    if (processes === undefined) return;
    const runtime = new RuntimeSocket(process.runtime.path);
    try {
      const [info = '', text = ''] = await runtime.run([{ line: 'show info' }, { line: command }]);
      const table = await inTurns(ctx, readStat(text));
      const pid = Number(/^Pid: (\d+)$/m.exec(info)?.[1]);
      const readings: WorkerReading[] = [{ pid, old: false, rows: table.backends }];
      // Open streams, mostly: what `hardStopAfter` would cut.
      let held = 0;
      for (const old of processes.oldWorkers) {
        // It may end at any moment.
        const about = await askMaster(masterSocket, `@!${old} show info`, 2_000).catch(() => '');
        if (!about.includes(`\nPid: ${pid}\n`)) held += Number(/^CurrConns: (\d+)$/m.exec(about)?.[1] ?? 0);
        const answer = await askMaster(masterSocket, `@!${old} ${command}`, 2_000).catch(() => '');
        if (old !== pid && answer.startsWith('# pxname'))
          readings.push({ pid: old, old: true, rows: (await inTurns(ctx, readStat(answer.trimEnd()))).backends });
      }
      ctx.metric('weir_haproxy_old_connections', held, {}, 'gauge');
      this.#reasons = table.reasons;
      const owners = new Map([...this.#spares()].map(([own, spare]) => [spare, own]));
      const holder = (section: string) => owners.get(section) ?? (section.startsWith('b_') ? section : undefined);
      await turn(ctx);
      this.#count.take(readings, holder, ctx.clock.now());
    } finally {
      runtime.close();
    }
  }
}
