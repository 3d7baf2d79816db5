import { type Beside, type Cluster, KubeError } from '../../kube/index.ts';
import { type Context, type Snapshot, WeirError } from '../../model/index.ts';
import { LiveGates } from './live-gates.ts';
import type { LiveKind } from './live-kinds.ts';
import { createLiveMetrics, type LiveMetrics } from './live-metrics.ts';
import type { LivePart, PartContext } from './live-part.ts';
import { LiveSecrets } from './live-secrets.ts';
import type { LiveState } from './live-state.ts';
import { hintOf, tellParts } from './live-told.ts';
import { chooseVersion } from './live-versions.ts';

/** After so long a start goes by last good state where the cluster cannot be read. */
const patienceMs = 2000;
/** How long a reading waits for Secrets that a service names for the first time. */
const secretsMs = { first: 10_000, later: 1000 } as const;
/**
 * Events that come in a row are one change so long; the first one of a row is told at once. Where a reading takes long because there is
 * much, a row takes no more than this share of the time.
 */
const burstMs = { least: 5, most: 250 } as const;
const mostShare = 1 / 8;
const tickMs = 2000;

export interface SessionOptions {
  readonly source: string;
  readonly cluster: Cluster;
  readonly state: LiveState;
  readonly parts: readonly LivePart[];
  readonly allSecrets: boolean;
  /** As LiveSourceOptions has it. */
  readonly holdsBy?: string | undefined;
  readonly clock: Context['clock'];
  readonly metrics?: LiveMetrics;
  readonly changed: (cause: string) => void;
  readonly signal: AbortSignal;
  /** Who works beside the source on the same objects and the same session; while the cluster is followed, not where it is read once. */
  readonly beside?: Beside;
  /** Whether Pods that wait for a load balancer to find them healthy are targets. */
  readonly podGates?: boolean;
}

/** A cluster while it is followed: parts, Secrets, and when to say that something changed. */
export class LiveSession {
  readonly #options: SessionOptions;
  readonly #parts: readonly LivePart[];
  readonly #secrets: LiveSecrets;
  readonly #context: PartContext;
  readonly #gates: LiveGates | undefined;
  readonly #tellMetrics: ReturnType<typeof createLiveMetrics>;
  readonly #waiting = new Set<() => void>();
  readonly #startedMs: number;
  #told = '';
  #lastChangeMs = Number.NEGATIVE_INFINITY;
  /** What a reading takes, mostly: one that was held up counts little. */
  #readingMs = 0;
  #bursting = false;
  /** Every part was read, or cannot be. */
  #settled = false;
  /** What was read is in force. */
  #begun = false;

