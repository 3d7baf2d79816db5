import {
  type AddressRequest,
  type ExportedService,
  errors,
  type Front,
  type Problem,
  type ServiceId,
  shown,
} from '../model/index.ts';
import { type Allocator, type AllocatorOptions, open } from './allocator.ts';
import type { Claim, PortSpan } from './claim.ts';
import type { Assignment, Move } from './outcome.ts';
import type { Pool, ReservedAddress } from './pool.ts';
import type { Refusal } from './refusal.ts';
import type { Usage } from './usage.ts';

export interface AssignerOptions extends Pick<AllocatorOptions, 'reassign'> {
  /** Which services take addresses from the pools. Default: those with an `address`. */
  readonly takes?: (service: ExportedService) => boolean;
  /** What services held before, from a record of one's own; for the others the `address.held` of the first list counts. */
  readonly held?: ReadonlyMap<ServiceId, readonly string[]>;
  /** Whose `address.held` nobody but a controller can write, as the status of a Kubernetes object. Others keep it only where the pools would give it. Default: all. */
  readonly believes?: (service: ExportedService) => boolean;
}

export interface Assigned {
  /** Those that have addresses, in `address.list`, and those that take none from pools; in the order given. Same input and addresses: same object. */
  readonly services: readonly ExportedService[];
  /** Those that must not be served yet: they have no address. */
  readonly waiting: readonly ExportedService[];
  readonly problems: readonly Problem[];
  /** Who has which addresses out of which pool. Live. */
  readonly assigned: ReadonlyMap<ServiceId, Assignment>;
  /** Who lost an address that it had, since the last call. */
  readonly moved: readonly Move[];
}

interface Made {
  readonly from: ExportedService;
  readonly assignment: Assignment;
  readonly service: ExportedService;
}

const noReserved: readonly ReservedAddress[] = [];

export interface Circumstances {
  /** Addresses of machines and gateways; the same array while unchanged. */
  readonly reserved?: readonly ReservedAddress[];
  /** Every source has been read. Until then nobody gets what services hold that are not in the list. Default: true. */
  readonly complete?: boolean;
  /** Services that have other addresses by the word of other machines than they were given here, empty: none. Also those that are not in the list. */
  readonly recall?: ReadonlyMap<ServiceId, readonly string[]>;
  /** Nothing new may be given now: whoever is not believed keeps what he has, whatever he asks for. */
  readonly keep?: boolean;
}

/**
 * Services with the addresses that the pools give them. It remembers who has what between calls, and costs what changed: pass the same array
 * of pools while they are unchanged.
 */
export class Assigner {
  readonly #options: AssignerOptions;
  #allocator: Allocator | undefined;
  #complete = false;
  #keep = false;
  #pools: readonly Pool[] = [];
  #reserved: readonly ReservedAddress[] = noReserved;
  #known = new Map<ServiceId, ExportedService>();
  #made = new Map<ServiceId, Made>();

  constructor(options: AssignerOptions = {}) {
    this.#options = options;
  }

