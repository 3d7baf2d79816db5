import { assign, compareAge, type Taker } from '../front/index.ts';
import type {
  AddressMove,
  ExportedService,
  Incomplete,
  NetworkOfBalancer,
  Node,
  Pool,
  Problem,
  ServiceId,
  Snapshot,
} from '../model/index.ts';
import { sameItems } from '../model/remade.ts';

/** Everything that the sources know, and which balancer takes what. */
export interface Gathered {
  readonly services: readonly ExportedService[];
  readonly nodes: readonly Node[];
  /** The same object while its parts are. */
  readonly network: NetworkOfBalancer;
  readonly problems: readonly Problem[];
  readonly incomplete: readonly Incomplete[];
  /** By balancer; the same array as before while it holds the same services. */
  readonly taken: ReadonlyMap<string, readonly ExportedService[]>;
  /** By balancer, as `taken`: services that are exported no more and wait for what was made for them to go. */
  readonly leaving: ReadonlyMap<string, readonly ExportedService[]>;
  /** Out of pools: of every service that takes its addresses from there and has some. Absent: nobody does. */
  readonly addresses?: ReadonlyMap<ServiceId, readonly string[]>;
  /** Names of the pools that they are out of, as far as this weir gives them. Absent: it gives none. */
  readonly poolOf?: ReadonlyMap<ServiceId, string>;
  /** Services that wait for an address out of a pool, and the balancers that would serve them. Absent: nobody does. */
  readonly waiting?: ReadonlyMap<ServiceId, readonly string[]>;
  /** Some of them wait for a moment only, until other machines have said what they give. */
  readonly agreeing?: boolean;
  /** Services that got other addresses out of pools than they had; absent: none. */
  readonly moves?: readonly AddressMove[];
  /** Whether a service could exist in a part that cannot be read. */
  readonly couldExist: (service: ServiceId) => boolean;
}

/** Puts the snapshots of all sources together. Remembers what it made last, so that equal parts stay the same objects. */
export function createGather(
  balancers: readonly Taker[],
  poolsOf: (snapshots: readonly Snapshot[]) => readonly Pool[] = () => none,
): (snapshots: readonly Snapshot[]) => Gathered {
  let last: Gathered | undefined;
  return (snapshots) => {
    const problems: Problem[] = snapshots.flatMap((snapshot) => snapshot.problems);
    const services = share(last?.services, unique(snapshots, problems));
    const nodes = share(
      last?.nodes,
      snapshots.flatMap((snapshot) => snapshot.nodes),
    );
    const assigned = assign(services, balancers);
    const shared = sharedOf(last?.network.shared, assigned.taken);
    const network = gatherNetwork(last?.network, { pools: poolsOf(snapshots), shared }, snapshots);
    const taken = new Map(
      [...assigned.taken].map(([name, list]) => [name, share(last?.taken.get(name), list)] as const),
    );
    const exported = new Set(services.map(({ id }) => id));
    const parting = snapshots.flatMap(({ leaving = [] }) => leaving).filter(({ id }) => !exported.has(id));
    const leaving = new Map(
      [...assign(parting, balancers).taken].map(
        ([name, list]) => [name, share(last?.leaving.get(name), list)] as const,
      ),
    );
    const incomplete = snapshots.flatMap((snapshot) => snapshot.incomplete);
    const couldExist = incomplete.length === 0 ? nothingMore : unknownTo(services, snapshots);
    last = {
      services,
      nodes,
      network,
      problems: [...problems, ...assigned.problems],
      incomplete,
      taken,
      leaving,
      couldExist,
    };
    return last;
  };
}

const none: readonly never[] = [];
const nothingMore = () => false;

/** Services that more than one balancer takes. */
function sharedOf(
  before: ReadonlySet<ServiceId> = new Set(),
  taken: ReadonlyMap<string, readonly ExportedService[]>,
): ReadonlySet<ServiceId> {
  const [seen, shared] = [new Set<ServiceId>(), new Set<ServiceId>()];
  if (taken.size < 2) return before.size === 0 ? before : shared;
  for (const { id } of [...taken.values()].flat()) (seen.has(id) ? shared : seen).add(id);
  return sameItems([...before], [...shared]) ? before : shared;
}

function gatherNetwork(
  before: NetworkOfBalancer | undefined,
  { pools, shared }: Required<Pick<NetworkOfBalancer, 'pools' | 'shared'>>,
  snapshots: readonly Snapshot[],
): NetworkOfBalancer {
  const announcements = share(
    before?.announcements,
    snapshots.flatMap((one) => one.announcements ?? none),
  );
  const found = snapshots.some((one) => one.announcers !== undefined);
  const announcers = share(
    before?.announcers,
    snapshots.flatMap((one) => one.announcers ?? none),
  );
  const now = { pools, announcements, ...(found ? { announcers } : {}), shared };
  const same =
    before?.pools === pools &&
    before.announcements === announcements &&
    before.announcers === now.announcers &&
    before.shared === shared;
  return same ? before : now;
}

function unknownTo(services: readonly ExportedService[], snapshots: readonly Snapshot[]): Gathered['couldExist'] {
  const known = new Set(services.map((service) => service.id));
  const partial = snapshots.filter(({ incomplete }) => incomplete.length > 0).map(({ ended }) => new Set(ended));
  return (id) => !known.has(id) && partial.some((ended) => !ended.has(id));
}

/** One service for each id; of two sources that know the same id the older service stays. */
function unique(snapshots: readonly Snapshot[], problems: Problem[]): readonly ExportedService[] {
  const [only, ...more] = snapshots;
  if (only === undefined) return [];
  if (more.length === 0) return only.services;
  const byId = new Map<ServiceId, ExportedService>();
  for (const service of snapshots.flatMap((snapshot) => snapshot.services)) {
    const other = byId.get(service.id);
    const loser = other !== undefined && compareAge(service, other) >= 0 ? service : other;
    if (loser !== service) byId.set(service.id, service);
    if (other === undefined || loser === undefined) continue;
    const winner = loser === service ? other : service;
    const { kind, namespace, name, source } = loser.origin;
    problems.push({
      code: 'E_SERVICE_DUPLICATE',
      severity: 'error',
      source: `${kind}/${namespace}/${name}`,
      service: loser.id,
      message: `${loser.id} of source ${source} is described by source ${winner.origin.source} too, which is older or comes first; rename one`,
    });
  }
  return [...byId.values()];
}

function share<T>(before: readonly T[] | undefined, fresh: readonly T[]): readonly T[] {
  return before !== undefined && sameItems(before, fresh) ? before : fresh;
}
