import { type ExportedService, type Problem, suggestion } from '../model/index.ts';
import { tell } from './tell.ts';

/** What the configuration says about which services a balancer takes. */
export interface Taker {
  readonly name: string;
  /** Absent: every group. */
  readonly groups?: readonly string[] | undefined;
  /** Absent: every class. */
  readonly class?: string | undefined;
  /** Another balancer may take the same services. */
  readonly shared: boolean;
  /** It takes only services that ask for an address of their own. Default: all. */
  readonly addressed?: boolean;
}

/** Whether a service asks for an address of its own. */
export function asks({ address }: Pick<ExportedService, 'address'>): boolean {
  if (address === undefined) return false;
  const { fromPool, pool, list = [] } = address;
  return fromPool !== undefined || pool !== undefined || list.length > 0;
}

export interface Assignment {
  /** By balancer, in the order of the input; every balancer has an entry. */
  readonly taken: ReadonlyMap<string, readonly ExportedService[]>;
  readonly problems: readonly Problem[];
}

/**
 * Which balancer takes which service. A service that names balancers goes to those; else to the one whose groups and class fit.
 * Nobody takes it: E_BALANCER_NONE. Several do and one of them is not `shared`: E_BALANCER_MANY, and nobody gets it, because
 * serving it twice is not undone by taking it away later. Who names no class and would only be passed over for want of an address is nobody's
 * business here.
 */
export function assign(services: readonly ExportedService[], balancers: readonly Taker[]): Assignment {
  const taken = new Map<string, ExportedService[]>(balancers.map((balancer) => [balancer.name, []]));
  const problems: Problem[] = [];
  const takers = compile(balancers);
  for (const service of services) {
    for (const name of takersOf(service, takers, problems)) taken.get(name)?.push(service);
  }
  return { taken, problems };
}

interface CompiledTaker extends Taker {
  readonly groupSet: ReadonlySet<string> | undefined;
}

function compile(balancers: readonly Taker[]): ReadonlyMap<string, CompiledTaker> {
  return new Map(
    balancers.map((balancer) => [
      balancer.name,
      { ...balancer, groupSet: balancer.groups === undefined ? undefined : new Set(balancer.groups) },
    ]),
  );
}

function takersOf(
  service: ExportedService,
  takers: ReadonlyMap<string, CompiledTaker>,
  problems: Problem[],
): readonly string[] {
  return service.balancers === undefined || service.balancers.length === 0
    ? bySelection(service, takers, problems)
    : byName(service, service.balancers, takers, problems);
}

function byName(
  service: ExportedService,
  names: readonly string[],
  takers: ReadonlyMap<string, CompiledTaker>,
  problems: Problem[],
): readonly string[] {
  const known = new Set<string>();
  for (const name of names) {
    if (takers.has(name)) known.add(name);
    else {
      const near = suggestion(name, takers.keys());
      const message = `there is no balancer of this name${near}; the configuration has ${listed([...takers.keys()])}`;
      problems.push(tell(service, 'E_BALANCER_NONE', 'balancers', name, message));
    }
  }
  return [...known];
}

function bySelection(
  service: ExportedService,
  takers: ReadonlyMap<string, CompiledTaker>,
  problems: Problem[],
): readonly string[] {
  const fitting: CompiledTaker[] = [];
  for (const taker of takers.values()) if (takes(taker, service)) fitting.push(taker);
  const names = fitting.map((taker) => taker.name);
  const passedOver = [...takers.values()].some((taker) => taker.addressed === true && isSelected(taker, service));
  if (fitting.length === 0 && passedOver && service.class === undefined) return [];
  if (fitting.length === 0) {
    const { field, value } = selector(service);
    const message = `no balancer takes this service; name one in its balancers field, or widen groups or class of ${listed([...takers.keys()])}`;
    problems.push(tell(service, 'E_BALANCER_NONE', field, value, message));
    return [];
  }
  if (fitting.length > 1 && !fitting.every((taker) => taker.shared)) {
    const message = `balancers ${listed(names)} would all take this service, so none does; name the wanted ones in its balancers field, narrow their groups or class, or set shared on each of them`;
    problems.push(tell(service, 'E_BALANCER_MANY', selector(service).field, names.join(', '), message));
    return [];
  }
  return names;
}

function takes(taker: CompiledTaker, service: ExportedService): boolean {
  return (taker.addressed !== true || asks(service)) && isSelected(taker, service);
}

function isSelected(taker: CompiledTaker, service: ExportedService): boolean {
  if (taker.class !== undefined && taker.class !== service.class) return false;
  const groups = taker.groupSet;
  return groups === undefined || service.groups.some((group) => groups.has(group));
}

/** The field that decided, for the message. */
function selector(service: ExportedService): { readonly field: string; readonly value: string } {
  if (service.class !== undefined) return { field: 'class', value: service.class };
  return { field: 'groups', value: service.groups.join(', ') };
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'no balancer' : names.map((name) => JSON.stringify(name)).join(', ');
}
