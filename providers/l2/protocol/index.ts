/** The ownership protocol of virtual addresses: who may answer for one, decided by leases of a quorum. Pure: events in, actions out; no clock, no socket, no kernel. */
export * from './events.ts';
export * from './gate.ts';
export * from './messages.ts';
export * from './owner.ts';
export * from './protocol.ts';
export * from './timing.ts';
export * from './voter.ts';
