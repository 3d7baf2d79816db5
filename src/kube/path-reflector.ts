import type { Context, Log } from '../model/index.ts';
import { turnsOf } from '../model/turns.ts';
import type { ApiServer } from './api-server.ts';
import type { Change, ReflectOptions, Reflector, ReflectorPhase, ReflectorState } from './contract.ts';
import { Failures } from './failures.ts';
import { type KubeError, toKubeError } from './kube-error.ts';
import { readList } from './read-list.ts';
import { readWatch } from './read-watch.ts';
import { keyOf, type Prepared, Reflected } from './reflected.ts';

export interface ReflectorContext {
  readonly server: ApiServer;
  readonly clock: Context['clock'];
  readonly log: Log;
  readonly random: () => number;
  readonly cluster: string;
  /** Those that run: who closes the cluster stops them. */
  readonly running: Set<Reflector<unknown>>;
}

const defaultRelistMs = 600_000;
/** A watch that goes on for so long after it should have ended is ended here. */
const overtimeMs = 30_000;
/** One that ends sooner, without an event, was no real one: the next begins later. */
const shortWatchMs = 500;
const shortWatchMaxMs = 1_000;
/** Broken events at one place: then the place is given up and the list read anew. */
const mostBroken = 2;

/** Keeps one path up to date: lists, watches, and does what it takes to go on. */
export class PathReflector<T> implements Reflector<T> {
  readonly #options: ReflectOptions<T>;
  readonly #context: ReflectorContext;
  readonly #known: Reflected<T>;
  /** Of the run in force; each start has its own. */
  #stopping: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  /** Where the next watch goes on; undefined: a list must come first. */
  #from: string | undefined;
  #relistAtMs = 0;
  readonly #failures = new Failures();
  #shortWatches = 0;
  #broken = 0;
  #state: ReflectorState = { phase: 'stopped', synced: false, lists: 0, watches: 0 };

