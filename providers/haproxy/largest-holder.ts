/** Who has most of the connections: what an operator looks for when HAProxy takes no more. */
import { type Resource, WeirError } from '../../src/model/index.ts';
import type { Layout } from './layout.ts';
import { sparesOf } from './layout-placed.ts';
import { ownName } from './names.ts';
import type { RuntimeSocket } from './socket.ts';
import { currentColumns, parseStat } from './traffic-read.ts';

export interface Holder {
  readonly service: string;
  readonly connections: number;
}

const currentAt = currentColumns.indexOf('scur');

/** The service with most sessions at its targets; undefined where nobody has any, or nobody can tell. */
export async function largestHolder(
  runtime: RuntimeSocket,
  resources: readonly Resource[],
  layout: Layout | undefined,
): Promise<Holder | undefined> {
  const spares = layout === undefined ? undefined : sparesOf(layout);
  const services = new Map<string, string>();
  for (const resource of resources) {
    const [service] = resource.serves;
    if (resource.kind !== 'Backend' || service === undefined) continue;
    const own = ownName(resource);
    services.set(spares?.get(own) ?? own, service);
  }
  const held = new Map<string, number>();
  try {
    // Backends alone: one line each, however many targets they have.
    for (const { backend, current } of parseStat(await runtime.ask('show stat -1 2 -1')).backends) {
      const service = services.get(backend);
      if (service !== undefined) held.set(service, (held.get(service) ?? 0) + (current[currentAt] ?? 0));
    }
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    return undefined;
  }
  let largest: Holder | undefined;
  for (const [service, connections] of held)
    if (connections > (largest?.connections ?? 0)) largest = { service, connections };
  return largest;
}
