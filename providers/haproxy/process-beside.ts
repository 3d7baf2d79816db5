/** There is never a second HAProxy beside one that serves: who does not answer is waited for, and then told. What a killed weir left double ends. */
import { existsSync } from 'node:fs';
import { type Context, WeirError } from '../../src/model/index.ts';
import { type Processes, showProcesses } from './master.ts';
import { endProcess } from './process-ends.ts';
import { isAlive } from './process-id.ts';
import { findMasters, type Master, seesProcesses, startingMs, type Whose } from './process-masters.ts';

/** The master socket refuses for some 100 ms during a reload, longer on a machine that has much to do. */
const silentMs = 2_000;
const againMs = 20;
/** So many times everything is ended that is still there: a master that was about to start a worker. */
const rounds = 3;

type Clock = Context['clock'];

/** The processes of the master that answers in the directory, with a worker; undefined when none does, although one that lives was waited for. */
export async function awaitProcesses(whose: Whose, clock: Clock): Promise<Processes | undefined> {
  const startMs = clock.now();
  for (;;) {
    const found = await showProcesses(whose.masterSocket);
    if (found !== undefined && found.workers.length > 0) return found;
    if (clock.now() - startMs >= patienceMs(whose)) return undefined;
    await clock.sleep(againMs);
  }
}

function patienceMs(whose: Whose): number {
  const masters = findMasters(whose).filter(({ lost }) => !lost);
  if (masters.some(({ state }) => state === 'starting')) return startingMs;
  // Where processes cannot be seen only the socket tells that there was one.
  const held = masters.some(isServing) || (!seesProcesses() && existsSync(whose.masterSocket));
  return held ? silentMs : 0;
}

const isServing = ({ state }: Master): boolean => state === 'serving';

/** @throws WeirError E_HAPROXY_SOCKET when one that does not end by itself lives in the directory, and may answer there again. */
export function refuseSecond(whose: Whose): void {
  const other = findMasters(whose).find(({ state, lost }) => state !== 'ending' && !lost);
  if (other === undefined) return;
  throw new WeirError(
    'E_HAPROXY_SOCKET',
    `HAProxy process ${other.pid} runs in ${whose.directory} and does not answer at ${whose.masterSocket}; it goes on as it is, and no second one is started beside it: let it go on if it was stopped (kill -CONT ${other.pid}), or end it (kill ${other.pid})`,
  );
}

/** Processes that serve on from a directory that was deleted: whoever is started now shares their ports, and they end behind it. */
export function lostProcesses(whose: Whose): readonly number[] {
  return findMasters(whose).flatMap(({ lost, pid, workers }) => (lost ? [pid, ...workers] : []));
}

/**
 * Lets masters end, behind their last connections, that serve beside `kept`; answers their numbers. One that was begun later than `kept`
 * takes the sockets over as soon as it is ready: it is waited for, and nothing is ended before somebody has looked who answers now.
 */
export async function endOthers(whose: Whose, kept: number, clock: Clock): Promise<readonly number[]> {
  const ended: number[] = [];
  const startMs = clock.now();
  for (;;) {
    const masters = findMasters(whose);
    const keptAgeMs = masters.find(({ pid }) => pid === kept)?.ageMs ?? 0;
    const coming = masters.some(({ state, ageMs }) => state === 'starting' && ageMs < keptAgeMs);
    if (coming && clock.now() - startMs < startingMs) {
      await clock.sleep(againMs);
      continue;
    }
    if ((await showProcesses(whose.masterSocket))?.master !== kept) return ended;
    const others = masters.filter((master) => isServing(master) && master.pid !== kept && !ended.includes(master.pid));
    for (const { pid } of others) if (isAlive(pid)) process.kill(pid, 'SIGUSR1');
    ended.push(...others.map(({ pid }) => pid));
    const left = masters.some((master) => isServing(master) && master.pid !== kept);
    if (!left || clock.now() - startMs > silentMs + startingMs) return ended;
    await clock.sleep(againMs);
  }
}

/** Ends every HAProxy of the directory at once. */
export async function endMasters(whose: Whose, clock: Clock): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const masters = findMasters(whose);
    if (masters.length === 0) return;
    await Promise.all(masters.map(({ pid }) => endProcess(pid, clock)));
  }
}
