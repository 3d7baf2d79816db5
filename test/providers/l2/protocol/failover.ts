/** Measures in virtual time how long an address is silent: `node test/providers/l2/protocol/failover.ts [runs]`. */
import { Random } from './random.ts';
import { product } from './subject.ts';
import { World } from './world.ts';

/** What befalls the node that answers. */
export type Blow = 'kill' | 'stop' | 'cut' | 'send cut' | 'deaf' | 'hand-over';

const vip = '192.0.2.1';

/**
 * Milliseconds from the blow to the gate that opens elsewhere, one for each run; a run whose gate was shut before or stays shut for 5 s counts as infinite.
 * Nodes without a vote are standbys all the same.
 */
export function measureFailover(
  nodes: number,
  voters: number,
  blow: Blow,
  loss: number,
  runs: number,
): readonly number[] {
  return Array.from({ length: runs }, (_, run) => strike(new Random(run + 1), nodes, voters, blow, loss)).sort(
    (a, b) => a - b,
  );
}

function strike(random: Random, nodes: number, voters: number, blow: Blow, loss: number): number {
  const world = new World(nodes, voters, random, product);
  const ranks = new Map([[vip, random.shuffle(world.names)]]);
  for (const number of world.machines.keys()) world.start(number, ranks);
  world.network.weather = { loss, doubled: 0, late: 0 };
  world.run(1500 + random.between(0, 300));
  const owner = world.openAt(vip)[0];
  if (owner === undefined) return Number.POSITIVE_INFINITY;
  const at = world.agenda.now;
  const machine = world.machines[owner];
  if (blow === 'kill') machine?.kill();
  if (blow === 'stop') machine?.stop(at + 10_000);
  if (blow === 'cut') world.network.disturb((from, to) => from === owner || to === owner, at + 10_000);
  if (blow === 'send cut') world.network.disturb((from) => from === owner, at + 10_000);
  if (blow === 'deaf') world.network.disturb((_, to) => to === owner, at + 10_000);
  if (blow === 'hand-over') {
    const to = random.pick(world.names.filter((_, number) => number !== owner));
    machine?.give({ kind: 'handOver', vip, to });
  }
  world.run(at + 5000);
  const move = world.moves.find((found) => found.at > at && found.to !== owner);
  return move === undefined ? Number.POSITIVE_INFINITY : move.at - at;
}

/** The value that this share of the runs does not exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

if (import.meta.main) {
  const runs = Number(process.argv[2] ?? 100);
  process.stdout.write('nodes (voters) | blow | loss | p50 / p90 / p99 / max ms\n');
  for (const [nodes, voters] of [
    [3, 3],
    [5, 5],
    [8, 5],
  ] as const) {
    for (const [blow, loss] of [
      ['kill', 0],
      ['stop', 0],
      ['cut', 0],
      ['send cut', 0],
      ['kill', 0.1],
      ['kill', 0.3],
      ['kill', 0.5],
      ['hand-over', 0],
      ['hand-over', 0.1],
      ['hand-over', 0.3],
    ] as const) {
      const sorted = measureFailover(nodes, voters, blow, loss, runs);
      const figures = [0.5, 0.9, 0.99, 1].map((share) => percentile(sorted, share).toFixed(1));
      process.stdout.write(`${nodes} (${voters}) | ${blow} | ${loss * 100} % | ${figures.join(' / ')}\n`);
    }
  }
}
