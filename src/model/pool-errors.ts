/** Errors of address pools and of the addresses that services take from them: part of the table in errors.ts. */
import type { ErrorEntry } from './error-entry.ts';

export const poolErrors = {
  E_POOL: {
    class: 'refused',
    title: 'an address pool, or an entry of one, cannot be used as it is written',
    hint: 'Correct the entry that the message names; all other entries and pools are used.',
  },
  E_POOL_OVERLAP: {
    class: 'refused',
    title: 'two entries of address pools overlap',
    hint: 'Cut one of them; until then the entry that comes first (pools by name, entries as listed) has the addresses.',
  },
  E_POOL_UNKNOWN: {
    class: 'refused',
    title: 'there is no address pool of that name',
    hint: 'Create the pool or correct its name; an address that the service holds is kept until then.',
  },
  E_POOL_EXHAUSTED: {
    class: 'refused',
    title: 'an address pool has no free address',
    hint: 'Add a range to the pool, free an address or share one; the service gets the next that becomes free.',
  },
  E_POOL_FAMILY: {
    class: 'refused',
    title: 'no address pool has addresses of the family that is asked for',
    hint: 'Add a range of that family to the pool, or ask for another family.',
  },
  E_POOL_DENIED: {
    class: 'refused',
    title: 'an address pool is not open to the service',
    hint: 'Let the pool admit the namespace and labels of the service, or use another pool.',
  },
  E_POOL_NONE: {
    class: 'refused',
    title: 'no address pool gives addresses to the service by itself',
    hint: 'Name a pool in the service, or let a pool assign automatically to its namespace and labels.',
  },
  E_ADDRESS_OUTSIDE: {
    class: 'refused',
    title: 'an address that is asked for lies in no pool that may give it',
    hint: 'Ask for addresses of one pool, or add the address to a pool.',
  },
  E_ADDRESS_TAKEN: {
    class: 'refused',
    title: 'an address that is asked for is held by another service',
    hint: 'Ask for another address, or let both share it: same share key, other ports, same backends.',
  },
  E_ADDRESS_RESERVED: {
    class: 'refused',
    title: 'an address that is asked for is never given out',
    hint: 'Ask for another address.',
  },
  E_ADDRESS_FAMILY: {
    class: 'refused',
    title: 'the addresses that are asked for do not match the families of the service',
    hint: 'Ask for exactly one address of each family.',
  },
  E_ADDRESS_WAITS: {
    class: 'retry',
    title:
      'a service has no address yet, or not the one it asks for: not every source has been read, or too few machines are heard',
    hint: 'Make the sources readable that other errors name, or bring back the machines that it names: who they tell of may hold the address that would be given.',
  },
  W_ADDRESS_KEPT: {
    class: 'warning',
    title: 'a service keeps an address that its pool would no longer give',
    hint: 'Put the address back into the pool, or move the service: ask for another address or pool.',
  },
  W_ADDRESS_DIFFERS: {
    class: 'warning',
    title: 'a service would have another address here than it has by the word of other machines',
    hint: 'Give all machines that announce together the same pools and the same files.',
  },
  W_POOL_RESERVED: {
    class: 'warning',
    title: 'an address pool contains an address that a machine of the network has',
    hint: 'Take it out of the pool; it is not given out.',
  },
} as const satisfies Record<string, ErrorEntry>;
