import type { Ranks } from '../../../../providers/l2/protocol/events.ts';
import type { Mode } from '../../../../providers/l2/protocol/modes.ts';
import { Random } from './random.ts';
import { type Subject, type Violation, World } from './world.ts';

export interface Outcome {
  readonly violation: Violation | undefined;
  readonly openings: number;
  /** Addresses that nobody answers for after a quiet time with everything running. */
  readonly silent: readonly string[];
  /** The numbers of the claims under which gates opened were out of order. */
  readonly disorder: string | undefined;
}

/** Which of the faults a scenario draws from; all by default. */
export type Fault =
  | 'kill'
  | 'crash'
  | 'stop'
  | 'writer'
  | 'oneWay'
  | 'isolation'
  | 'partition'
  | 'lossyLink'
  | 'handOver'
  /** A process ends and its disk is lost; one at a time. */
  | 'diskLost'
  /** The API server is not reached, by one machine or by all. */
  | 'apiOutage'
  /** A machine announces what another one has: the core is told of it. */
  | 'rival'
  /** The voters change; `editors`: two records are made at once, now and then; `rashEditors`: also where none of them may get a majority. */
  | 'membership'
  | 'editors'
  | 'rashEditors';

/** What a scenario is made of. */
export interface Mix {
  readonly faults: readonly Fault[];
  /** Three times the faults, and datagrams that come very late, for what only coincidence shows. */
  readonly storm?: boolean;
  /** One fault, in fair weather. */
  readonly single?: boolean;
  /** Half a minute instead of seconds, with outages as long. */
  readonly long?: boolean;
  /** Two nodes, in this mode. */
  readonly mode?: Mode;
}

export const allFaults: readonly Fault[] = [
  'kill',
  'crash',
  'stop',
  'writer',
  'oneWay',
  'isolation',
  'partition',
  'lossyLink',
  'handOver',
  'diskLost',
  'rival',
];

const quietMs = 2000;

/** One random history of a cluster, the same for the same seed: 1 to 7 faults under bad weather, then quiet. */
export function playScenario(
  seed: number,
  subject: Subject,
  { faults, storm = false, single = false, long = false, mode }: Mix,
): Outcome {
  const random = new Random(seed);
  const membership = faults.includes('membership');
  const nodes = mode !== undefined ? 2 : membership ? 6 : random.whole(2, 7);
  const voters = random.pick([1, 3, 3, 5].filter((count) => count <= nodes));
  // Two nodes: both must promise, or a witness votes that never answers for an address itself.
  const witness = nodes === 2 && (mode === 'witness' || (mode === undefined && random.chance(0.5)));
  const world = witness
    ? new World(3, 3, random, subject)
    : new World(nodes, nodes === 2 ? 2 : voters, random, subject, mode);
  const takers = world.names.slice(0, nodes);
  const vips = Array.from({ length: random.whole(1, 4) }, (_, index) => `192.0.2.${index + 1}`);
  const plan: Ranks = new Map(vips.map((vip) => [vip, random.shuffle(takers)]));
  // Plans are hints: some nodes have another one.
  const plans = world.names.map(() =>
    random.chance(0.1) ? new Map(vips.map((vip) => [vip, random.shuffle(takers)])) : plan,
  );
  const start = (number: number) => world.start(number, plans[number] ?? plan);
  for (const number of world.machines.keys()) world.agenda.at(random.between(0, 200), () => start(number));

  const end = long ? random.between(15_000, 30_000) : random.between(2500, 5500);
  const loss = random.chance(0.5) ? random.between(0, 0.5) : 0;
  const late = storm || random.chance(0.3) ? random.between(0, 0.3) : 0;
  if (!single) world.network.weather = { loss, doubled: random.chance(0.5) ? 0.1 : 0, late };
  if (membership) world.changesLeft = random.whole(1, 8);
  const rash = faults.includes('rashEditors');
  if (rash || faults.includes('editors')) world.editors = rash ? 'rash' : 'two';
  const drawn = faults.filter((fault) => !['membership', 'editors', 'rashEditors'].includes(fault));
  const most = single ? 1 : random.whole(1, 7);
  for (let count = storm ? random.whole(10, 25) : most; count > 0; count -= 1) {
    const fault = random.pick(drawn);
    world.agenda.at(random.between(300, end), () => strike(fault, world, vips, random, start, long ? 15_000 : 1500));
  }
  world.run(end);
  calmDown(world, start);
  world.run(end + 3000 + quietMs);
  const silent = world.violation === undefined ? vips.filter((vip) => world.openAt(vip).length === 0) : [];
  return { violation: world.violation, openings: world.openings, silent, disorder: world.disorder };
}

