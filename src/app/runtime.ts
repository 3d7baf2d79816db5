import type { Config } from '../config/index.ts';
import type { AddressMove, AppliedPlan, PlanUnit, PoolState, ServiceId, StepResult } from '../model/index.ts';
import { sameItems } from '../model/remade.ts';
import {
  AddressRecord,
  type Clock,
  type Feed,
  type Lock,
  type PlanLog,
  type Planner,
  systemClock,
  takeLock,
} from '../run/index.ts';
import type { Leader } from '../status/leader.ts';
import { Addresses } from './addresses.ts';
import { type Balancer, makeDirectory } from './balancer.ts';
import { Consent } from './consent.ts';
import { createGather, type Gathered } from './gather.ts';
import type { Records } from './open-records.ts';
import { configuredPools, createPools } from './pools-of.ts';
import type { StatusService } from './status-service.ts';

/** Who is told while a command runs. */
export interface Audience {
  /** What was planned is done when this has ended. */
  planned?(unit: PlanUnit): void | Promise<void>;
  step?(result: StepResult): void;
  applied?(plan: AppliedPlan): void;
  feedChanged?(feed: Feed): void;
  agreementChanged?(): void;
  stateChanged?(): void;
}

/** Calls whoever listens now: the parts are opened once, commands come one after the other. */
export class Stage {
  audience: Audience = {};
  /** Always told, beside the command. */
  onState: () => void = () => {};

  readonly planned = (unit: PlanUnit): void | Promise<void> => this.audience.planned?.(unit);
  readonly step = (result: StepResult): void => this.audience.step?.(result);
  readonly applied = (plan: AppliedPlan): void => this.audience.applied?.(plan);
  readonly feedChanged = (feed: Feed): void => this.audience.feedChanged?.(feed);
  readonly agreementChanged = (): void => this.audience.agreementChanged?.();
  readonly stateChanged = (): void => {
    this.onState();
    this.audience.stateChanged?.();
  };
}

export interface RuntimeParts {
  readonly config: Config;
  /** Name of this machine. */
  readonly instance: string;
  readonly clock: Clock;
  readonly planner: Planner;
  readonly stateDir: string;
  readonly feeds: readonly Feed[];
  readonly balancers: readonly Balancer[];
  readonly plans: PlanLog;
  readonly stage: Stage;
  /** Whether a plan goes by the last good state of earlier runs. */
  readonly recall: boolean;
  /** Absent: this weir leads. */
  readonly leader: Leader | undefined;
  /** Absent: no cluster keeps any. */
  readonly records?: Records | undefined;
  /** Who has which address out of a pool could not be written down. */
  readonly addressesUnkept: (error: unknown) => void;
  /** A service got another address out of a pool than it had. */
  readonly addressMoved: (move: AddressMove) => void;
  /** Writes back to the objects that services come from; absent: nobody does. */
  readonly status: StatusService | undefined;
}

/** The opened parts and what is known so far: the common ground of all commands. */
export class Runtime {
  readonly parts: RuntimeParts;
  readonly #record: AddressRecord;
  readonly #addresses: Addresses;
  readonly #gather: (snapshots: readonly Feed['snapshot'][]) => Gathered;
  #gathered: Gathered | undefined;
  #lock: Lock | undefined;
  #loaded = false;
  /** Resources are wanted no more: `destroy` was asked for. */
  #emptied = false;
  /** Other machines are asked which addresses they give. */
  #agreeing = false;
  #consent: Consent | undefined;
  readonly #admitted = new Map<string, Gathered['services']>();
  readonly #beside = new Map<string, Gathered['services']>();

