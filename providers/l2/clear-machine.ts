/**
 * Announces virtual addresses on the local network: `protocol/` decides who may answer, `kernel/` makes the kernel answer or be silent, and
 * the files beside this one run both in a thread of their own, away from the planner. Nothing here knows services or pools.
 */
import { join } from 'node:path';
import { Acceptor } from './kernel/acceptor.ts';
import { removeTables } from './kernel/gate-tables.ts';
import { Journal } from './kernel/journal.ts';
import { takeLock } from './kernel/lock.ts';
import { NftSession } from './kernel/nft-session.ts';
import { runProgram } from './kernel/run-program.ts';

/**
 * Takes away all that a node has left in the kernel: routes, addresses, then the gates. For machines on which no weir announces any more;
 * throws where one still does, and for what cannot be taken away.
 */
export async function clearMachine(stateDir: string): Promise<void> {
  const lock = await takeLock();
  if (lock === undefined) throw new Error('a weir announces addresses on this machine: stop it first');
  const session = new NftSession({ hungMs: clearMs });
  try {
    const acceptor = new Acceptor(new Journal(journalFile(stateDir)));
    await acceptor.recall();
    await acceptor.accept([], () => []);
    const error = await removeTables(session, (args) => runProgram('nft', args));
    if (error !== undefined) throw new Error(`the tables of nft: ${error}`);
  } finally {
    await session.close();
    lock.release();
  }
}

/** Where a node notes the addresses that it puts on interfaces. */
export function journalFile(stateDir: string): string {
  return join(stateDir, 'l2-addresses.json');
}

const clearMs = 10_000;