function strike(
  fault: Fault,
  world: World,
  vips: readonly string[],
  random: Random,
  start: (number: number) => void,
  longestMs: number,
): void {
  const { agenda, network, machines } = world;
  const now = agenda.now;
  // Most faults meet somebody who holds something.
  const holder = world.openAt(random.pick(vips))[0];
  const number = holder !== undefined && random.chance(0.6) ? holder : random.whole(0, machines.length - 1);
  const machine = machines[number];
  const until = now + random.between(10, longestMs);
  switch (fault) {
    case 'kill':
    case 'crash':
      if (fault === 'kill') machine?.kill();
      else machine?.crash();
      agenda.at(now + (random.chance(0.5) ? random.between(1, 50) : random.between(1, 1000)), () => start(number));
      return;
    case 'stop':
      machine?.stop(now + random.between(10, random.chance(0.5) ? 600 : 3000));
      return;
    case 'writer':
      if (machine !== undefined) machine.kernel.stalledUntil = now + random.between(10, 400);
      return;
    case 'oneWay': {
      const other = random.whole(0, machines.length - 1);
      network.disturb((from, to) => from === number && to === other, until);
      return;
    }
    case 'isolation': {
      const direction = random.pick(['in', 'out', 'both']);
      network.disturb(
        (from, to) => (from === number && direction !== 'in') || (to === number && direction !== 'out'),
        until,
      );
      return;
    }
    case 'partition': {
      const sides = machines.map(() => random.whole(0, 2));
      network.disturb((from, to) => (sides[from] ?? 0) !== (sides[to] ?? 0), until);
      return;
    }
    case 'lossyLink': {
      const other = random.whole(0, machines.length - 1);
      network.disturb((from, to) => from === number && to === other, until, 0.8);
      return;
    }
    case 'handOver': {
      const vip = random.pick(vips);
      const from = world.openAt(vip)[0] ?? number;
      const to = random.whole(0, machines.length - 1);
      machines[from]?.give({ kind: 'handOver', vip, to: world.names[to] ?? '' });
      const back = random.between(2, 200);
      agenda.at(now + back, () => machines[to]?.give({ kind: 'handOver', vip, to: world.names[from] ?? '' }));
      return;
    }
    case 'diskLost': {
      const voters = world.machines.filter(({ name }) => world.group.voters.includes(name));
      if (machine === undefined || !machine.running || !voters.every(({ whole }) => whole)) return;
      if (random.chance(0.5)) machine.kill();
      else machine.crash();
      machine.loseDisk();
      agenda.at(now + random.between(1, 300), () => start(number));
      return;
    }
    case 'apiOutage': {
      const all = random.chance(0.4);
      world.api.disturb((found) => all || found === number, until);
      return;
    }
    case 'rival':
      for (const found of machines) found.give({ kind: 'rival', vip: random.pick(vips) });
      return;
    case 'membership':
    case 'editors':
    case 'rashEditors':
  }
}

/** Everything works again: every process runs, every link carries, everybody hears of the newest record. */
function calmDown(world: World, start: (number: number) => void): void {
  world.network.heal();
  world.api.heal();
  world.changesLeft = 0;
  for (const number of world.machines.keys()) start(number);
  world.tellGroup();
  world.agenda.at(world.agenda.now + 3000, () => world.tellGroup());
}
