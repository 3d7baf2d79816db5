/** Pools are words that sources and the configuration share. */
export type { Pool, PoolAllocation, ReservedAddress } from '../model/index.ts';
