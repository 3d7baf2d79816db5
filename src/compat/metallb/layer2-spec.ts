import { z } from 'zod';
import type { Layer2Advertisement } from './intent.ts';
import { labelSelector, labelSelectors } from './label-selector.ts';
import type { Known } from './read-spec.ts';
import { maybeNames } from './words.ts';

/** L2Advertisement.spec (v1beta1). */
export const layer2Spec = z.object({
  ipAddressPools: maybeNames,
  ipAddressPoolSelectors: labelSelectors,
  nodeSelectors: labelSelectors,
  serviceSelectors: labelSelectors,
  interfaces: maybeNames,
  preferredNodeSelectors: z.array(z.object({ weight: z.int().min(1).max(100), preference: labelSelector })).default([]),
});

export const layer2Fields: Known = {
  ipAddressPools: true,
  ipAddressPoolSelectors: true,
  nodeSelectors: true,
  serviceSelectors: true,
  interfaces: true,
  preferredNodeSelectors: { weight: true, preference: true },
};

/** `pools`: those that it announces; absent: all. `source`: how its owner finds it. */
export function toLayer2(
  name: string,
  spec: z.output<typeof layer2Spec>,
  pools: readonly string[] | undefined,
  source: string,
): Layer2Advertisement {
  const { nodeSelectors, serviceSelectors, interfaces, preferredNodeSelectors } = spec;
  return {
    name,
    ...(pools === undefined ? {} : { pools }),
    ...(nodeSelectors === undefined ? {} : { nodeSelectors }),
    ...(serviceSelectors === undefined ? {} : { serviceSelectors }),
    ...(interfaces === undefined ? {} : { interfaces }),
    source,
    preferences: preferredNodeSelectors.map(({ weight, preference }) => ({ weight, selector: preference })),
  };
}
