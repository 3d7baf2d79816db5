/** Errors of announcing addresses on the local network: part of the table in errors.ts. */
import type { ErrorEntry } from './error-entry.ts';

export const l2Errors = {
  E_L2: {
    class: 'retry',
    title: 'addresses cannot be announced on this machine',
    hint: 'Do what the message says: everything else of this weir goes on, and this is tried again by itself.',
  },
  E_L2_SECRET: {
    class: 'retry',
    title: 'the secret of the machines that announce together cannot be used',
    hint: 'Put the same 16 bytes or more into secretFile on every machine, e.g. of `openssl rand -base64 32`.',
  },
  E_L2_NOBODY: {
    class: 'refused',
    title: 'no machine may announce an address',
    hint: 'Remove one of the reasons named; `weir status` tells them for every machine.',
  },
  E_L2_QUORUM: {
    class: 'retry',
    title: 'nobody answers for an address because too few machines hear each other',
    hint: 'Look at the network between the machines named and at the weir there; with a majority the address is answered at once.',
  },
  E_L2_ADDRESS: {
    class: 'refused',
    title: 'this machine cannot take an address',
    hint: 'Do what the message says, or let other machines announce it: they do meanwhile.',
  },
  W_L2_CONFLICT: {
    class: 'warning',
    title: 'somebody else says that an announced address is his',
    hint: 'Find the machine with that Ethernet address and take the address away from it, or out of the pool.',
  },
  W_L2_GATE: {
    class: 'warning',
    title: "somebody has removed weir's tables of nft",
    hint: 'They were made again at once; let `nft flush ruleset` and its like leave tables named weir-… alone.',
  },
  W_L2_PEER: {
    class: 'warning',
    title: 'a machine that announces with this one is not heard, or not understood',
    hint: 'Look whether weir runs there with the same secret, cluster and beatMs, and whether UDP passes between both.',
  },
  W_L2: {
    class: 'warning',
    title: 'something that announcing needs does not work as it should',
    hint: 'Do what the message says; addresses go on being announced.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
