/** Who of several weirs writes the systems that they share. */
import {
  type Cluster,
  createElector,
  type Elector,
  type KubeError,
  type LeaseView,
  toKubeError,
} from '../kube/index.ts';
import { type Context, type LeaseState, type Log, type Problem, shown, WeirError } from '../model/index.ts';
import { ownPrefix } from '../model/prefix.ts';
import { leaseName } from './lease-name.ts';

export interface LeaderOptions {
  /** Reads files, contacts nobody. Its rejection is told, and tried again. */
  readonly open: () => Promise<LeaseCluster>;
  /** Default: the namespace of the context or of the Pod, else `default`. */
  readonly namespace?: string;
  /** How names of Leases begin. */
  readonly name: string;
  /** What this weir takes, for others that stand for the same Lease: who takes something else is told. */
  readonly takes?: string;
  readonly leaseMs: number;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
  /** Different for each process, also after a restart. */
  readonly identity: string;
  readonly clock: Context['clock'];
  readonly log: Log;
  readonly metrics: { count(name: string, labels: Readonly<Record<string, string>>): void };
}

export type LeaseCluster = Pick<Cluster, 'name' | 'namespace' | 'get' | 'create' | 'patch' | 'close'>;

/** This weir among others that could write the same systems: a Lease for each. */
export interface Leader {
  /**
   * Puts the Lease of a system in charge of a balancer. Answers what tells its term at the moment of asking: undefined while this weir does
   * not hold the Lease by its own clocks; another text once somebody else has held it.
   */
  join(balancer: string, system: string): () => string | undefined;
  /** Tries for every Lease from now on; `changed` is called when one is got or lost, or cannot be asked for. */
  start(changed: () => void): void;
  /** Resolves when every Lease is held. Rejects with E_NOT_LEADER once another has had the time to lose one that it does not keep, with E_LEASE when it cannot be had. */
  acquire(signal: AbortSignal): Promise<void>;
  leases(): readonly LeaseState[];
  problems(): readonly Problem[];
  /** Gives every Lease back, so that the next need not wait. No call may be under way any more. `start` may follow. */
  close(): Promise<void>;
}

/** Contacts nobody before `start`. */
export function createLeader(options: LeaderOptions): Leader {
  return new LeaseLeader(options);
}

const openAgainMs = 5_000;
const lookMs = 50;

interface Seat {
  readonly lease: string;
  readonly balancers: string[];
  elector?: Elector;
  /** As told last: what is counted. */
  led: boolean;
}

