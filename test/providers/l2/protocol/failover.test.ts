import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Blow, measureFailover, percentile } from './failover.ts';
import { Random } from './random.ts';
import { product } from './subject.ts';
import { World } from './world.ts';

describe('takeover, in virtual time', () => {
  const blows: readonly Blow[] = ['kill', 'stop', 'cut', 'send cut'];
  for (const blow of blows) {
    it(`after ${blow} of the owner takes 300 ms in the middle and 350 ms at most, with 3 voters`, () => {
      const sorted = measureFailover(3, 3, blow, 0, 60);
      assert.ok(percentile(sorted, 0.5) <= 300, `${percentile(sorted, 0.5)} ms`);
      assert.ok(percentile(sorted, 1) <= 350, `${percentile(sorted, 1)} ms`);
    });
  }

  it('of an owner that is heard and hears nothing takes a second: first it has to notice', () => {
    const most = percentile(measureFailover(3, 3, 'deaf', 0, 60), 1);
    assert.ok(most <= 1100, `${most} ms`);
  });

  it('with 30 % loss takes 600 ms at most', () => {
    const most = percentile(measureFailover(3, 3, 'kill', 0.3, 60), 1);
    assert.ok(most <= 600, `${most} ms`);
  });

  it('by nodes that have no vote takes 400 ms at most: they are nudged', () => {
    const most = percentile(measureFailover(8, 5, 'kill', 0, 30), 1);
    assert.ok(most <= 400, `${most} ms`);
  });

  it('as planned takes 2.5 ms for nine of ten and 20 ms at most', () => {
    const sorted = measureFailover(3, 3, 'hand-over', 0, 100);
    assert.ok(percentile(sorted, 0.9) <= 2.5, `${percentile(sorted, 0.9)} ms`);
    assert.ok(percentile(sorted, 1) <= 20, `${percentile(sorted, 1)} ms`);
  });
});

describe('without faults', () => {
  it('no address moves, not with half of all datagrams lost', () => {
    for (const loss of [0, 0.3, 0.5]) {
      const world = new World(3, 3, new Random(7), product);
      const vips = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
      const ranks = new Map(
        vips.map((vip, index) => [vip, [...world.names.slice(index), ...world.names.slice(0, index)]]),
      );
      for (const number of world.machines.keys()) world.start(number, ranks);
      world.run(2000);
      const before = world.moves.length;
      assert.equal(before >= vips.length, true);
      world.network.weather = { loss, doubled: 0.1, late: 0 };
      world.run(22_000);
      assert.deepEqual(world.moves.slice(before), [], `at ${loss}`);
    }
  });
});
