import type { Provider, RenderReport, ServiceId } from '../model/index.ts';
import type { Desired } from './desire.ts';
import { distinctProblems } from './distinct-problems.ts';
import type { Gathered } from './gather.ts';
import { printResource } from './print.ts';

export interface RenderedBalancer {
  readonly name: string;
  readonly provider: Provider;
  readonly options: unknown;
  readonly desired: Desired;
}

/** `weir render`: the desired state of every balancer, of what each service got, and every problem. Pure. */
export function renderReport(gathered: Gathered, balancers: readonly RenderedBalancer[]): RenderReport {
  const problems = distinctProblems([...gathered.problems, ...balancers.flatMap(({ desired }) => desired.problems)]);
  const counts = new Map<string, number>();
  for (const { service } of problems) if (service !== undefined) counts.set(service, (counts.get(service) ?? 0) + 1);
  const addresses = addressesOf(balancers);
  const takers = takersOf(gathered);
  return {
    balancers: balancers.map(({ name, provider, options, desired }) => ({
      name,
      provider: provider.name,
      resources: desired.resources.map(printResource),
      files: provider.render?.(desired.resources, options) ?? [],
    })),
    services: gathered.services.map((service) => ({
      id: service.id,
      balancers: takers.get(service.id) ?? [],
      addresses: [...new Set([...(addresses.get(service.id) ?? []), ...(service.address?.held ?? [])])],
      problems: counts.get(service.id) ?? 0,
    })),
    problems,
  };
}

/** Names of the balancers that take each service, or will as soon as it has an address. */
export function takersOf({ taken, waiting = nobody }: TakenBy): ReadonlyMap<ServiceId, readonly string[]> {
  const takers = new Map<ServiceId, readonly string[]>(waiting);
  for (const [name, services] of taken) {
    for (const { id } of services) takers.set(id, [...(takers.get(id) ?? []), name]);
  }
  return takers;
}

type TakenBy = Pick<Gathered, 'taken' | 'waiting'>;
const nobody: NonNullable<TakenBy['waiting']> = new Map();

function addressesOf(balancers: readonly RenderedBalancer[]): ReadonlyMap<string, readonly string[]> {
  const addresses = new Map<string, string[]>();
  for (const { desired } of balancers) {
    for (const group of desired.groups) {
      for (const { id } of group.services) addresses.set(id, [...(addresses.get(id) ?? []), ...group.addresses]);
    }
  }
  return addresses;
}