class LeaseLeader implements Leader {
  readonly #options: LeaderOptions;
  readonly #seats = new Map<string, Seat>();
  #ending = new AbortController();
  #opening: Promise<void> = Promise.resolve();
  #cluster: LeaseCluster | undefined;
  #error: KubeError | undefined;

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  join(balancer: string, system: string): () => string | undefined {
    const lease = leaseName(this.#options.name, system);
    const seat: Seat = this.#seats.get(lease) ?? { lease, balancers: [], led: false };
    this.#seats.set(lease, seat);
    seat.balancers.push(balancer);
    return () => {
      const { elector } = seat;
      if (this.#ending.signal.aborted || elector?.holds(this.#options.clock.now()) !== true) return undefined;
      return String(elector.view().transitions);
    };
  }

  start(changed: () => void): void {
    if (this.#seats.size === 0) return;
    this.#ending = new AbortController();
    this.#opening = this.#open(changed, this.#ending.signal);
  }

  async acquire(signal: AbortSignal): Promise<void> {
    const { clock, leaseMs } = this.#options;
    // Whoever holds one without keeping it has lost it by then.
    const lastMs = clock.now() + leaseMs + 2_000;
    while (!signal.aborted) {
      const wanted = [...this.#seats.values()].filter(({ elector }) => elector?.view().leader !== true);
      const [first] = wanted;
      if (first === undefined) return;
      const { error = this.#error, holder } = first.elector?.view() ?? {};
      if (error?.forbidden || clock.now() > lastMs) {
        if (error !== undefined) throw new WeirError('E_LEASE', this.#told(first, error));
        throw new WeirError('E_NOT_LEADER', `lease ${first.lease} is held by ${holder ?? 'another weir'}`);
      }
      await clock.sleep(lookMs, signal);
    }
  }

  leases(): readonly LeaseState[] {
    return [...this.#seats.values()].map(({ lease, balancers, elector }) => {
      const { leader, transitions, holder } = elector?.view() ?? nobody;
      // Who has lost it itself has not heard of another one yet.
      const known = holder && (leader || holder !== this.#options.identity) ? { holder } : {};
      return { lease, namespace: this.#namespace(), balancers, leader, transitions, ...known };
    });
  }

  problems(): readonly Problem[] {
    return [...this.#seats.values()].flatMap((seat) => {
      const error = seat.elector?.view().error ?? this.#error;
      if (error === undefined) return this.#shared(seat);
      return [{ code: 'E_LEASE', severity: 'error', source: 'leader', message: this.#told(seat, error) } as const];
    });
  }

  /** Whoever leads does what it takes itself; the rest is nobody's. */
  #shared({ lease, elector }: Seat): readonly Problem[] {
    const { leader = true, holder, annotations } = elector?.view() ?? {};
    const [theirs, ours] = [annotations?.[takesAnnotation], this.#options.takes];
    if (leader || holder === undefined || ours === undefined || typeof theirs !== 'string' || theirs === ours)
      return [];
    const message = `lease ${this.#namespace()}/${lease} is held by ${holder}, which takes ${shown(theirs)}, and this weir takes ${ours}: what only this one takes is written by nobody`;
    return [{ code: 'W_LEASE_SHARED', severity: 'warning', source: 'leader', message }];
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#opening;
    await Promise.all([...this.#seats.values()].map(({ elector }) => elector?.close()));
    for (const seat of this.#seats.values()) {
      delete seat.elector;
      seat.led = false;
    }
    await this.#cluster?.close();
    this.#cluster = undefined;
    this.#error = undefined;
  }

  async #open(changed: () => void, signal: AbortSignal): Promise<void> {
    const { open, clock, log } = this.#options;
    while (!signal.aborted && this.#cluster === undefined) {
      try {
        this.#cluster = await open();
        this.#error = undefined;
      } catch (cause) {
        this.#error = toKubeError(cause, 'Config', 'the cluster of the Lease');
        log.warn({}, `the Lease is out of reach: ${this.#error.message}`);
        changed();
        await clock.sleep(openAgainMs, signal);
      }
    }
    if (signal.aborted || this.#cluster === undefined) return;
    for (const seat of this.#seats.values()) {
      seat.elector = this.#candidate(seat, this.#cluster, changed);
      seat.elector.start();
    }
  }

  #candidate(seat: Seat, cluster: LeaseCluster, changed: () => void): Elector {
    const { metrics, identity, clock, log, leaseMs, renewDeadlineMs, retryMs, takes } = this.#options;
    return createElector({
      cluster,
      namespace: this.#namespace(),
      lease: seat.lease,
      ...{ identity, clock, log, leaseMs, renewDeadlineMs, retryMs },
      ...(takes === undefined ? {} : { annotations: { [takesAnnotation]: takes } }),
      onChange: ({ leader }: LeaseView) => {
        if (leader !== seat.led) metrics.count('weir_leader_transitions_total', { lease: seat.lease });
        seat.led = leader;
        changed();
      },
    });
  }

  #namespace(): string {
    return this.#options.namespace ?? this.#cluster?.namespace ?? 'default';
  }

  #told({ lease }: Seat, error: KubeError): string {
    const remedy = error.forbidden ? '. Grant get, create and patch of leases (coordination.k8s.io) there' : '';
    return `lease ${this.#namespace()}/${lease}: ${error.message}${remedy}`;
  }
}

const takesAnnotation = `${ownPrefix}takes`;

const nobody: Pick<LeaseView, 'leader' | 'transitions' | 'holder'> = { leader: false, transitions: 0 };
