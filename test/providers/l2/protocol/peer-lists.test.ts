import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Announcer } from '../../../../src/model/index.ts';
import { Lists, type Reading } from './peer-lists.ts';
import { Random } from './random.ts';

/** A takeover, or a start, takes less; a list that is lost takes nothing. */
const startMs = 2000;

interface Outcome {
  readonly wrong: readonly string[];
  readonly heals: boolean;
}

/** One history of machines whose lists of each other are lost, shortened and back, at different moments on each; `kills`: machines start anew meanwhile. */
async function play(seed: number, kills: boolean, read?: (reading: Reading) => Reading): Promise<Outcome> {
  const random = new Random(seed);
  const nodes = random.pick([2, 3, 3, 5]);
  const lists = new Lists(nodes, seed);
  if (read !== undefined) lists.read = read;
  const numbers = [...lists.world.machines.keys()];
  const seeAll = async () => {
    for (const number of numbers) await lists.see(number, lists.all);
  };
  try {
    await seeAll();
    for (const number of numbers) await lists.start(number);
    await lists.run(60_000);
    lists.watch();
    for (let count = random.whole(1, 4); count > 0; count -= 1) {
      const left: readonly Announcer[] = random.chance(0.5) ? [] : lists.all.filter(() => random.chance(0.5));
      for (const number of random.shuffle(numbers)) {
        await lists.see(number, random.chance(0.8) ? left : lists.all);
        await lists.run(random.between(0, 3000));
        if (!kills || random.chance(0.7)) continue;
        await lists.kill(number);
        await lists.run(random.between(10, 500));
        await lists.start(number);
        await lists.run(3 * startMs);
      }
      await lists.run(random.pick([5000, 80_000, 150_000]));
      if (random.chance(0.5)) await seeAll();
    }
    const { darkMs } = lists;
    await seeAll();
    await lists.run(60_000);
    const { violation } = lists.world;
    const two = [...lists.records].filter(([, made]) => made.size > 1);
    const heals = lists.vips.every((vip) => lists.world.openAt(vip).length === 1);
    return {
      wrong: [
        ...(violation === undefined
          ? []
          : [`${seed}: ${violation.nodes} both open for ${violation.vip} at ${violation.at} ms`]),
        ...two.map(([version, made]) => `${seed}: ${made.size} records of version ${version}: ${[...made].join('; ')}`),
        ...(darkMs > (kills ? startMs : 0) + 50 ? [`${seed}: nobody answered for ${darkMs} ms`] : []),
        ...(heals ? [] : [`${seed}: nobody answers when all lists are back`]),
      ],
      heals,
    };
  } finally {
    await lists.end();
  }
}

/** An empty list is no cluster: everybody then votes alone, and writes so on its disk. */
const noCluster = ({ announcers }: Reading) => ({
  announcers: announcers?.length === 0 ? undefined : announcers,
  present: [],
});

/** Machines on whose disks stand records that the cluster never had, each able to follow the same one, begin anew; some have the right one. */
async function mend(seed: number): Promise<void> {
  const random = new Random(seed);
  const lists = new Lists(3, seed);
  const { machines, names, network } = lists.world;
  try {
    for (const number of machines.keys()) await lists.see(number, lists.all);
    for (const number of machines.keys()) await lists.start(number);
    await lists.run(60_000);
    for (const number of machines.keys()) await lists.kill(number);
    const { version = 0 } = lists.record.group ?? {};
    const previous = random.shuffle(names).slice(0, 2);
    const right = random.whole(0, machines.length);
    for (const [number, machine] of machines.entries()) {
      if (number === right || machine.disk === undefined) continue;
      const voters = [previous[machine.name === previous[0] ? 0 : 1] ?? ''];
      machine.disk = { ...machine.disk, group: { version: version + 2, voters, previous }, settled: false };
    }
    if (random.chance(0.5)) network.weather = { loss: 0.3, doubled: 0.1, late: 0.1 };
    for (const number of random.shuffle([...machines.keys()])) {
      await lists.start(number);
      await lists.run(random.between(0, 3000));
    }
    await lists.run(10_000);
    network.heal();
    await lists.run(30_000);
    const answers = lists.vips.map((vip) => lists.world.openAt(vip).length);
    assert.deepEqual([lists.world.violation, answers], [undefined, [1, 1]], `seed ${seed}`);
    assert.deepEqual(
      machines.map(({ disk }) => disk?.group?.voters.toSorted()),
      machines.map(() => names),
    );
  } finally {
    await lists.end();
  }
}

const seeds = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

describe('machines that hear each other', () => {
  it('answer on while the cluster’s list of them is lost and back: 8 histories', async () => {
    for (const seed of seeds(8)) assert.deepEqual((await play(seed, false)).wrong, []);
  });

  it('and follow one another where they start anew meanwhile: 8 histories', async () => {
    for (const seed of seeds(8)) assert.deepEqual((await play(seed, true)).wrong, []);
  });

  it('would fall dark if they spoke only to whom the list names', async () => {
    const forgets = ({ announcers }: Reading) => ({ announcers, present: [] });
    assert.match((await play(1, false, forgets)).wrong.join(), /nobody answered for/);
  });

  it('and would vote in two groups of one version if an empty list were no cluster, for good', async () => {
    const found = [];
    for (const seed of seeds(3)) found.push(await play(seed, false, noCluster));
    assert.match(found.flatMap(({ wrong }) => wrong).join(), /records of version/);
  });

  it('are mended by the record of the cluster where their disks disagree on who votes: 16 histories', async () => {
    for (const seed of seeds(16)) await mend(seed);
  });
});
