import { type Context, type Log, sameJson } from '../model/index.ts';
import type { Cluster, JsonObject } from './contract.ts';
import { KubeError, toKubeError } from './kube-error.ts';
import { freeFromMs, type LeaseRecord, microTime, readLease } from './lease-record.ts';
import { resourcePath } from './resource-path.ts';

export interface ElectorOptions {
  readonly cluster: Pick<Cluster, 'name' | 'get' | 'create' | 'patch'>;
  readonly namespace: string;
  /** Name of the Lease: one for each thing that only one may write. */
  readonly lease: string;
  /** Annotations that the Lease has while it is held: what others shall know of the holder. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Different for each process, also after a restart: who has crashed does not come back as itself. */
  readonly identity: string;
  readonly clock: Context['clock'];
  readonly log: Log;
  readonly random?: () => number;
  /** Others wait for so long after the last renewal that they have seen. Whole seconds; default 15 s. */
  readonly leaseMs?: number;
  /** The own view ends so long after the last renewal was sent: less than `leaseMs` by the longest call that may be under way. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between renewals; who waits looks twice as often. Default 1 s. */
  readonly retryMs?: number;
  /** Whenever `leader`, `error` or `annotations` change. */
  readonly onChange?: (view: LeaseView) => void;
}

export interface LeaseView {
  readonly leader: boolean;
  /** Monotonic time at which the own view ends unless it is renewed; -Infinity: not held. */
  readonly untilMs: number;
  /** Grows with each change of the holder: the fencing token. */
  readonly transitions: number;
  readonly holder?: string;
  /** Of the Lease, as the holder has them. */
  readonly annotations: JsonObject;
  /** Why the Lease can be neither read nor written. */
  readonly error?: KubeError;
}

/** One candidate for a Lease. RBAC: get, create and patch of `leases`. */
export interface Elector {
  view(): LeaseView;
  /** Asked right before every call that only the leader may make. `nowMs`: the monotonic clock at this moment, not an earlier one. */
  holds(nowMs: number): boolean;
  start(): void;
  /** Gives the Lease back, so that the next need not wait, and ends. No call may be under way any more. */
  close(): Promise<void>;
}

/** @throws RangeError when the times do not fit each other. */
export function createElector(options: ElectorOptions): Elector {
  const { leaseMs = 15_000, renewDeadlineMs = 10_000, retryMs = 1_000 } = options;
  if (leaseMs % 1_000 !== 0 || leaseMs < 1_000) throw new RangeError('leaseMs must be whole seconds');
  if (renewDeadlineMs >= leaseMs) throw new RangeError('renewDeadlineMs must be less than leaseMs');
  if (retryMs * 2 > renewDeadlineMs) throw new RangeError('retryMs must be at most half of renewDeadlineMs');
  return new LeaseElector(options, leaseMs, renewDeadlineMs, retryMs);
}

class LeaseElector implements Elector {
  readonly #options: ElectorOptions;
  readonly #leaseMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  readonly #path: string;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #record: LeaseRecord | undefined;
  #untilMs = Number.NEGATIVE_INFINITY;
  #untilWallMs = Number.NEGATIVE_INFINITY;
  #error: KubeError | undefined;
  #told: LeaseView | undefined;

  constructor(options: ElectorOptions, leaseMs: number, renewDeadlineMs: number, retryMs: number) {
    this.#options = options;
    this.#leaseMs = leaseMs;
    this.#renewDeadlineMs = renewDeadlineMs;
    this.#retryMs = retryMs;
    const { namespace, lease } = options;
    this.#path = resourcePath({ apiVersion: 'coordination.k8s.io/v1', resource: 'leases', namespace, name: lease });
  }