  constructor(options: ReflectOptions<T>, context: ReflectorContext) {
    this.#options = options;
    this.#context = context;
    this.#known = new Reflected<T>({
      project: options.project,
      ...(options.left === undefined ? {} : { left: options.left }),
      emit: (change) => this.#emit(change),
      failed: (error, key) => this.#complain(error, `project ${key}`),
      turns: turnsOf(context.clock),
    });
  }

  get path(): string {
    return this.#options.path;
  }

  get synced(): boolean {
    return this.#state.synced;
  }

  get items(): ReadonlyMap<string, T> {
    return this.#known.items;
  }

  keys(): Iterable<string> {
    return this.#known.keys();
  }

  get state(): ReflectorState {
    return this.#state;
  }

  start(): void {
    if (this.#stopping !== undefined) return;
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#context.running.add(this);
    const before = this.#running;
    this.#running = before.then(() => this.#run(stopping.signal));
  }

  async stop(): Promise<void> {
    this.#stopping?.abort();
    this.#context.running.delete(this);
    if (this.#stopping !== undefined) this.#state = { ...this.#state, phase: 'stopped' };
    this.#stopping = undefined;
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#enter('listing');
    while (!signal.aborted) {
      try {
        if (this.#from === undefined || this.#now() >= this.#relistAtMs) await this.#list(signal);
        if (!signal.aborted && this.#from !== undefined) await this.#watch(this.#from, signal);
      } catch (cause) {
        if (signal.aborted) return;
        await this.#recover(toKubeError(cause, 'BadAnswer', this.path), signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { path, query, limit, relistMs = defaultRelistMs } = this.#options;
    const list = new Map<string, Prepared<T>>();
    const turns = turnsOf(this.#context.clock);
    const version = await readList(
      this.#context.server,
      { path, query, limit, signal },
      {
        restart: () => list.clear(),
        page: async (items) => {
          for (const item of items) {
            if (turns.due) await turns.next();
            if (signal.aborted) return;
            const prepared = this.#known.prepare(item);
            list.set(prepared.key, prepared);
          }
          await turns.next();
        },
      },
    );
    if (signal.aborted) return;
    // What is known from here on fits no older place of the watch.
    this.#from = undefined;
    if (!(await this.#known.replace(list, () => signal.aborted)) || signal.aborted) return;
    this.#from = version;
    this.#relistAtMs = this.#now() + relistMs * (0.8 + 0.4 * this.#context.random());
    this.#state = { ...this.#state, synced: true, lists: this.#state.lists + 1, lastEventMs: this.#now() };
    this.#guarded('onListed', () => this.#options.onListed?.());
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { server, random } = this.#context;
    const { path, query } = this.#options;
    const leftMs = this.#relistAtMs - this.#now();
    const lastsMs = Math.max(1_000, Math.min(server.limits.watchMs * (1 + random()), leftMs));
    const doing = `watch ${path} of ${this.#context.cluster}`;
    // Ended with the run, or here when the server forgets to end it.
    const ending = new AbortController();
    const end = () => ending.abort();
    signal.addEventListener('abort', end, { once: true });
    const overtime = setTimeout(end, lastsMs + overtimeMs);
    try {
      const answer = await server.open({
        method: 'GET',
        path,
        query: {
          ...query,
          watch: 'true',
          allowWatchBookmarks: 'true',
          timeoutSeconds: String(Math.ceil(lastsMs / 1_000)),
          resourceVersion: from,
        },
        signal: ending.signal,
        long: true,
      });
      if (signal.aborted) return;
      this.#state = { ...this.#state, watches: this.#state.watches + 1 };
      this.#enter('watching');
      const openedMs = this.#now();
      const turns = turnsOf(this.#context.clock);
      let events = 0;
      for await (const event of readWatch(answer, server.limits.bodyBytes, doing)) {
        if (signal.aborted) return;
        events++;
        if (event.type === 'put') this.#known.put(this.#known.prepare(event.object));
        else if (event.type === 'delete') this.#known.delete(keyOf(event.object));
        if (signal.aborted) return;
        this.#progressed(event.resourceVersion);
        if (turns.due) await turns.next();
      }
      await this.#ended(openedMs, events, signal);
    } catch (error) {
      if (!ending.signal.aborted || signal.aborted) throw error;
    } finally {
      clearTimeout(overtime);
      signal.removeEventListener('abort', end);
      ending.abort();
    }
  }

  /** The next watch follows at once; where watches end as soon as they begin, a little later. */
  async #ended(openedMs: number, events: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const short = events === 0 && this.#now() - openedMs < shortWatchMs;
    this.#shortWatches = short ? this.#shortWatches + 1 : 0;
    this.#failures.end();
    if (!short) return;
    const wholeMs = Math.min(shortWatchMaxMs, 25 * 2 ** Math.min(this.#shortWatches, 10));
    await this.#context.clock.sleep(wholeMs * (0.5 + this.#context.random() / 2), signal);
  }

  #progressed(resourceVersion: string): void {
    this.#from = resourceVersion;
    this.#failures.end();
    this.#broken = 0;
    this.#state = { ...this.#state, lastEventMs: this.#now() };
  }

  async #recover(error: KubeError, signal: AbortSignal): Promise<void> {
    const { clock, random, server } = this.#context;
    const first = this.#failures.add(error, clock.now());
    if (/^(BadAnswer|TooLarge)$/.test(error.reason) && ++this.#broken > mostBroken) this.#from = undefined;
    // A list that was only a safety net comes later: the watch goes on meanwhile.
    if (clock.now() >= this.#relistAtMs)
      this.#relistAtMs = clock.now() + (this.#options.relistMs ?? defaultRelistMs) / 10;
    if (error.gone) {
      this.#from = undefined;
      // The usual end of a place that is too old: the list follows at once.
      if (first) return this.#enter('listing');
    }
    this.#enter(error.notFound ? 'absent' : error.forbidden ? 'forbidden' : 'failing', error);
    const delayMs = this.#failures.delayMs(error, clock.now(), random);
    const resting = new AbortController();
    const wake = () => resting.abort();
    signal.addEventListener('abort', wake, { once: true });
    // Somebody else's attempt has found the server back: no reason to wait on.
    const forget = error.code === 0 ? server.sessions.onConnected(wake) : undefined;
    await clock.sleep(delayMs, resting.signal);
    forget?.();
    signal.removeEventListener('abort', wake);
  }

  #enter(phase: ReflectorPhase, error?: KubeError): void {
    const { phase: oldPhase, error: oldError, staleSinceMs, ...rest } = this.#state;
    const same = phase === oldPhase && error?.message === oldError?.message;
    this.#state = {
      ...rest,
      phase,
      ...(error === undefined ? {} : { error }),
      ...(phase === 'watching' ? {} : { staleSinceMs: staleSinceMs ?? this.#now() }),
    };
    if (same) return;
    if (error !== undefined)
      this.#context.log.debug({ cluster: this.#context.cluster, path: this.path, err: error }, `reflector ${phase}`);
    this.#guarded('onState', () => this.#options.onState?.(this.#state));
  }

  #emit(change: Change<T>): void {
    if (this.#stopping === undefined) return;
    this.#guarded(`onChange ${change.type} ${change.key}`, () => this.#options.onChange?.(change));
  }

  /** What others' code throws, also later in a promise, is told and stops nothing. */
  #guarded(what: string, call: () => unknown): void {
    try {
      const result = call();
      if (result instanceof Promise) result.catch((error: unknown) => this.#complain(error, what));
    } catch (error) {
      this.#complain(error, what);
    }
  }

  #complain(error: unknown, what: string): void {
    const { log, cluster } = this.#context;
    log.error({ cluster, path: this.path, err: error }, `${what} has failed: this is a mistake in weir`);
  }

  #now(): number {
    return this.#context.clock.now();
  }
}
