import type { Drop } from './protocol/seal.ts';

const reasons: Record<Drop, string> = {
  malformed: 'they are no messages of weir',
  version: 'they are of another version of weir: run the same one on all machines',
  foreign: 'they are of another group of machines (`cluster`)',
  forged: 'they were made with another secret, or without any: `secretFile` must hold the same on all machines',
  config: 'its beats or its mode differ: `beatMs` and `mode` must be the same on all machines',
  misdirected: 'they are for another machine: two have one name, or an address in `peers` is wrong',
  flood: 'there are far too many of them',
};

/** For people: why datagrams of an address (or of a machine that has the secret) are not taken, and what to do. */
export function dropNotice(why: Drop, from: string, count: number): string {
  return `${count} datagram${count === 1 ? '' : 's'} from ${from} not taken: ${reasons[why]}`;
}
