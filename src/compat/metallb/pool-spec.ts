import { z } from 'zod';
import type { KnownNamespace, Pool } from '../../model/index.ts';
import { selectedNamespaces } from '../../net/selected-namespaces.ts';
import { labelSelectors } from './label-selector.ts';
import type { Known } from './read-spec.ts';
import { maybeNames } from './words.ts';

/** IPAddressPool.spec (v1beta1). Entries of `addresses` are judged where pools are read, one by one and against those of other pools. */
export const poolSpec = z.object({
  addresses: z.array(z.string()).min(1),
  autoAssign: z.boolean().default(true),
  avoidBuggyIPs: z.boolean().default(false),
  serviceAllocation: z
    .object({
      priority: z.int().min(0).default(0),
      namespaces: maybeNames,
      namespaceSelectors: labelSelectors,
      serviceSelectors: labelSelectors,
    })
    .optional(),
});

export const poolFields: Known = {
  addresses: true,
  autoAssign: true,
  avoidBuggyIPs: true,
  serviceAllocation: { priority: true, namespaces: true, namespaceSelectors: true, serviceSelectors: true },
};

/** What src/alloc calls them. */
export const poolFieldNames: NonNullable<Pool['fields']> = {
  name: 'metadata.name',
  ranges: 'spec.addresses',
  'allocation.priority': 'spec.serviceAllocation.priority',
  'allocation.namespaceSelectors': 'spec.serviceAllocation.namespaceSelectors',
  'allocation.serviceSelectors': 'spec.serviceAllocation.serviceSelectors',
};

/** `namespaces`: those that are there; selectors of namespaces are resolved to their names, or kept while none is known. */
export function toPool(
  poolName: string,
  spec: z.output<typeof poolSpec>,
  namespaces: readonly KnownNamespace[],
): Pick<Pool, 'name' | 'ranges' | 'autoAssign' | 'avoidBuggy' | 'byRule' | 'allocation'> {
  const { addresses, autoAssign, avoidBuggyIPs, serviceAllocation } = spec;
  // MetalLB announces no pool that no advertisement is about.
  const byRule = true as const;
  const base = { name: poolName, ranges: addresses, autoAssign, avoidBuggy: avoidBuggyIPs, byRule };
  if (serviceAllocation === undefined) return base;
  const { priority, namespaces: listed, namespaceSelectors, serviceSelectors } = serviceAllocation;
  const found =
    listed === undefined && namespaceSelectors === undefined
      ? undefined
      : [...new Set([...(listed ?? []), ...selectedNamespaces(namespaceSelectors ?? [], namespaces)])].sort();
  return {
    ...base,
    allocation: {
      priority,
      ...(found === undefined ? {} : { namespaces: found }),
      ...(namespaceSelectors === undefined || namespaces.length > 0 ? {} : { namespaceSelectors }),
      ...(serviceSelectors === undefined ? {} : { serviceSelectors }),
    },
  };
}
