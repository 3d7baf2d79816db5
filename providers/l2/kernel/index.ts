/** The kernel's side of announcing on one machine: gates that close by themselves, acceptance of addresses, frames, interfaces. Nothing here decides who may answer for an address. */
export * from './acceptance.ts';
export * from './acceptor.ts';
export * from './announcer.ts';
export * from './frames.ts';
export * from './gate-text.ts';
export * from './interfaces.ts';
export * from './journal.ts';
export * from './kernel-gate.ts';
export * from './load-ffi.ts';
export * from './lock.ts';
export * from './nft-session.ts';
export * from './packet-socket.ts';
export * from './raise-priority.ts';
export * from './run-program.ts';
export * from './watch-program.ts';