  constructor(parts: RuntimeParts) {
    this.parts = parts;
    const takers = parts.config.balancers.map((balancer) => {
      const own = parts.balancers.find(({ name }) => name === balancer.name);
      return { ...balancer, addressed: own?.provider.capabilities.addressed === true };
    });
    this.#gather = createGather(takers, createPools(configuredPools(parts.config)));
    this.#record = new AddressRecord(parts.stateDir);
    this.#addresses = new Addresses({
      config: parts.config,
      record: this.#record,
      listening: parts.balancers.flatMap(({ name, provider, options }) => [
        ...(provider.listens?.(options) ?? []).map((address) => ({ address, owner: `balancer ${name}` })),
        ...(provider.reserves?.(options) ?? []).map((address) => ({ address, owner: `a machine of balancer ${name}` })),
      ]),
      consent: (gathered) => this.#consentOf(gathered),
      follows: () => parts.status?.follows() === true,
      failed: parts.addressesUnkept,
    });
  }

  /** What the sources said last, put together. */
  get gathered(): Gathered | undefined {
    return this.#gathered;
  }

  /** What the sources may do with their last good state. */
  get memory(): 'none' | 'read' | 'keep' {
    if (this.#lock !== undefined) return 'keep';
    return this.#loaded && this.parts.recall ? 'read' : 'none';
  }

  /**
   * Reads what is written down in the state directory. `write` makes it and takes the lock: E_LOCKED, E_STATE_DIR, E_JOURNAL; without
   * it nothing is made, also where there is no directory yet.
   */
  async prepare(write: boolean): Promise<void> {
    const { stateDir, balancers, plans } = this.parts;
    if (write) await makeDirectory(stateDir);
    if (write ? this.#lock !== undefined : this.#loaded) return;
    // The lock is a matter of real processes: it never runs on a clock of tests.
    if (write) this.#lock = await takeLock(stateDir, systemClock);
    await plans.load(write);
    if (write || this.parts.recall) await this.#record.load(write);
    for (const { claims, stateDir: own } of balancers) {
      if (write) await makeDirectory(own);
      await claims.load(write);
    }
    this.#loaded = true;
  }

  /** One reading of every source, side by side. */
  async readSources(signal: AbortSignal): Promise<Gathered> {
    await Promise.all(this.parts.feeds.map((feed) => feed.read(signal)));
    return this.gather();
  }

  gather(): Gathered {
    const { feeds } = this.parts;
    const snapshots = feeds.map((feed) => feed.snapshot);
    const gathered = this.#gather(snapshots);
    const complete = feeds.every(({ synced }) => synced) && gathered.incomplete.length === 0;
    this.#gathered = this.#addresses.of(gathered, snapshots, complete);
    // Without the lock it is only planned.
    if (this.#lock !== undefined) for (const move of this.#gathered.moves ?? []) this.parts.addressMoved(move);
    return this.#gathered;
  }

  /** From now on the machines that announce together agree on addresses. */
  agree(): void {
    this.#agreeing = true;
  }

  /** Services with new addresses on which other machines would have to be asked, where they are not. */
  get unasked(): number {
    const { gathered } = this;
    if (gathered === undefined || this.#agreeing || this.#agreesBy(gathered) === undefined) return 0;
    return [...(gathered.addresses?.keys() ?? [])].filter((id) => !this.#record.held.has(id)).length;
  }

  #agreesBy({ network }: Gathered): Balancer | undefined {
    const { balancers, instance: node } = this.parts;
    return balancers.find(({ provider, options }) => provider.agrees?.(options, { node, ...network }) === true);
  }

  #consentOf(gathered: Gathered): Consent | undefined {
    const { clock, config, instance: node, stage, stateDir } = this.parts;
    const way = this.#agreesBy(gathered);
    if (!this.#agreeing || way === undefined) return undefined;
    this.#consent ??= new Consent({
      node,
      clock,
      agreement: () => way.lane.connection.session?.agreement,
      record: this.#record,
      standing: standingAt(stateDir),
      reassign: config.onPoolChange === 'reassign',
      again: (afterMs) => void clock.sleep(afterMs).then(stage.agreementChanged),
    });
    return this.#consent;
  }

  /** How full the pools are that this weir gives addresses out of. */
  pools(): readonly PoolState[] {
    return this.#addresses.usage();
  }

  /** Hands each balancer what it shall hold from now on. */
  accept(gathered: Gathered, cause: string, sinceMs?: number): void {
    for (const balancer of this.parts.balancers) {
      const { name, lane } = balancer;
      const asked = gathered.taken.get(name) ?? none;
      const taken = this.#emptied ? none : asked;
      const withheld = this.parts.status?.withheld(balancer, taken) ?? nobody;
      const services = withheld.size === 0 ? taken : this.#without(name, taken, withheld);
      const { nodes, network } = gathered;
      // Who asks for everything to go has said what goes: what cannot be read is no reason to keep it.
      const incomplete = this.#emptied
        ? () => false
        : withheld.size === 0
          ? gathered.couldExist
          : (id: ServiceId) => withheld.has(id) || gathered.couldExist(id);
      const besides = this.#besides(name, [
        ...(gathered.leaving.get(name) ?? none),
        ...(this.#emptied ? asked : asked.filter(({ id }) => withheld.has(id))),
      ]);
      const since = sinceMs === undefined ? {} : { sinceMs };
      const nothing = this.#emptied ? { nothing: true as const } : {};
      lane.accept({ services, besides, nodes, network, incomplete, cause, ...since, ...nothing });
    }
  }

  /** The same array as before while it holds the same. */
  #without(name: string, taken: Gathered['services'], withheld: ReadonlySet<ServiceId>): Gathered['services'] {
    const left = taken.filter(({ id }) => !withheld.has(id));
    const before = this.#admitted.get(name);
    if (before !== undefined && sameItems(before, left)) return before;
    this.#admitted.set(name, left);
    return left;
  }

  #besides(name: string, list: Gathered['services']): Gathered['services'] {
    const before = this.#beside.get(name) ?? none;
    const now = sameItems(before, list) ? before : list;
    this.#beside.set(name, now);
    return now;
  }

  /** From now on nothing is wanted. */
  empty(): void {
    this.#emptied = true;
  }

  get emptied(): boolean {
    return this.#emptied;
  }

  /** From now on this weir may come to lead. */
  stand(): void {
    const { balancers, leader, stage } = this.parts;
    leader?.start(() => {
      for (const { lane } of balancers) lane.gateChanged();
      stage.stateChanged();
    });
  }

  /** Another one may lead; no call is under way. */
  async resign(): Promise<void> {
    await this.parts.leader?.close();
  }

  /** Whether clients are to go elsewhere, as the balancers know how to tell them. */
  async drain(draining: boolean): Promise<void> {
    await Promise.all(this.parts.balancers.map(({ lane }) => lane.connection.drain(draining)));
  }

  async close(how: 'leave' | 'withdraw', followed = false): Promise<void> {
    const { balancers, plans, records } = this.parts;
    const closed = await Promise.allSettled(balancers.map(({ lane }) => lane.connection.close(how, followed)));
    await Promise.all([
      plans.close(),
      this.#record.close(),
      records?.close(),
      ...balancers.map(({ claims }) => claims.close()),
    ]);
    if (!followed) standing.delete(this.parts.stateDir);
    await this.#lock?.release();
    this.#lock = undefined;
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }
}

const none: Gathered['services'] = [];
const nobody: ReadonlySet<ServiceId> = new Set();

/** By state directory: a changed configuration takes over what was agreed before, as long as the process lasts. */
const standing = new Map<string, Map<ServiceId, readonly string[]>>();

function standingAt(stateDir: string): Map<ServiceId, readonly string[]> {
  const found = standing.get(stateDir) ?? new Map();
  standing.set(stateDir, found);
  return found;
}
