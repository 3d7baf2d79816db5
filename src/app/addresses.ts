import { type Assigned, Assigner, type Given, type ReservedAddress, withAddresses } from '../alloc/index.ts';
import type { Config } from '../config/index.ts';
import { asks } from '../front/index.ts';
import type {
  AddressMove,
  ExportedService,
  Node,
  Pool,
  PoolState,
  Problem,
  ServiceId,
  Snapshot,
} from '../model/index.ts';
import { sameItems } from '../model/remade.ts';
import type { AddressRecord } from '../run/index.ts';
import { differs, heldBy, isHeld, waits } from './address-wish.ts';
import type { Consent } from './consent.ts';
import type { Gathered } from './gather.ts';
import { configuredPools, createPools, reservedBy } from './pools-of.ts';

export interface AddressOptions {
  readonly config: Pick<Config, 'balancers' | 'onPoolChange' | 'pools' | 'sources' | 'status'>;
  /** Of services whose objects cannot say what they hold. */
  readonly record: Pick<AddressRecord, 'held' | 'put'>;
  /** With other machines, on what services have whose objects cannot say it. Undefined: this one is alone, or only plans. */
  readonly consent?: (gathered: Gathered) => Consent | undefined;
  /** Addresses of balancers, on which they listen for all services together. */
  readonly listening?: readonly ReservedAddress[];
  /** Another weir gives the addresses, and says in the status of Services who has which. */
  readonly follows: () => boolean;
  /** What was decided could not be written down. */
  readonly failed: (error: unknown) => void;
}

/** What services were given. */
interface Outcome {
  readonly addresses: ReadonlyMap<ServiceId, readonly string[]>;
  readonly poolOf: ReadonlyMap<ServiceId, string>;
  /** Others are asked, which is a matter of moments. */
  readonly agreeing: boolean;
  /** Those that may have had one: nothing of them is taken away meanwhile. */
  readonly unknown: ReadonlySet<ServiceId>;
  readonly problems: readonly Problem[];
  readonly moves: readonly AddressMove[];
}

/** A service with its addresses, and what it was made from. */
interface Made {
  readonly from: ExportedService;
  readonly addresses: readonly string[];
  readonly service: ExportedService;
}

const nobody: ReadonlySet<ServiceId> = new Set();
/** What machines say is followed in two; more are for services that want what others have. */
const mostTurns = 5;

/**
 * Between sources and balancers: services of balancers with `fromPools` get their addresses, and those without one are not served. What a
 * service holds stands in the status of its object, else in the record: from there a restart, or another weir, goes on.
 */
export class Addresses {
  readonly #options: AddressOptions;
  readonly #balancers: readonly string[];
  readonly #clusters: ReadonlySet<string>;
  readonly #poolsOf: ReturnType<typeof createPools>;
  #assigner: Assigner | undefined;
  #following = false;
  #complete = false;
  #nodes: readonly Node[] = [];
  #consent: Consent | undefined;
  #reserved: readonly ReservedAddress[];
  #last: Gathered | undefined;
  #made: ReadonlyMap<ServiceId, Made> = new Map();

  constructor(options: AddressOptions) {
    const { config, listening = [] } = options;
    this.#options = options;
    this.#reserved = listening;
    this.#balancers = config.balancers.filter(({ fromPools }) => fromPools).map(({ name }) => name);
    const written = config.sources.filter(({ type }) => type === 'kubernetes' && config.status.enabled);
    this.#clusters = new Set(written.map(({ name }) => name));
    this.#poolsOf = createPools(configuredPools(config));
  }