  view(): LeaseView {
    const record = this.#record;
    return {
      leader: this.holds(this.#options.clock.now()),
      untilMs: this.#untilMs,
      transitions: record?.transitions ?? 0,
      annotations: record?.annotations ?? {},
      ...(record?.holder === undefined ? {} : { holder: record.holder }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  holds(nowMs: number): boolean {
    // The monotonic clock stands still while a machine sleeps, the wall clock does not. One that jumps costs a renewal, no safety.
    if (this.#stopping.signal.aborted) return false;
    return nowMs < this.#untilMs && this.#options.clock.wall() < this.#untilWallMs;
  }

  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const record = this.#record;
    const held = record?.holder === this.#options.identity && this.#untilMs !== Number.NEGATIVE_INFINITY;
    this.#drop();
    if (!held || record === undefined) return;
    try {
      // A second at least, says the API; nobody waits for it when there is no holder.
      await this.#limited((signal) =>
        this.#patch(record, { holderIdentity: '', leaseDurationSeconds: 1, renewTime: this.#time() }, signal),
      );
    } catch (error) {
      this.#options.log.debug(
        { lease: this.#options.lease, err: error },
        'the lease could not be given back: it runs out',
      );
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#limited((limit) => this.#attempt(limit));
        this.#error = undefined;
      } catch (cause) {
        if (signal.aborted) break;
        this.#error = toKubeError(cause, 'BadAnswer', this.#path);
      }
      this.#tell();
      const leader = this.holds(clock.now());
      const waitMs = this.#retryMs * (0.8 + 0.2 * random()) * (leader ? 1 : 0.5);
      const freeInMs = this.#record === undefined || leader ? waitMs : freeFromMs(this.#record) - clock.now();
      await clock.sleep(freeInMs > 0 ? Math.min(waitMs, freeInMs) : waitMs, signal);
    }
    this.#tell();
  }

  /** One look and, when it is free or ours, one write. What others have written in between is seen at the next. */
  async #attempt(signal: AbortSignal): Promise<void> {
    const { clock, identity } = this.#options;
    if (this.#record?.holder === identity && this.holds(clock.now())) {
      try {
        await this.#take(this.#record, signal);
        return;
      } catch (error) {
        if (!(error instanceof KubeError) || !(error.conflict || error.notFound)) throw error;
        // Somebody has written it: who, is told by the look that follows.
      }
    }
    const lease = await this.#look(signal);
    if (lease === undefined) return this.#create(signal);
    this.#record = lease;
    if (lease.holder !== identity) this.#drop();
    if (lease.holder !== identity && clock.now() < freeFromMs(lease)) return;
    await this.#take(lease, signal).catch((error: unknown) => {
      if (!(error instanceof KubeError) || !error.conflict) throw error;
    });
  }

  async #look(signal: AbortSignal): Promise<LeaseRecord | undefined> {
    const { cluster, clock } = this.#options;
    try {
      const lease = await cluster.get(this.#path, signal);
      return readLease(lease, this.#record, clock.now(), this.#leaseMs);
    } catch (error) {
      if (error instanceof KubeError && error.notFound) return undefined;
      throw error;
    }
  }

  async #take(record: LeaseRecord, signal: AbortSignal): Promise<void> {
    const same = record.holder === this.#options.identity;
    await this.#holding(() =>
      this.#patch(
        record,
        {
          ...this.#spec(),
          acquireTime: same ? (record.acquireTime ?? this.#time()) : this.#time(),
          leaseTransitions: record.transitions + (same ? 0 : 1),
        },
        signal,
      ),
    );
  }

  async #create(signal: AbortSignal): Promise<void> {
    const { cluster, namespace, lease: name, annotations } = this.#options;
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace, ...(annotations === undefined ? {} : { annotations }) },
      spec: { ...this.#spec(), acquireTime: this.#time(), leaseTransitions: 0 },
    };
    this.#drop();
    try {
      const path = this.#path.slice(0, this.#path.lastIndexOf('/'));
      await this.#holding(() => cluster.create(path, body, { signal }));
    } catch (error) {
      if (!(error instanceof KubeError) || !error.conflict) throw error;
    }
  }

  /** The view counts from before the write was sent: whoever sees it sees it later. */
  async #holding(write: () => Promise<JsonObject>): Promise<void> {
    const { clock } = this.#options;
    const sentMs = clock.now();
    const sentWallMs = clock.wall();
    this.#record = readLease(await write(), undefined, clock.now(), this.#leaseMs);
    this.#untilMs = sentMs + this.#renewDeadlineMs;
    this.#untilWallMs = sentWallMs + this.#renewDeadlineMs;
  }

  /** The version in the body makes it a comparison: 409 when anybody has written since. */
  #patch(record: LeaseRecord, spec: JsonObject, signal: AbortSignal): Promise<JsonObject> {
    const { cluster, annotations } = this.#options;
    return cluster.patch(
      this.#path,
      {
        metadata: { resourceVersion: record.resourceVersion, ...(annotations === undefined ? {} : { annotations }) },
        spec,
      },
      { type: 'merge', fieldManager: 'weir', signal },
    );
  }

  /** No attempt may take so long that the next comes too late. */
  async #limited<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const over = new AbortController();
    const timer = this.#options.clock.sleep(this.#renewDeadlineMs / 3, over.signal).then(() => limit.abort());
    try {
      return await work(limit.signal);
    } finally {
      over.abort();
      await timer;
    }
  }

  #spec() {
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: this.#leaseMs / 1_000,
      renewTime: this.#time(),
    };
  }

  #drop(): void {
    this.#untilMs = Number.NEGATIVE_INFINITY;
    this.#untilWallMs = Number.NEGATIVE_INFINITY;
  }

  #time(): string {
    return microTime(this.#options.clock.wall());
  }

  #tell(): void {
    const view = this.view();
    const told = this.#told;
    const same = told?.leader === view.leader && told.error?.message === view.error?.message;
    if (same && sameJson(told.annotations, view.annotations)) return;
    this.#told = view;
    const { log, lease, cluster, onChange } = this.#options;
    const fields = { cluster: cluster.name, lease, holder: view.holder, transitions: view.transitions };
    if (told?.leader !== view.leader) log.info(fields, view.leader ? 'leads now' : 'does not lead');
    if (!same && view.error !== undefined) log.warn(fields, `the lease cannot be kept up: ${view.error.message}`);
    try {
      onChange?.(view);
    } catch (error) {
      log.error({ ...fields, err: error }, 'what follows the lease has failed: this is a mistake in weir');
    }
  }
}
