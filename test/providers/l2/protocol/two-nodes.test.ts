import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Mode, modes } from '../../../../providers/l2/protocol/modes.ts';
import { Random } from './random.ts';
import { product } from './subject.ts';
import { World } from './world.ts';

const vip = '192.0.2.1';
const blows = ['kill', 'stop', 'cut', 'link'] as const;
type Blow = (typeof blows)[number];

/** Two nodes (and a witness) at rest, the first one answering. */
function settle(mode: Mode, seed = 1): World {
  const count = mode === 'witness' ? 3 : 2;
  const world = new World(count, count, new Random(seed), product, mode);
  const ranks = new Map([[vip, world.names.slice(0, 2)]]);
  for (const number of world.machines.keys()) world.start(number, ranks);
  world.run(2000);
  assert.deepEqual(world.openAt(vip), [0]);
  return world;
}

/** `cut` takes a node off the network with all that is on it; `link` only what goes between the two. */
function strike(world: World, blow: Blow, until = 60_000): void {
  const [first] = world.machines;
  if (blow === 'kill') first?.kill();
  if (blow === 'stop') first?.stop(until);
  if (blow === 'cut') {
    world.network.disturb((from, to) => from === 0 || to === 0, until);
    world.api.disturb((number) => number === 0, until);
  }
  if (blow === 'link') world.network.disturb((from, to) => Math.min(from, to) === 0 && Math.max(from, to) === 1, until);
}

/** Who answers, looked at each 10 ms. */
function watch(world: World, ms: number): readonly (readonly number[])[] {
  const seen: (readonly number[])[] = [];
  for (const end = world.agenda.now + ms; world.agenda.now < end; ) {
    world.agenda.run(world.agenda.now + 10, () => false);
    seen.push(world.openAt(vip));
  }
  return seen;
}

const expected: Record<Mode, Record<Blow, 'second' | 'one' | 'nobody' | 'both'>> = {
  witness: { kill: 'second', stop: 'second', cut: 'second', link: 'one' },
  api: { kill: 'second', stop: 'second', cut: 'second', link: 'one' },
  strict: { kill: 'nobody', stop: 'nobody', cut: 'nobody', link: 'nobody' },
  available: { kill: 'second', stop: 'second', cut: 'second', link: 'both' },
};

describe('two nodes', () => {
  for (const mode of modes) {
    const outcomes = expected[mode];
    for (const blow of blows) {
      it(`${mode}, ${blow}: ${outcomes[blow]}`, () => {
        const world = settle(mode);
        strike(world, blow);
        const during = watch(world, 500);
        const after = watch(world, 2000);
        const last = JSON.stringify(after.at(-1));
        if (outcomes[blow] === 'second') assert.equal(last, '[1]');
        if (outcomes[blow] === 'one') assert.ok(['[0]', '[1]'].includes(last), last);
        if (outcomes[blow] === 'nobody') assert.equal(last, '[]');
        if (outcomes[blow] === 'both') assert.equal(last, '[0,1]');
        else assert.ok([...during, ...after].every((open) => open.length <= 1));
      });
    }

    it(`${mode}: one answers again once all is well`, () => {
      for (const blow of blows) {
        const world = settle(mode, 3);
        strike(world, blow, 4000);
        world.agenda.run(5000, () => false);
        if (blow === 'kill') world.start(0, new Map([[vip, world.names.slice(0, 2)]]));
        world.agenda.run(8000, () => false);
        assert.ok(
          watch(world, 1000).every((open) => open.length === 1),
          blow,
        );
      }
    });
  }

  it('available: when they see each other again the newer claim stays, within half a second', () => {
    const world = settle('available');
    strike(world, 'link', 6000);
    world.agenda.run(6000, () => false);
    assert.deepEqual(world.openAt(vip), [0, 1]);
    world.agenda.run(6500, () => false);
    assert.deepEqual(world.openAt(vip), [1]);
    assert.ok(world.reports.some(({ kind, from }) => (kind === 'outdone' || kind === 'refused') && from === 0));
    assert.ok(watch(world, 3000).every((open) => JSON.stringify(open) === '[1]'));
  });

  it('available: closed without the gateway', () => {
    const world = settle('available');
    world.network.disturb(() => true, 60_000);
    world.agenda.run(2500, () => false);
    assert.deepEqual(world.openAt(vip), []);
  });

  it('api: nothing is asked while both are there, and nothing moves while the server is gone for ten minutes', () => {
    const world = settle('api');
    const asked = world.api.asked;
    world.api.disturb(() => true, 602_000);
    const moves = world.moves.length;
    world.run(602_000);
    assert.deepEqual([world.api.asked, world.moves.length, world.openAt(vip)], [asked, moves, [0]]);
  });

  it('api: with the other and the server gone, it closes after ten seconds; the vote is given back afterwards', () => {
    const world = settle('api');
    world.machines[1]?.kill();
    world.run(4000);
    assert.deepEqual([world.openAt(vip), world.api.holder], [[0], 'node-0']);
    world.api.disturb(() => true, 40_000);
    world.run(12_000);
    assert.deepEqual(world.openAt(vip), [0]);
    world.run(16_000);
    assert.deepEqual(world.openAt(vip), []);
    world.run(45_000);
    assert.deepEqual(world.openAt(vip), [0]);
    world.start(1, new Map([[vip, world.names]]));
    world.run(50_000);
    assert.deepEqual([world.openAt(vip), world.api.holder], [[0], '']);
  });

  it('api: if the one that dies holds the vote, the other one waits until it has run out', () => {
    const world = settle('api');
    world.machines[1]?.kill();
    world.run(4000);
    world.start(1, new Map([[vip, world.names]]));
    world.network.disturb(() => true, 60_000);
    world.run(6000);
    assert.equal(world.api.holder, 'node-0');
    world.machines[0]?.crash();
    world.run(14_000);
    assert.deepEqual(world.openAt(vip), []);
    world.run(20_000);
    assert.deepEqual(world.openAt(vip), [1]);
  });

  it('says when it goes on alone, and when it cannot', () => {
    const told = (mode: Mode) => {
      const world = settle(mode);
      world.machines[1]?.kill();
      world.run(4000);
      return world.reports.filter(({ from, at }) => from === 0 && at > 2000).map(({ kind }) => kind);
    };
    assert.ok(told('api').includes('alone'));
    assert.ok(told('available').includes('alone'));
    assert.ok(told('strict').includes('quorum'));
  });
});
