/** Addresses for services out of pools: who gets which, who keeps his, who waits and why. Pure: no clock, no I/O; knows no provider and no cluster. */
export * from './agree.ts';
export * from './allocator.ts';
export * from './assign.ts';
export * from './claim.ts';
export * from './outcome.ts';
export * from './pool.ts';
export { readPools } from './read-pools.ts';
export * from './refusal.ts';
export * from './usage.ts';
