/** The running relay as the planner sees it: everything is ours, handles are ids. */
import type { Health, Observed, Resource } from '../../src/model/index.ts';
import type { Relay } from './apply.ts';

export function observe(relay: Relay): readonly Observed[] {
  return relay.applied.map((resource) => ({
    ...resource,
    handle: resource.id,
    owned: true,
    facts: factsOf(relay, resource),
    ...healthOf(relay, resource),
  }));
}

function factsOf(relay: Relay, { kind, id, attrs }: Resource): Observed['facts'] {
  if (kind !== 'Listener') return {};
  const failure = relay.failure(id);
  const addresses = Array.isArray(attrs.addresses) ? attrs.addresses.map(String) : [];
  return failure === undefined
    ? { addresses, state: 'listening' }
    : { addresses, state: 'failed', reason: `${failure.code} ${failure.message}` };
}

function healthOf(relay: Relay, { kind, id }: Resource): { health?: NonNullable<Observed['health']> } {
  const backend = kind === 'Backend' ? relay.backends.get(id) : undefined;
  if (backend === undefined) return {};
  const targets = [...backend.targets].map(([key, target]): [string, Health] => [
    key,
    target.weight === 0 && target.active > 0 ? 'draining' : target.health,
  ]);
  return { health: { targets: new Map(targets) } };
}
