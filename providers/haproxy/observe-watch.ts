/** What a session does between the calls: notices death and health, tries again what was withheld, keeps what the next session must know. */
import type { Context, Unit } from '../../src/model/index.ts';
import { WeirError } from '../../src/model/index.ts';
import { turn } from '../../src/model/turns.ts';
import type { Committer } from './commit.ts';
import type { Certificates } from './commit-certificates.ts';
import type { Withheld } from './commit-withhold.ts';
import { Deaths } from './deaths.ts';
import type { Layout } from './layout.ts';
import type { LiveServers, LiveState } from './observe-live.ts';
import type { ProgramWatch } from './observe-program.ts';
import { healthSummary } from './observe-servers.ts';
import { tryPort } from './port-trial.ts';
import type { Pressure, PressureWatch } from './pressure.ts';
import type { HaproxyProcess } from './process.ts';

export interface WatchParts {
  readonly ctx: Context;
  readonly unit: Unit;
  readonly signal: AbortSignal;
  readonly process: HaproxyProcess;
  readonly committer: Committer;
  readonly live: LiveState;
  readonly certificates: Certificates;
  /** Absent: the program is somebody else's. */
  readonly program?: ProgramWatch;
  readonly pressure: PressureWatch;
  /** Runs a task when nothing else touches the process. */
  readonly queue: <T>(task: () => Promise<T>) => Promise<T>;
  /** This session holds the lock: it may write and start. */
  readonly mayWrite: () => boolean;
  /** Takes what is to be kept as it is now, and begins to write it behind what is still being written: ends when it is on disk. */
  readonly save: () => Promise<void>;
  readonly tidy: (layout: Layout) => Promise<void>;
}

const restlessMs = 200;
const quietMs = 2_000;
/** Looks at all servers are apart so far at least, however many commits ask for one. */
const allEveryMs = 1_000;
const retryEveryMs = 3_000;
/** So long after the last change a reload disturbs no other. */
const refillAfterMs = 5_000;
/** A process that lived this long died of something new. */
const stableMs = 10_000;
const longestReviveMs = 10_000;
const longestSilenceMs = 15_000;

