/** Measures in virtual time how long addresses are silent when their machine is told to end: `node test/providers/l2/protocol/drain.ts [runs]`. */
import { percentile } from './failover.ts';
import { Random } from './random.ts';
import { product } from './subject.ts';
import { World } from './world.ts';

export interface Circumstances {
  readonly addresses: number;
  /** Share of datagrams lost. */
  readonly loss: number;
  /** Each machine stands still so often a second, for up to 300 ms, as under heavy load. */
  readonly stalls: number;
}

/** Another try where not all was handed over. */
const againMs = 500;
const lookMs = 5;
/** So long at most a machine that has nothing any more waits until all voters know. */
const lingerMs = 200;

/** Milliseconds from the order to the last address that is open elsewhere, one for each run; a run that is not done after 20 s counts as infinite. */
export function measureDrains(circumstances: Circumstances, runs: number): readonly number[] {
  return Array.from({ length: runs }, (_, run) => drain(new Random(run + 1), circumstances)).sort((a, b) => a - b);
}

function drain(random: Random, { addresses, loss, stalls }: Circumstances): number {
  const world = new World(3, 3, random, product);
  const [owner = '', ...others] = world.names;
  const vips = Array.from({ length: addresses }, (_, at) => `10.0.${at >> 8}.${at & 255}`);
  const ranks = new Map(vips.map((vip, at) => [vip, [owner, ...(at % 2 === 0 ? others : [...others].reverse())]]));
  for (const number of world.machines.keys()) world.start(number, ranks);
  world.run(2000);
  world.network.weather = { loss, doubled: 0, late: 0 };
  for (const machine of world.machines)
    for (let at = 2000; at < 22_000; at += random.between(0, 2000 / stalls))
      if (stalls > 0) world.agenda.at(at, () => machine.stop(world.agenda.now + random.between(0, 300)));
      else break;
  const start = 2500 + random.between(0, 300);
  world.run(start);
  const machine = world.machines[0];
  machine?.give({ kind: 'eligible', eligible: false });
  let doneAt: number | undefined;
  for (let at = start; at < start + 20_000; at += lookMs) {
    if ((at - start) % againMs < lookMs && machine?.running === true) {
      const heirs = new Map(
        [...(machine.protocol?.claims.keys() ?? [])].map((vip) => [vip, ranks.get(vip)?.[1] ?? '']),
      );
      machine.give({ kind: 'handOverAll', heirs });
    }
    world.run(at + lookMs);
    if (machine?.running === true && machine.protocol?.claims.size === 0) {
      doneAt ??= at;
      if (machine.protocol?.releasing !== true || at - doneAt >= lingerMs) machine.kill();
    }
    if (world.violation !== undefined) throw new Error(`two are open: ${JSON.stringify(world.violation)}`);
    if (vips.every((vip) => world.openAt(vip).some((number) => number !== 0))) return at + lookMs - start;
  }
  return Number.POSITIVE_INFINITY;
}

if (import.meta.main) {
  const runs = Number(process.argv[2] ?? 20);
  process.stdout.write('addresses | loss | stalls a second | p50 / p90 / max ms\n');
  for (const addresses of [10, 1000])
    for (const [loss, stalls] of [
      [0, 0],
      [0.1, 0],
      [0.3, 0],
      [0, 2],
      [0.1, 4],
    ] as const) {
      const sorted = measureDrains({ addresses, loss, stalls }, runs);
      const figures = [0.5, 0.9, 1].map((share) => percentile(sorted, share).toFixed(0));
      process.stdout.write(`${addresses} | ${loss * 100} % | ${stalls} | ${figures.join(' / ')}\n`);
    }
}
