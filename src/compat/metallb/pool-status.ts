import type { Json, PoolState } from '../../model/index.ts';

/** The largest whole number that the API takes and JavaScript can hold: MetalLB counts a prefix without end as 2^63-1. */
const most = 2 ** 63 - 1024;

/** The status of an IPAddressPool (v1beta1, from MetalLB v0.15 on) that is so full. */
export function renderPoolStatus({ assigned, available }: PoolState): Readonly<Record<string, Json>> {
  const counted = (count: number) => Math.min(count, most);
  return {
    assignedIPv4: counted(assigned.ipv4),
    assignedIPv6: counted(assigned.ipv6),
    availableIPv4: counted(available.ipv4),
    availableIPv6: counted(available.ipv6),
  };
}