export class SessionWatch {
  readonly #parts: WatchParts;
  #health: string | undefined;
  #unsaved = false;
  #untidy = false;
  #allAtMs = Number.NEGATIVE_INFINITY;
  #retriedMs = Number.NEGATIVE_INFINITY;
  #changedMs = Number.NEGATIVE_INFINITY;
  #deaths = 0;
  readonly #told: Deaths;
  /** Looks in a row that the socket did not answer. */
  #silences = 0;
  #wake = new AbortController();

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#told = new Deaths(parts.ctx.clock);
  }

  /** What keeps clients out, or did a short time ago. */
  troubles(): readonly Pressure[] {
    const { pressure } = this.#parts.pressure;
    const { trouble } = this.#told;
    return [pressure, trouble].filter((one) => one !== undefined);
  }

  start(): void {
    void this.#work();
  }

  /** A commit went through: look soon. */
  changed(): void {
    this.#changedMs = this.#parts.ctx.clock.now();
    this.#unsaved = true;
    this.#untidy = true;
    this.#wake.abort();
  }

  /** Takes what is not kept yet: to be called in the queue, and waited for outside of it, as slow disks must not hold it up. */
  async flush(): Promise<void> {
    if (!this.#unsaved || !this.#parts.mayWrite()) return;
    this.#unsaved = false;
    try {
      await this.#parts.save();
    } catch (error) {
      this.#unsaved = true;
      throw error;
    }
  }

  /** The process ended while it should serve: start it again, at once the first time, then ever later. */
  died(cause: string, how: string): void {
    const { ctx, unit, signal, process } = this.#parts;
    if (signal.aborted) return;
    ctx.log.error({ balancer: ctx.balancer }, how === '' ? cause : `${cause}: ${how}`);
    this.#told.add(how);
    ctx.metric('weir_haproxy_deaths_total', 1);
    this.#deaths = ctx.clock.now() - process.startedMs > stableMs ? 0 : this.#deaths + 1;
    if (process.attached) {
      ctx.changed(unit, cause);
      this.#wake.abort();
      return;
    }
    const waitMs = this.#deaths === 0 ? 0 : Math.min(100 * 2 ** this.#deaths, longestReviveMs);
    void this.#revive(waitMs)
      .catch((error: unknown) =>
        ctx.log.error(
          { balancer: ctx.balancer },
          `HAProxy could not be started again: ${error instanceof Error ? error.message : String(error)}`,
        ),
      )
      .then(() => {
        if (!signal.aborted) ctx.changed(unit, cause);
      });
  }

  async #revive(waitMs: number): Promise<void> {
    const { ctx, process, committer, signal, queue } = this.#parts;
    if (waitMs > 0) await ctx.clock.sleep(waitMs, signal);
    await queue(async () => {
      // A commit may have started it, or another weir drives it.
      const wanted = process.processes === undefined && this.#parts.mayWrite() && committer.running !== undefined;
      if (wanted && !signal.aborted) await committer.revive();
      this.#tellRevived();
    });
  }

  #tellRevived(): void {
    const { ctx, process } = this.#parts;
    const { master, workers } = process.processes ?? {};
    const awayMs = master === undefined ? undefined : this.#told.over();
    if (awayMs === undefined) return;
    ctx.log.info({ balancer: ctx.balancer, master, worker: workers?.[0], awayMs }, 'HAProxy was started again');
  }

  async #work(): Promise<void> {
    const { ctx, signal } = this.#parts;
    for (let waitMs = this.#parts.process.attached ? restlessMs : quietMs; !signal.aborted; ) {
      this.#wake = new AbortController();
      try {
        await ctx.clock.sleep(waitMs, AbortSignal.any([signal, this.#wake.signal]));
      } catch {
        // Woken: a commit is followed by a short rest, so that bursts are looked at once.
        await ctx.clock.sleep(restlessMs, signal).catch(() => undefined);
      }
      if (signal.aborted) return;
      const startMs = ctx.clock.now();
      let restless = false;
      try {
        restless = await this.#parts.queue(() => this.#look());
        this.#heard();
      } catch (error) {
        if (!(error instanceof WeirError)) throw error;
        this.#unheard(error);
      }
      const kept = await this.#keep();
      // A large state costs time to read: never more than a small share of it. Silence is no state: it is asked about ever less often.
      waitMs =
        this.#silences > 0
          ? Math.min(quietMs * 2 ** (this.#silences - 1), longestSilenceMs)
          : Math.max(restless ? restlessMs : quietMs, (ctx.clock.now() - startMs) * 20);
      if (this.#parts.process.attached && this.#parts.process.processes === undefined) waitMs = restlessMs;
      // A commit during the look woke nobody; what it changed is to be kept as soon as that of any other.
      if (kept && this.#unsaved && this.#parts.mayWrite()) waitMs = Math.min(waitMs, restlessMs);
    }
  }

  /** Also when the look failed: what was committed is not to be forgotten because a socket is silent. Answers false when it could not be. */
  async #keep(): Promise<boolean> {
    const { ctx, queue } = this.#parts;
    try {
      const { written } = await queue(async () => ({ written: this.flush() }));
      await written;
      return true;
    } catch (error) {
      if (!(error instanceof WeirError)) throw error;
      ctx.log.debug({ balancer: ctx.balancer, code: error.code }, error.message);
      return false;
    }
  }

  #unheard(error: WeirError): void {
    const { ctx, unit } = this.#parts;
    const silent = error.code === 'E_HAPROXY_SOCKET';
    const first = silent && this.#silences === 0;
    if (silent) {
      ctx.metric('weir_haproxy_socket_errors_total', 1);
      this.#silences++;
    }
    ctx.log[first ? 'warn' : 'debug']({ balancer: ctx.balancer, code: error.code }, error.message);
    // The next turn of the unit meets the same, and that is what status tells.
    if (first) ctx.changed(unit, 'the socket of HAProxy does not answer');
  }

  #heard(): void {
    const { ctx, unit } = this.#parts;
    if (this.#silences === 0) return;
    this.#silences = 0;
    ctx.log.info({ balancer: ctx.balancer }, 'the socket of HAProxy answers again');
    ctx.changed(unit, 'the socket of HAProxy answers again');
  }

  /** Answers whether there is something to be looked at again soon. */
  async #look(): Promise<boolean> {
    const { ctx, live, unit, process, signal } = this.#parts;
    if (signal.aborted) return false;
    // A disk that is ill keeps nobody from the rest.
    if (this.#parts.mayWrite()) await process.trimMessages().catch(() => undefined);
    if (process.attached && process.processes === undefined) {
      // Somebody else starts it: look often, and take it as it is then.
      if ((await process.find()) === undefined) return true;
      await live.learn(false);
      this.#tellRevived();
      ctx.changed(unit, 'HAProxy answers');
    }
    if (await this.#parts.pressure.look(this.#parts.mayWrite()))
      ctx.changed(unit, 'HAProxy takes connections, or no more');
    const { states, draining } = await this.#servers();
    if (live.ill !== undefined) throw live.ill;
    await turn(ctx);
    const { text, restless } = healthSummary(states, draining);
    if (this.#health !== undefined && this.#health !== text) ctx.changed(unit, 'the health of targets changed');
    this.#health = text;
    ctx.metric('weir_haproxy_old_workers', process.processes?.oldWorkers.length ?? 0, {}, 'gauge');
    if (!this.#parts.mayWrite()) return restless;
    if (ctx.clock.now() - this.#retriedMs >= retryEveryMs) {
      this.#retriedMs = ctx.clock.now();
      await this.#retry();
      await this.#refill();
      await this.#tidyUp();
      await this.#parts.program?.look();
    }
    return restless;
  }

  /** All of them now and then; between, what a commit has touched and what is about to change by itself. */
  async #servers(): Promise<LiveServers> {
    const { ctx, live } = this.#parts;
    const startMs = ctx.clock.now();
    if (live.ill === undefined && this.#silences === 0 && startMs < this.#allAtMs) return live.servers('touched');
    const seen = await live.servers('all');
    const nowMs = ctx.clock.now();
    this.#allAtMs = nowMs + Math.max(allEveryMs, (nowMs - startMs) * 10);
    return seen;
  }

  /** Whether something that was left out could be served now. */
  async #retry(): Promise<void> {
    const { ctx, live, unit, committer } = this.#parts;
    for (const withheld of committer.withheld) {
      if (!(await this.#works(withheld))) continue;
      live.doubt();
      ctx.changed(unit, `what was in the way of ${withheld.id} is gone (${withheld.message})`);
      return;
    }
  }

  /** New spares while nothing else is going on. */
  async #refill(): Promise<void> {
    const { ctx, committer, live } = this.#parts;
    if (!live.proven || ctx.clock.now() - this.#changedMs < refillAfterMs) return;
    if (!(await committer.refill())) return;
    live.committed();
    this.#unsaved = true;
    this.#untidy = true;
  }

  async #works({ retry }: Withheld): Promise<boolean> {
    if (retry === undefined) return false;
    // HAProxy was asked often enough for one change: the next commit goes on.
    if (retry === 'search') return true;
    if ('bind' in retry) return (await tryPort(retry.bind, new Set())) === undefined;
    if ('users' in retry) return (await this.#parts.certificates.judgeUsers([retry.users])).size === 0;
    return (await this.#parts.certificates.judge([retry.sha256], retry.withKey)).size === 0;
  }

  /** Old workers may still have their files open in the mind of an administrator who goes back to the previous file: they go last. */
  async #tidyUp(): Promise<void> {
    const { process, committer, live } = this.#parts;
    if ((process.processes?.oldWorkers.length ?? 0) > 0) await process.find();
    if (!this.#untidy || (process.processes?.oldWorkers.length ?? 0) > 0) return;
    if (committer.running === undefined || !live.proven) return;
    this.#untidy = false;
    await this.#parts.tidy(committer.running);
    this.#unsaved = true;
  }
}
