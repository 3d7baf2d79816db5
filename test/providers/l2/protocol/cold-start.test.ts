import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ranks } from '../../../../providers/l2/protocol/events.ts';
import { spreadVips } from '../../../../providers/l2/protocol/spread.ts';
import { Random } from './random.ts';
import { product } from './subject.ts';
import { World } from './world.ts';

const vips = Array.from({ length: 9 }, (_, at) => `192.0.2.${at + 1}`);

/** Three nodes of one plan, begun at these times, of which nobody was there before. */
function begin(...startsMs: readonly number[]) {
  const world = new World(startsMs.length, startsMs.length, new Random(7), product);
  const ranks: Ranks = new Map(spreadVips(vips.map((vip) => ({ vip, nodes: world.names, owner: undefined }))));
  for (const [number, at] of startsMs.entries()) world.agenda.at(at, () => world.start(number, ranks));
  const counts = () => world.names.map((_, number) => vips.filter((vip) => world.openAt(vip).includes(number)).length);
  return { world, counts };
}

describe('a start of all nodes', () => {
  it('spreads the addresses as the plan says, though the nodes begin within two seconds', () => {
    for (const starts of [
      [0, 0, 0],
      [0, 900, 2000],
      [2000, 0, 1000],
    ]) {
      const { world, counts } = begin(...starts);
      world.run(6000);
      assert.deepEqual(counts(), [3, 3, 3], starts.join());
      assert.equal(world.moves.length, vips.length, 'nothing moved');
    }
  });

  it('is waited for no longer than three seconds: a node that takes nothing leaves its share to the others', () => {
    const { world, counts } = begin(0, 0, 0);
    world.agenda.at(1, () => world.machines[2]?.give({ kind: 'eligible', eligible: false }));
    world.run(2900);
    assert.deepEqual(counts(), [3, 3, 0]);
    world.run(4500);
    const [one = 0, other = 0, none] = counts();
    assert.deepEqual([one + other, none], [9, 0]);
  });

  it('holds nobody up who follows an owner that was heard, from the first second on', () => {
    const { world, counts } = begin(0, 0, 0);
    world.run(1000);
    world.machines[0]?.kill();
    world.run(1000 + 500);
    const [, one = 0, other = 0] = counts();
    assert.equal(one + other, 9);
  });
});

describe('nodes that need time to find out whether they can have addresses', () => {
  it('leave to each other what they come first for, whoever is done before', () => {
    const { world, counts } = begin(0, 0, 0);
    const plan = spreadVips(vips.map((vip) => ({ vip, nodes: world.names, owner: undefined })));
    for (const [number, machine] of world.machines.entries()) {
      const name = world.names[number];
      const without: Ranks = new Map([...plan].map(([vip, nodes]) => [vip, nodes.filter((node) => node !== name)]));
      world.agenda.at(1, () => machine.give({ kind: 'rank', ranks: without }));
      world.agenda.at(4000 + 1500 * number, () => machine.give({ kind: 'rank', ranks: plan }));
    }
    world.run(12_000);
    assert.deepEqual(counts(), [3, 3, 3]);
  });
});

describe('new addresses, of which the nodes hear one after another', () => {
  it('go to those whom the plan names, and take none away from anybody', () => {
    const { world } = begin(0, 0, 0);
    world.run(2000);
    const [had, held] = [world.moves.length, vips.map((vip) => world.openAt(vip))];
    const more = Array.from({ length: 300 }, (_, at) => `198.51.${Math.floor(at / 100)}.${at % 100}`);
    const plan = spreadVips([...vips, ...more].map((vip) => ({ vip, nodes: world.names, owner: undefined })));
    const ranks = (count: number): Ranks => new Map([...plan].slice(0, vips.length + count));
    for (let count = 0; count <= more.length; count += 50)
      for (const [number, machine] of world.machines.entries())
        world.agenda.at(2000 + 10 * count + 300 * number, () => machine.give({ kind: 'rank', ranks: ranks(count) }));
    world.run(9000);
    assert.deepEqual(
      vips.map((vip) => world.openAt(vip)),
      held,
    );
    assert.equal(world.moves.length - had, more.length, 'each was opened once, by one node');
    const first = more.filter((vip) => world.names[world.openAt(vip)[0] ?? -1] === plan.get(vip)?.[0]);
    assert.equal(first.length, more.length);
  });
});
