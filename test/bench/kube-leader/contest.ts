/** Rounds in which whoever leads is killed, stood still or cut off from the API server, while there is always something to write. */

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Hold, Write } from '../../e2e/kube-leader-front.ts';
import { LeaderStage, type Weir } from '../../e2e/kube-leader-stage.ts';

export const leaseMs = 1_000;
const times = { leaseDuration: `${leaseMs}ms`, renewDeadline: '600ms', retryPeriod: '200ms' };
/** Between two changes of what is wanted. */
const turnMs = 40;
/** Network load balancers, which all get another target then. */
export const services = 8;
/** So long a round is watched after its fault is over. */
const afterMs = 250;
const longestMs = 60_000;

export interface Contest {
  readonly journal: readonly Write[];
  readonly stray: readonly Write[];
  /** Who held the Lease, and since when. */
  readonly holds: readonly Hold[];
  /** From each kill to the first call of the next leader. */
  readonly takeoversMs: readonly number[];
}

type Fault = 'stop' | 'cut' | 'kill';
const noGate = fileURLToPath(new URL('no-gate.ts', import.meta.url));

/** Every tenth round is a kill, of the others every third a cut. `told`: after each round. */
export async function contest(rounds: number, gate: boolean, told: (line: string) => void): Promise<Contest> {
  const stage = await LeaderStage.start(services);
  stage.aws.journal.keep(1_000);
  const takeoversMs: number[] = [];
  const starting = new Map<Weir, Promise<void>>();
  const rest = stage.keepTurning(turnMs);
  try {
    const weirs: Weir[] = [];
    for (const name of ['a', 'b', 'c']) weirs.push(await stage.add(name, times, gate ? undefined : noGate));
    await Promise.all(weirs.map((weir) => weir.start()));
    for (let round = 0; round < rounds; round++) {
      const fault: Fault = round % 10 === 9 ? 'kill' : round % 3 === 2 ? 'cut' : 'stop';
      const old = await writing(stage, weirs, 0, undefined);
      // Somebody has to be there to take over from the next one, too.
      if (fault === 'kill') await Promise.all(starting.values());
      const fromMs = performance.now();
      if (fault === 'stop') old.weir.signal('SIGSTOP');
      else if (fault === 'cut') old.weir.proxy.swallow(true);
      else await old.weir.end('SIGKILL');
      const next = await writing(stage, weirs, fromMs, old.weir);
      if (fault === 'kill') {
        takeoversMs.push(next.atMs - fromMs);
        const started = old.weir.start();
        // A failure is told where it is waited for.
        started.catch(() => {});
        starting.set(old.weir, started);
      } else if (fault === 'stop') old.weir.signal('SIGCONT');
      else {
        // New connections pass again; those that were swallowed never will.
        await old.weir.proxy.down();
        await old.weir.proxy.up();
      }
      await sleep(afterMs);
      told(
        `${round + 1} ${fault}: ${old.weir.who} to ${next.weir.who} in ${Math.round(next.atMs - fromMs)} ms, ${stage.stray().length} stray calls so far`,
      );
    }
    await Promise.all(starting.values());
    return { journal: stage.journal, stray: stage.stray(), holds: stage.holds, takeoversMs };
  } finally {
    await rest();
    await Promise.allSettled(starting.values());
    await stage.stop();
  }
}

/** Who holds the Lease, is not `except`, and has begun a call since it does and since `fromMs`: when that was. */
async function writing(
  { holds, journal }: LeaderStage,
  weirs: readonly Weir[],
  fromMs: number,
  except: Weir | undefined,
): Promise<{ readonly weir: Weir; readonly atMs: number }> {
  const endMs = performance.now() + longestMs;
  while (performance.now() < endMs) {
    const hold = holds.at(-1);
    const weir = weirs.find(({ who }) => who === hold?.who);
    if (hold !== undefined && weir !== undefined && weir !== except) {
      const sinceMs = Math.max(hold.atMs, fromMs);
      const found = journal.findLast(({ who, atMs }) => who === weir.who && atMs > sinceMs);
      if (found !== undefined) {
        const first = journal.find(({ who, atMs }) => who === weir.who && atMs > sinceMs) ?? found;
        return { weir, atMs: first.atMs };
      }
    }
    await sleep(5);
  }
  throw new Error(
    `nobody writes; holds ${JSON.stringify(holds.slice(-3))}, ${weirs.map(({ log }) => log.slice(-1_000)).join('\n')}`,
  );
}
