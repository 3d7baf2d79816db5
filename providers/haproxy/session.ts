/**
 * One balancer's HAProxy from opening to closing. Opening and observing change nothing, so that a plan can be made beside a running
 * weir; the first commit takes the lock of the directory. Everything that touches the process stands in one queue.
 */
import {
  type Context,
  type Environment,
  type Observed,
  type Resource,
  type Session,
  WeirError,
} from '../../src/model/index.ts';
import { Indexed } from '../../src/model/remade.ts';
import { inTurns, turn } from '../../src/model/turns.ts';
import { checkDirectory, clearDirectory, prepareDirectory } from './files.ts';
import type { Section } from './layout.ts';
import { ledPorts } from './layout-ports.ts';
import { observing } from './observe.ts';
import { readState, writeState } from './observe-state.ts';
import type { Options } from './options.ts';
import { localAddresses, ownAddresses } from './own-addresses.ts';
import { PortSet } from './port-set.ts';
import { hasIpv6 } from './port-trial.ts';
import type { Pressure } from './pressure.ts';
import { affordableConnections } from './process-limits.ts';
import { type Lock, lockDirectory } from './process-lock.ts';
import { parseShape, shapeCommand } from './process-read.ts';
import { reportsOf } from './report.ts';
import { listenAddresses } from './section-frontend.ts';
import { buildSession, type SessionParts } from './session-parts.ts';
import { headerLine, type Place } from './text.ts';

/** Addresses of a machine seldom change. */
const addressesEveryMs = 30_000;
/** Observing everything includes a full reading of the process, but not more often than this. */
const auditEveryMs = 5_000;

/** @throws WeirError E_STATE_DIR, E_LOCKED when the directory holds what another instance or balancer wrote. */
export async function openSession(options: Options, ctx: Context): Promise<Session> {
  const session = new HaproxySession(options, ctx);
  try {
    await session.open();
    return session;
  } catch (error) {
    await session.close('leave');
    throw error;
  }
}

class HaproxySession implements Session {
  readonly #ctx: Context;
  #options: Options;
  readonly #directory: string;
  readonly #place: Place;
  readonly #masterSocket: string;
  readonly #ending = new AbortController();
  readonly #ports: PortSet | undefined;
  readonly #files: SessionParts['files'];
  readonly #process: SessionParts['process'];
  readonly #retiring: SessionParts['retiring'];
  readonly #committer: SessionParts['committer'];
  readonly #live: SessionParts['live'];
  readonly #watch: SessionParts['watch'];
  readonly #traffic: SessionParts['traffic'];
  readonly #sections = new Indexed<Section>();
  #saving: Promise<unknown> = Promise.resolve();
  #committed: readonly Resource[] = [];
  #lock: Lock | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #auditedMs = Number.NEGATIVE_INFINITY;
  #addresses: { readonly addresses: string[]; readonly atMs: number } | undefined;

