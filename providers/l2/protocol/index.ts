/** The ownership protocol of virtual addresses: who may answer for one, decided by leases of a quorum. Pure: events in, actions out; no clock, no socket, no kernel; `keys.ts` alone knows how to compute a code. */
export * from './codec.ts';
export * from './events.ts';
export * from './gate.ts';
export * from './keys.ts';
export * from './messages.ts';
export * from './modes.ts';
export * from './owner.ts';
export * from './protocol.ts';
export * from './seal.ts';
export * from './spread.ts';
export * from './timing.ts';
export * from './voter.ts';
export * from './wire.ts';
