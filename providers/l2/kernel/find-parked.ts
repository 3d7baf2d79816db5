import { ourProtocol } from './acceptance.ts';
import { addressesRequest, type FaceAddress, readAddresses } from './face-addresses.ts';
import { GateReader } from './gate-reader.ts';
import { listTables } from './gate-tables.ts';
import { tableInc } from './gate-text.ts';
import type { Link } from './interfaces.ts';
import type { Journal } from './journal.ts';
import { openNetlinkSocket } from './netlink-socket.ts';
import { runProgram } from './run-program.ts';

/**
 * The addresses on interfaces that are weir's, as `address interface`: those noted, and those that the kernel knows as ours. Where it keeps no
 * such marks and the notes are lost, those that were made as we make them and are guarded by gates of ours.
 */
export async function findParked(journal: Journal, links: readonly Link[]): Promise<ReadonlySet<string>> {
  const present = await readPresent().catch(() => []);
  const marks = present.some(({ protocol }) => protocol !== 0);
  const guarded = marks || journal.known ? () => false : await readGuards();
  const names = new Map(links.map(({ index, name }) => [index, name]));
  const found = present.filter(
    ({ protocol, parked, address }) => protocol === ourProtocol || (parked && guarded(address)),
  );
  return new Set([...journal.addresses, ...found.map(({ address, index }) => `${address} ${names.get(index)}`)]);
}

/** A kernel that knows marks has one for what it made itself, so that one is there at least. Of a Node that cannot ask nothing was put there either. */
async function readPresent(): Promise<readonly FaceAddress[]> {
  const socket = await openNetlinkSocket('routes');
  try {
    return readAddresses(socket.ask(addressesRequest));
  } finally {
    socket.close();
  }
}

/** Whether an address is among those that gates of ours guard. */
async function readGuards(): Promise<(address: string) => boolean> {
  const tables = await listTables((args) => runProgram('nft', args));
  const incs = typeof tables === 'string' ? [] : tables.map(({ name }) => tableInc(name) ?? 0);
  const reader = new GateReader(await openNetlinkSocket());
  try {
    const guards = [...new Set(incs)].flatMap((inc) => reader.guards(inc));
    return (address) => guards.some((guarded) => guarded(address));
  } finally {
    reader.close();
  }
}