  constructor(options: Options, ctx: Context) {
    this.#ctx = ctx;
    this.#directory = options.dir ?? `${ctx.stateDir}/haproxy`;
    this.#options = { ...options, dir: this.#directory };
    const socket = options.socket ?? `${this.#directory}/haproxy.sock`;
    this.#place = { instance: ctx.node, balancer: ctx.balancer, socket };
    this.#ports =
      options.portSet === undefined ? undefined : new PortSet(ctx.balancer, this.#directory, options.portSet);
    this.#masterSocket = options.masterSocket ?? `${this.#directory}/master.sock`;
    const parts = buildSession({
      ctx,
      paths: {
        directory: this.#directory,
        masterSocket: this.#masterSocket,
        runtimeSocket: socket,
        attached: options.mode === 'attached',
      },
      place: this.#place,
      signal: this.#ending.signal,
      options: () => this.#options,
      enqueue: (task) => this.#enqueue(task),
      mayWrite: () => this.#lock !== undefined,
      save: () => this.#save(),
      resources: () => this.#committed,
    });
    this.#files = parts.files;
    this.#process = parts.process;
    this.#retiring = parts.retiring;
    this.#committer = parts.committer;
    this.#live = parts.live;
    this.#watch = parts.watch;
    this.#traffic = parts.traffic;
  }

  async open(): Promise<void> {
    await checkDirectory(this.#directory, [this.#masterSocket, this.#place.socket]);
    if (this.#options.maxConnections === undefined)
      this.#options = { ...this.#options, maxConnections: affordableConnections() };
    if (this.#options.ipv6 === 'auto' && !(await hasIpv6())) this.#options = { ...this.#options, ipv6: 'off' };
    await this.#learn();
    this.#watch.start();
    this.#traffic.start();
  }

  /** Nothing outside decides what is served; but nobody is a target of the balancer that it is. */
  async discover(): Promise<Environment> {
    // Of somebody else's, elsewhere perhaps, we see none.
    if (this.#options.mode === 'attached') return {};
    // A node with many Pods has thousands of interfaces, and a change shall not wait for them.
    const nowMs = this.#ctx.clock.now();
    if (this.#addresses === undefined || nowMs - this.#addresses.atMs > addressesEveryMs)
      this.#addresses = { addresses: [...localAddresses()], atMs: nowMs };
    return { addresses: this.#addresses.addresses };
  }

  observe(scope: 'all' | readonly string[], _signal: AbortSignal): Promise<readonly Observed[]> {
    return this.#enqueue(async () => {
      if (scope === 'all' && this.#ctx.clock.now() - this.#auditedMs > auditEveryMs) await this.#audit();
      const { states, draining } = await this.#live.servers(scope === 'all' ? 'all' : 'touched');
      await turn(this.#ctx);
      const { intended, proven, ill } = this.#live;
      const input = {
        committed: this.#committed,
        intended: ill === undefined ? intended : undefined,
        proven,
        states,
        draining,
        withheld: this.#committer.withheld,
      };
      return await inTurns(this.#ctx, observing(input, this.#sections));
    });
  }

  commit(steps: readonly unknown[], next: readonly Resource[], _signal: AbortSignal): Promise<void> {
    return this.#enqueue(async () => {
      const begins = await this.#takeLock();
      // Whoever runs an attached one keeps a HAProxy that serves nothing.
      if (next.length === 0 && !this.#process.attached) await this.#withdraw();
      else {
        const met = this.#process.processes === undefined;
        if (met) await this.#meet(begins);
        try {
          await this.#committer.commit(next);
          if (met) await this.#settle();
          // Something is to be done, and by what we know of the process it is done: then that is not so.
          if (steps.length > 0 && this.#committer.idle && (await this.#differs())) await this.#committer.commit(next);
        } catch (error) {
          this.#live.forget();
          if (error instanceof WeirError && error.code === 'E_DISK') this.#live.advanced();
          throw error;
        }
        this.#live.committed();
      }
      this.#committed = next;
      await this.#leadPorts(next);
      this.#watch.changed();
      // It is in force; but nobody could tell what else is so.
      if (this.#live.ill !== undefined) throw this.#live.ill;
    });
  }

  report(services: Parameters<Session['report']>[0], observed: readonly Observed[]): ReturnType<Session['report']> {
    const { intended } = this.#live;
    return reportsOf(services, observed, {
      binds: intended?.binds ?? [],
      withheld: this.#committer.withheld,
      serving: intended !== undefined,
      own: ownAddresses,
      traffic: (backends) => this.#traffic.of(backends),
      reason: (backend, target) => this.#traffic.reason(backend, target),
    });
  }

  drain(draining: boolean): Promise<void> {
    return this.#enqueue(async () => {
      // Who runs looks after HAProxy from the start, also while there is nothing to change: a new program, spares, what was left out.
      await this.#takeLock();
      await this.#process.drain(draining);
    });
  }

  troubles(): readonly Pressure[] {
    return this.#watch.troubles();
  }

  async close(how: 'leave' | 'withdraw'): Promise<void> {
    this.#ending.abort();
    await this.#enqueue(async () => {
      try {
        if (how === 'withdraw') {
          await this.#takeLock();
          await this.#ports?.remove();
          await this.#process.stop();
        }
        // The lock goes only when nothing is being written any more: the next session reads it, and writes its own.
        await this.#saving;
        await this.#watch.flush();
      } finally {
        this.#process.release();
        await this.#lock?.release();
        this.#lock = undefined;
      }
    });
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** What the directory and the process in it say. Writes nothing. */
  async #learn(): Promise<void> {
    await this.#files.load();
    const [header = ''] = (this.#files.config ?? '').split('\n', 1);
    if (this.#files.config !== undefined && header !== headerLine(this.#place)) {
      const whose = header.startsWith('# weir ')
        ? `another instance or balancer of weir wrote (${header.slice(2, 120)})`
        : 'weir did not write';
      throw new WeirError(
        'E_LOCKED',
        `${this.#directory} holds a haproxy.cfg that ${whose}; set options.dir to another directory, or remove that file once nothing uses it`,
      );
    }
    const kept = await readState(this.#statePath);
    await this.#live.learn(kept !== undefined && kept.digest === this.#files.digest());
    this.#committed = kept?.resources ?? [];
    const stays = new Map((kept?.stays ?? []).map((resource) => [`${resource.kind} ${resource.id}`, resource]));
    this.#committer.remember(this.#committed.map((one) => stays.get(`${one.kind} ${one.id}`) ?? one));
  }

  /** Answers whether it was not held before. */
  async #takeLock(): Promise<boolean> {
    if (this.#lock !== undefined) return false;
    await this.#refuseOthers();
    await prepareDirectory(this.#directory);
    this.#lock = await lockDirectory(this.#directory);
    await this.#ports?.check();
    await this.#learnAgain();
    return true;
  }

  /** Another weir may have written since we looked, or have left more than one HAProxy. */
  async #learnAgain(): Promise<void> {
    await this.#settle();
    const committed = this.#committed;
    await this.#learn();
    this.#committed = committed;
    this.#live.takeFound();
  }

  async #settle(): Promise<void> {
    const ending = await this.#process.settle();
    if (ending.length === 0) return;
    this.#ctx.log.warn(
      { balancer: this.#ctx.balancer, processes: ending },
      `HAProxy ran twice in ${this.#directory}: process ${ending.join(', ')} takes no new connections any more and ends behind its last`,
    );
  }

  /** Nothing is known to serve: what began to answer meanwhile is adopted, and nothing is started beside what does not. */
  async #meet(looked: boolean): Promise<void> {
    if (!looked && (await this.#process.find()) !== undefined) await this.#learnAgain();
    else this.#process.refuseSecond();
  }

  /** A HAProxy that serves what a weir wrote, where none wrote in our directory, is driven from another one. */
  async #refuseOthers(): Promise<void> {
    if (!this.#process.attached || this.#files.config !== undefined) return;
    if (parseShape(await this.#process.throughMaster(shapeCommand)) === undefined) return;
    throw new WeirError(
      'E_LOCKED',
      `the HAProxy at ${this.#masterSocket} is driven by a weir with another directory than ${this.#directory}; stop that one and take its options.dir, or give this one a HAProxy and sockets of its own`,
    );
  }

  /** Looks at all of the process, but not again and again for the same. */
  async #differs(): Promise<boolean> {
    return this.#ctx.clock.now() - this.#auditedMs > auditEveryMs && (await this.#audit());
  }

  /** Answers whether somebody else has changed anything. */
  async #audit(): Promise<boolean> {
    this.#auditedMs = this.#ctx.clock.now();
    const drift = await this.#live.audit();
    if (drift !== undefined)
      this.#ctx.log.warn({ balancer: this.#ctx.balancer }, `HAProxy is not as it was left: ${drift}`);
    if (this.#lock !== undefined) this.#live.takeFound();
    return drift !== undefined;
  }

  /** Behind the commit: what is led there is expected. */
  async #leadPorts(resources: readonly Resource[]): Promise<void> {
    if (this.#ports === undefined) return;
    if (resources.length === 0) await this.#ports.remove();
    else await this.#ports.lead(listenAddresses(this.#options), ledPorts(resources, this.#options));
  }

  async #withdraw(): Promise<void> {
    await this.#process.stop();
    this.#retiring.clear();
    this.#committer.adopt(undefined);
    // What is still being written would stay there for ever.
    await this.#saving;
    await clearDirectory(this.#directory);
    await this.#files.load();
  }

  get #statePath(): string {
    return `${this.#directory}/state.json`;
  }

  /** Called in the queue, ends outside of it; so two of them may meet: one after the other, so that the newer one stays. */
  #save(): Promise<void> {
    const resources = this.#committed;
    const state = { digest: this.#files.digest(), resources, stays: this.#committer.stays };
    const written = this.#saving.then(async () => {
      await this.#files.sync();
      if (resources.length > 0 || this.#process.attached) await writeState(this.#statePath, state, this.#ctx);
    });
    this.#saving = written.catch(() => undefined);
    return written;
  }
}
