import type { Network } from '../model/index.ts';

/** The parts that are there: an empty list is none, but of announcers, of whom none may be found. */
export function networkOf({ pools = [], announcements = [], announcers, namespaces = [] }: Network): Network {
  return {
    ...(pools.length === 0 ? {} : { pools }),
    ...(announcements.length === 0 ? {} : { announcements }),
    ...(announcers === undefined ? {} : { announcers }),
    ...(namespaces.length === 0 ? {} : { namespaces }),
  };
}

/** Whether all parts are the same arrays. */
export function sameNetwork(a: Network, b: Network): boolean {
  return (
    a.pools === b.pools &&
    a.announcements === b.announcements &&
    a.announcers === b.announcers &&
    a.namespaces === b.namespaces
  );
}
