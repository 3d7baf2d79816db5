import type { ReservedAddress } from '../alloc/index.ts';
import type { Config } from '../config/index.ts';
import type { KnownNamespace, Node, Pool, Snapshot } from '../model/index.ts';
import { Remade, sameItems } from '../model/remade.ts';
import { selectedNamespaces } from '../net/selected-namespaces.ts';

/** The pools of the configuration, as those who give addresses out of them know pools. */
export function configuredPools({ pools }: Pick<Config, 'pools'>): readonly Pool[] {
  return pools.map((pool, i): Pool => {
    const { name, ranges, autoAssign, avoidBuggyIPs, priority, namespaces, serviceSelectors } = pool;
    const pinned = namespaces !== undefined || serviceSelectors !== undefined || priority > 0;
    const allocation = {
      priority,
      ...(namespaces === undefined ? {} : { namespaces }),
      ...(serviceSelectors === undefined ? {} : { serviceSelectors }),
    };
    return {
      name,
      ranges,
      autoAssign,
      avoidBuggy: avoidBuggyIPs,
      ...(pinned ? { allocation } : {}),
      source: 'configuration',
      fields: {
        name: `pools[${i}].name`,
        ranges: `pools[${i}].ranges`,
        'allocation.priority': `pools[${i}].priority`,
        'allocation.serviceSelectors': `pools[${i}].serviceSelectors`,
      },
    };
  });
}

/** Addresses of machines: no pool gives them out. */
export function reservedBy(nodes: readonly Node[]): readonly ReservedAddress[] {
  return nodes.flatMap(({ name, addresses }) => addresses.map((address) => ({ address, owner: `node ${name}` })));
}

/**
 * All pools. One of the configuration or of a file stands in the place of one of the same name in a cluster: so a change of that can be
 * planned before it is made. The same array while they are the same.
 */
export function createPools(
  configured: readonly Pool[],
): (snapshots: readonly Pick<Snapshot, 'pools' | 'namespaces'>[]) => readonly Pool[] {
  let last: readonly Pool[] = configured;
  let known: readonly KnownNamespace[] = [];
  let resolved = new Remade<Pool, Pool>();
  return (snapshots) => {
    const namespaces = snapshots.flatMap((one) => one.namespaces ?? []);
    if (!sameItems(known, namespaces)) [known, resolved] = [namespaces, new Remade()];
    const found = resolved.of(
      snapshots.flatMap(({ pools = [] }) => pools),
      (pool) => withNamespaces(pool, known),
    );
    const near = [...configured, ...found.filter(({ file }) => file !== undefined)];
    const names = new Set(near.map(({ name }) => name));
    const all = [...near, ...found.filter(({ file, name }) => file === undefined && !names.has(name))];
    if (!sameItems(last, all)) last = all;
    return last;
  };
}

/** A pool of a file chooses among the namespaces of the clusters that are read beside it. */
function withNamespaces(pool: Pool, known: readonly KnownNamespace[]): Pool {
  const { namespaceSelectors, namespaces = [], ...allocation } = pool.allocation ?? {};
  if (namespaceSelectors === undefined || known.length === 0) return pool;
  const names = new Set([...namespaces, ...selectedNamespaces(namespaceSelectors, known)]);
  return { ...pool, allocation: { ...allocation, namespaces: [...names].sort() } };
}