  of(
    services: readonly ExportedService[],
    pools: readonly Pool[],
    { reserved = noReserved, complete = true, recall = new Map(), keep = false }: Circumstances = {},
  ): Assigned {
    const { takes = (service) => service.address !== undefined, believes = () => true } = this.#options;
    const taking = new Map(services.filter(takes).map((service) => [service.id, service]));
    const allocator = this.#allocator ?? this.#open(taking, pools, reserved);
    this.#allocator = allocator;
    const repooled = this.#pools !== pools || this.#reserved !== reserved;
    const again = keep ? repooled || !this.#keep : this.#keep;
    const change = {
      remove: [...this.#known.keys()].filter((id) => !taking.has(id)),
      set: [...taking.values()]
        .filter((service) => this.#known.get(service.id) !== service || (again && !believes(service)))
        .map((service) =>
          keep && !believes(service) ? { ...claimOf(service), keeps: true as const } : claimOf(service),
        ),
    };
    // What others say counts under the new pools.
    const first =
      repooled && recall.size > 0 ? allocator.update({ ...(keep ? change : {}), pools, reserved }).moved : [];
    const all = repooled && recall.size === 0 ? { ...change, pools, reserved } : { ...change, recall };
    const { assigned, waiting, moved, problems } = allocator.update(all);
    const others = new Set([...recall.keys()].filter((id) => !taking.has(id)));
    const late = complete && !this.#complete ? allocator.complete(others).moved : [];
    this.#complete ||= complete;
    this.#keep = keep;
    this.#known = taking;
    this.#pools = pools;
    this.#reserved = reserved;
    const served: ExportedService[] = [];
    const without: ExportedService[] = [];
    const told = [...problems];
    const made = new Map<ServiceId, Made>();
    for (const service of services) {
      const assignment = taking.has(service.id) ? assigned.get(service.id) : undefined;
      const refusal = assignment?.unmet ?? waiting.get(service.id);
      if (refusal !== undefined) told.push(problemOf(service, refusal));
      if (!taking.has(service.id)) served.push(service);
      else if (assignment === undefined) without.push(service);
      else {
        const now = this.#make(service, assignment);
        made.set(service.id, now);
        served.push(now.service);
      }
    }
    this.#made = made;
    return { services: served, waiting: without, problems: told, assigned, moved: [...first, ...moved, ...late] };
  }

  /** Who has which addresses now. */
  get assigned(): Assigned['assigned'] {
    return this.#allocator?.outcome.assigned ?? new Map();
  }

  /** What other pools would change; nothing is changed. Services as at the last call. */
  preview(pools: readonly Pool[], reserved: readonly ReservedAddress[] = this.#reserved): readonly Move[] {
    return this.#allocator?.preview({ pools, reserved }).moved ?? [];
  }

  usage(): ReadonlyMap<string, Usage> {
    return this.#allocator?.usage() ?? new Map();
  }

  #open(
    services: ReadonlyMap<ServiceId, ExportedService>,
    pools: readonly Pool[],
    reserved: readonly ReservedAddress[],
  ): Allocator {
    const { held: own = new Map(), believes = () => true, reassign = false } = this.#options;
    const held = new Map<ServiceId, readonly string[]>(own);
    const known = new Set([...own.values()].flat());
    for (const [id, service] of services) {
      if (own.has(id) || !believes(service)) continue;
      // Where the record gives an address to another, that counts; what this one says is looked at when it is set.
      held.set(id, service.address?.held.filter((address) => !known.has(address)) ?? []);
    }
    this.#pools = pools;
    this.#reserved = reserved;
    return open(pools, held, { reserved, reassign });
  }

  #make(service: ExportedService, assignment: Assignment): Made {
    const before = this.#made.get(service.id);
    if (before?.from === service && sameItems(before.assignment.addresses, assignment.addresses)) return before;
    return { from: service, assignment, service: withAddresses(service, assignment.addresses) };
  }
}

/** A service with the addresses that it was given, in place of those that it asked for; what its list has beside them stays. */
export function withAddresses(service: ExportedService, given: readonly string[]): ExportedService {
  const address = service.address ?? { families: [], held: [] };
  const { fromPool, list: before = [] } = address;
  const beside = fromPool === undefined ? [] : before.filter((one) => !fromPool.includes(one) && !given.includes(one));
  const list = [...given, ...beside];
  return sameItems(before, list) ? service : { ...service, address: { ...address, list } };
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** What a service asks of the pools. */
export function claimOf(service: ExportedService): Claim {
  const { id, origin, fronts } = service;
  const address: AddressRequest = service.address ?? { families: [], held: [] };
  const { createdMs, seenMs, namespace, labels } = origin;
  const bornMs = createdMs ?? seenMs;
  const { pool, fromPool, families, familyPolicy, shareKey, held } = address;
  const list = fromPool ?? address.list;
  const backendKey = address.backendKey ?? ownBackends(service);
  return {
    id,
    namespace,
    labels,
    ...(bornMs === undefined ? {} : { bornMs }),
    ...(pool === undefined ? {} : { pool }),
    ...(list === undefined ? {} : { list }),
    families,
    ...(familyPolicy === undefined ? {} : { familyPolicy }),
    ports: fronts.flatMap(portsOf),
    ...(shareKey === undefined ? {} : { shareKey }),
    ...(backendKey === undefined ? {} : { backendKey }),
    held,
  };
}

/** Traffic that stays on the node, and nobody says to which pods: it shares with nobody else's. */
function ownBackends({ id, backends }: ExportedService): string | undefined {
  return Object.values(backends).some(({ localOnly }) => localOnly === true) ? `local ${id}` : undefined;
}

function portsOf({ port, endPort = port, protocol }: Front): readonly PortSpan[] {
  const udp = { protocol: 'udp', from: port, to: endPort };
  const tcp = { protocol: 'tcp', from: port, to: endPort };
  if (protocol === 'tcp_udp') return [tcp, udp];
  return protocol === 'udp' || protocol === 'quic' ? [udp] : [tcp];
}

function problemOf({ id, origin, settingsOrigin }: ExportedService, refusal: Refusal): Problem {
  const { kind, namespace, name, file, line } = origin;
  const { code, value } = refusal;
  // As its owner calls it, where he has written it.
  const written = Object.hasOwn(settingsOrigin, refusal.field) ? settingsOrigin[refusal.field] : undefined;
  const field = written ?? refusal.field;
  const subject = shown(`${kind} ${namespace}/${name}`);
  const message = `${subject}: ${written === undefined ? '' : `${written}: `}${refusal.message}`;
  return {
    code,
    severity: errors[code].class === 'warning' ? 'warning' : 'error',
    source: shown(`${kind}/${namespace}/${name}`),
    service: id,
    field,
    value,
    message,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}