  constructor(options: SessionOptions) {
    const { source, state, cluster, clock, signal } = options;
    this.#options = options;
    this.#startedMs = clock.now();
    this.#tellMetrics = createLiveMetrics(options.metrics, source);
    this.#parts = options.parts;
    const asked = new Map<LiveKind, Promise<string | undefined>>();
    const { living } = state;
    if (options.podGates === true) {
      const { beside } = options;
      this.#gates = new LiveGates({ living, cluster, beside, changed: (cause) => this.#changed(cause) });
    }
    this.#context = {
      living: this.#gates ?? living,
      cluster,
      signal,
      sleep: (ms, end) => clock.sleep(ms, end),
      versionOf(kind) {
        // Parts of many namespaces ask at once.
        const under = asked.get(kind) ?? chooseVersion(cluster, kind, signal).finally(() => asked.delete(kind));
        asked.set(kind, under);
        return under;
      },
      changed: (cause) => this.#changed(cause),
      stateChanged: () => this.#stateChanged(),
      ...(options.beside === undefined ? {} : { beside: options.beside }),
    };
    this.#secrets = new LiveSecrets(this.#context);
  }

  /** Follows the cluster until the signal aborts; everything has ended then. */
  async run(): Promise<void> {
    await Promise.all([
      ...this.#parts.map((part) => part.follow(this.#context)),
      ...(this.#options.allSecrets ? [] : [this.#secrets.run()]),
      this.#tick(),
      this.#options.beside?.run(this.#options.cluster, this.#options.signal),
      this.#gates?.run(this.#options.signal),
    ]);
    this.#wake();
  }

  /** What is in force now. The first call waits until every part was read, or cannot be: E_KUBE_READ where nothing at all is known then. */
  async read(signal: AbortSignal): Promise<Snapshot> {
    const { state, source, clock, allSecrets, holdsBy } = this.#options;
    const known = await this.#partsSettled(signal);
    if (known) {
      await state.prepare();
      if (!allSecrets) await this.#followSecrets(signal);
    }
    signal.throwIfAborted();
    this.#begun ||= known;
    const secrets = this.#secrets.unreadable();
    const startMs = clock.now();
    const snapshot = state.rebuild(tellParts({ source, parts: this.#parts, secrets, nowMs: startMs, holdsBy }));
    this.#readingMs = (3 * this.#readingMs + Math.min(clock.now() - startMs, 2 * this.#readingMs + 1)) / 4;
    return snapshot;
  }

  /** Secrets name nothing, so one round is enough; who names them may change meanwhile. */
  async #followSecrets(signal: AbortSignal): Promise<void> {
    const { state } = this.#options;
    this.#secrets.want(state.living.secretsAsked);
    if (!this.#secrets.pending) return;
    await this.#secrets.settled(this.#begun ? secretsMs.later : secretsMs.first, signal);
    await state.prepare();
  }

  /** False: nothing new is known, what was last good has to do. */
  async #partsSettled(signal: AbortSignal): Promise<boolean> {
    if (this.#settled) return true;
    const { clock, state } = this.#options;
    const end = AbortSignal.any([signal, this.#options.signal]);
    while (!this.#settled) {
      end.throwIfAborted();
      const open = this.#parts.filter(({ phase }) => phase === 'reading' || phase === 'failing');
      const leftMs = this.#startedMs + patienceMs - clock.now();
      if (open.length === 0) this.#settled = true;
      else if (leftMs <= 0 && open.every(({ phase }) => phase === 'failing')) {
        if (open.every(({ place }) => place.kind.required !== true)) this.#settled = true;
        else if (await state.recall()) return false;
        else throw unread(this.#options, open);
      }
      if (!this.#settled) await this.#nextState(leftMs > 0 ? leftMs : undefined, end);
    }
    return true;
  }

  async #nextState(ms: number | undefined, signal: AbortSignal): Promise<void> {
    const due = new AbortController();
    await new Promise<void>((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
      if (ms !== undefined) void this.#options.clock.sleep(ms, due.signal).then(done);
    });
    due.abort();
  }

  #changed(cause: string): void {
    const { clock, changed } = this.#options;
    // Until the first reading whoever reads waits anyway.
    if (!this.#settled || this.#bursting) return;
    const rowMs = Math.min(burstMs.most, Math.max(burstMs.least, this.#readingMs / mostShare));
    const sinceMs = clock.now() - this.#lastChangeMs;
    if (sinceMs >= rowMs) {
      this.#lastChangeMs = clock.now();
      changed(cause);
      return;
    }
    this.#bursting = true;
    void clock.sleep(rowMs - sinceMs, this.#options.signal).then(() => {
      this.#bursting = false;
      this.#lastChangeMs = clock.now();
      if (!this.#options.signal.aborted) changed(cause);
    });
  }

  #stateChanged(): void {
    this.#wake();
    this.#judge();
  }

  /** Says that there is something to read where what is told of the parts is another thing than before. */
  #judge(): void {
    const { source, clock, changed, signal, holdsBy } = this.#options;
    if (signal.aborted) return;
    const secrets = this.#secrets.unreadable();
    const { problems, nodes } = tellParts({ source, parts: this.#parts, secrets, nowMs: clock.now(), holdsBy });
    const open = this.#parts.filter(({ everKnown }) => !everKnown).length;
    const told = `${open} ${nodes} ${problems.map(({ message }) => message).join('\n')}`;
    if (told === this.#told) return;
    this.#told = told;
    changed('how far the cluster can be read');
  }

  /** What depends on time alone, and what need not be done at once. */
  async #tick(): Promise<void> {
    const { clock, signal, state } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(tickMs, signal);
      this.#tellMetrics(this.#parts, { monotonicMs: clock.now(), wallMs: clock.wall() });
      if (!signal.aborted) this.#judge();
      await state.save();
    }
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const done of waiting) done();
  }
}

function unread({ source, cluster }: SessionOptions, open: readonly LivePart[]): WeirError {
  const part = open.find(({ place }) => place.kind.required === true);
  const error = part?.error;
  const why = error instanceof KubeError ? error.message : 'no answer';
  return new WeirError(
    'E_KUBE_READ',
    `source ${source}: cluster ${cluster.server}: ${part?.name} cannot be read: ${why}`,
    {
      cause: error,
      hint: hintOf('E_KUBE_READ', error),
    },
  );
}