  /** `complete`: every source has been read, and all of it. Before that nobody gets an address who does not hold one. */
  of(gathered: Gathered, snapshots: readonly Snapshot[], complete: boolean): Gathered {
    if (this.#balancers.length === 0) return gathered;
    const asking = new Map<ServiceId, ExportedService>();
    for (const name of this.#balancers)
      for (const service of gathered.taken.get(name) ?? []) if (asks(service)) asking.set(service.id, service);
    this.#reserve(gathered.nodes);
    this.#consent = this.#options.consent?.(gathered);
    const given = this.#give([...asking.values()], this.#poolsOf(snapshots), complete);
    const { addresses, unknown, problems, moves } = given;
    this.#make(asking, addresses);
    const settled = (list: readonly ExportedService[]) =>
      list.flatMap((service) => (asking.has(service.id) ? (this.#made.get(service.id)?.service ?? []) : [service]));
    const taken = new Map(gathered.taken);
    const waiting = new Map<ServiceId, readonly string[]>();
    for (const name of this.#balancers)
      for (const { id } of gathered.taken.get(name) ?? [])
        if (asking.has(id) && !addresses.has(id)) waiting.set(id, [...(waiting.get(id) ?? []), name]);
    for (const name of this.#balancers)
      taken.set(name, share(this.#last?.taken.get(name), settled(gathered.taken.get(name) ?? [])));
    const services = gathered.services.map((service) => this.#made.get(service.id)?.service ?? service);
    this.#last = {
      ...gathered,
      services: share(this.#last?.services, services),
      taken,
      problems: [...gathered.problems, ...problems],
      couldExist: unknown.size === 0 ? gathered.couldExist : (id) => unknown.has(id) || gathered.couldExist(id),
      addresses,
      poolOf: given.poolOf,
      agreeing: given.agreeing,
      waiting,
      moves,
    };
    this.#keep(addresses, asking);
    return this.#last;
  }

  /** How full each pool is. Empty while another weir gives the addresses. */
  usage(): readonly PoolState[] {
    if (this.#following) return [];
    return [...(this.#assigner?.usage() ?? [])].map(([name, { assigned, available }]) => ({
      name,
      assigned,
      available: { ipv4: Number(available.ipv4), ipv6: Number(available.ipv6) },
    }));
  }

  #give(asking: readonly ExportedService[], pools: readonly Pool[], complete: boolean): Outcome {
    const following = this.#options.follows();
    // Whoever takes over, and whoever learns of more that was there before, goes by what is written, as after a start.
    if (following !== this.#following || !this.#complete) this.#assigner = undefined;
    this.#following = following;
    this.#complete ||= complete;
    if (!following) return this.#assign(asking, pools, this.#reserved);
    const followed = asking
      .filter((service) => this.#inCluster(service))
      .map((service) => [service.id, this.#told(service)] as const);
    const have = followed.filter(([, addresses]) => addresses.length > 0);
    const own = asking.filter((service) => !this.#inCluster(service));
    const taken = have.flatMap(([owner, addresses]) =>
      addresses.map((address): ReservedAddress => ({ address, owner })),
    );
    const rest = this.#assign(own, pools, own.length === 0 ? this.#reserved : [...this.#reserved, ...taken]);
    // Who has none waits for who leads: that says why, and mostly it is a matter of milliseconds.
    return { ...rest, addresses: new Map([...rest.addresses, ...have]) };
  }

  #assign(asking: readonly ExportedService[], pools: readonly Pool[], reserved: readonly ReservedAddress[]): Outcome {
    const { record } = this.#options;
    const [consent, complete] = [this.#consent, this.#complete];
    const own = new Map(asking.flatMap((one) => (this.#inCluster(one) ? [] : [[one.id, one] as const])));
    consent?.begin(own, complete);
    const holds = ({ id, address }: ExportedService) => (address?.held.length ?? 0) > 0 || record.held.has(id);
    const admits = (one: ExportedService) =>
      consent === undefined || !own.has(one.id) ? complete || holds(one) : consent.admits(one.id, complete);
    const now = complete && consent === undefined ? asking : asking.filter(admits);
    const late = now === asking ? [] : asking.filter((one) => !admits(one));
    const { problems, assigned, moved } = this.#agree(now, own, pools, reserved);
    const given = new Map(
      [...assigned].flatMap(([id, { addresses }]) => {
        const served = consent === undefined || !own.has(id) ? addresses : consent.served(id);
        return served === undefined ? [] : [[id, served] as const];
      }),
    );
    const unsettled = given.size === assigned.size ? [] : now.filter(({ id }) => assigned.has(id) && !given.has(id));
    // What it had before is nobody's any more; what it may have had before a start goes on until this one is settled.
    const unknown = [...late, ...unsettled.filter(({ id }) => !this.#made.has(id))].map(({ id }) => id);
    const why = complete ? consent?.reason : 'it gets its address when every source has been read';
    const disputes = [...(consent?.disputed() ?? [])].flatMap(([id, { here, there }]) => {
      const service = own.get(id);
      return service === undefined ? [] : [differs(service, here, there)];
    });
    return {
      addresses: given,
      agreeing: why === undefined && late.length + unsettled.length > 0,
      poolOf: new Map(
        [...assigned].flatMap(([id, { pool, addresses }]) =>
          pool === undefined || !sameItems(given.get(id) ?? [], addresses) ? [] : [[id, pool]],
        ),
      ),
      unknown: unknown.length === 0 ? nobody : new Set(unknown),
      problems: [
        ...problems,
        ...disputes,
        ...(why === undefined ? [] : [...late, ...unsettled].map((service) => waits(service, why))),
      ],
      moves: moved,
    };
  }

  /** What the pools give, until it is what counts among all machines. */
  #agree(
    now: readonly ExportedService[],
    own: ReadonlyMap<ServiceId, ExportedService>,
    pools: readonly Pool[],
    reserved: readonly ReservedAddress[],
  ): Pick<Assigned, 'problems' | 'assigned' | 'moved'> {
    const consent = this.#consent;
    if (this.#assigner === undefined) consent?.reopen();
    const assigner = this.#assigner ?? this.#open(now, consent);
    this.#assigner = assigner;
    const circumstances = { reserved, complete: this.#complete };
    if (consent === undefined) return assigner.of(now, pools, circumstances);
    const admitted = new Set(now.flatMap(({ id }) => (own.has(id) ? [id] : [])));
    const moves: AddressMove[] = [];
    for (let turn = 1; ; turn += 1) {
      const recall = consent.recall(assigner.assigned, admitted);
      const found = assigner.of(now, pools, { ...circumstances, recall, keep: consent.keeps });
      moves.push(...found.moved);
      if (consent.take(found.assigned, admitted) && turn < mostTurns) continue;
      consent.end();
      return { ...found, moved: moves };
    }
  }

  /** What the status says. As long as it says nothing new, what this weir gave while it led: it may not have come to write it. */
  #told(service: ExportedService): readonly string[] {
    const held = heldBy(service);
    const before = this.#made.get(service.id);
    return held.length === 0 && before?.from === service ? before.addresses : held;
  }

  /** The same objects as before where nothing is different. */
  #make(asking: ReadonlyMap<ServiceId, ExportedService>, given: Outcome['addresses']): void {
    const made = new Map<ServiceId, Made>();
    for (const [id, from] of asking) {
      const addresses = given.get(id);
      if (addresses === undefined) continue;
      const before = this.#made.get(id);
      const same = before?.from === from && sameItems(before.addresses, addresses);
      made.set(id, same ? before : { from, addresses, service: withAddresses(from, addresses) });
    }
    this.#made = made;
  }

  /** As after a start: what stands in a status counts, then what stands in the record. */
  #open(asking: readonly ExportedService[], consent: Consent | undefined): Assigner {
    const { config, record } = this.#options;
    const told = new Set(
      asking.filter((one) => this.#inCluster(one) && heldBy(one).length > 0).map((service) => service.id),
    );
    const given = consent?.given;
    return new Assigner({
      takes: () => true,
      held: new Map([...record.held].filter(([id]) => !told.has(id) && given?.has(id) !== true)),
      believes: (service) => this.#inCluster(service),
      reassign: config.onPoolChange === 'reassign' && consent === undefined,
    });
  }

  /** Its status says what it holds, and nobody but a controller can write that. */
  #inCluster({ origin }: ExportedService): boolean {
    return this.#clusters.has(origin.source) && origin.file === undefined;
  }

  #reserve(nodes: readonly Node[]): void {
    if (nodes === this.#nodes) return;
    this.#nodes = nodes;
    this.#reserved = [...(this.#options.listening ?? []), ...reservedBy(nodes)];
  }

  #keep(addresses: Outcome['addresses'], asking: ReadonlyMap<ServiceId, ExportedService>): void {
    // What is not known yet is not gone.
    if (!this.#complete) return;
    const own = [...addresses].filter(([id, given]) => {
      const service = asking.get(id);
      // Its status will say it: until it does, a restart has to know.
      return service !== undefined && !(this.#inCluster(service) && isHeld(service, given));
    });
    const given = this.#consent?.given ?? new Map<ServiceId, Given>();
    // What waits for the others stays written down, too.
    const held = [...own, ...[...given].map(([id, one]) => [id, one.addresses] as const)];
    this.#options.record.put(new Map(held), given).catch(this.#options.failed);
  }
}

function share<T>(before: readonly T[] | undefined, fresh: readonly T[]): readonly T[] {
  return before !== undefined && sameItems(before, fresh) ? before : fresh;
}
