import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { laneStage, resource } from './lane-stage.ts';
import { settled } from './virtual-clock.ts';

describe('a lane at a gate', () => {
  const gated = resource('a', { attrs: { gate: 'new' } });

  it('looks now and then, goes on when it opens, and lets other units work', async () => {
    const { world, want, clock, stop, state, steps } = laneStage();
    want([gated]);
    await settled();
    assert.equal(state('a')?.state, 'waiting');
    want([gated, resource('b')]);
    await clock.pass(1000);
    assert.ok(world.objects.has('h-b'));
    world.setHealth('a', 'new', 'ready');
    await clock.pass(5000);
    assert.equal(state('a')?.state, 'in sync');
    assert.equal(steps.filter(({ result }) => result === 'waiting').length, 1, 'told once');
    await stop();
  });

  it('a newer wish goes first', async () => {
    const { world, want, clock, stop, state } = laneStage();
    want([gated]);
    await clock.pass(1000);
    want([resource('a', { attrs: { x: 1 } })]);
    await settled();
    assert.equal(state('a')?.state, 'in sync');
    assert.deepEqual(world.writes(), ['create a', 'update a']);
    await stop();
  });

  it('fails at its deadline, backs off and goes on when it opens after all', async () => {
    const { world, want, clock, stop, state, lane } = laneStage();
    want([gated]);
    await clock.pass(59_000);
    assert.equal(state('a')?.state, 'waiting');
    assert.equal(lane.settled(3), false);
    await clock.pass(6000);
    assert.equal(state('a')?.state, 'failed');
    assert.equal(state('a')?.code, 'E_GATE_DEADLINE');
    assert.equal(lane.settled(3), true);
    await clock.pass(20_000);
    assert.equal(state('a')?.state, 'failed', 'planning again buys no time');
    world.setHealth('a', 'new', 'ready');
    await clock.pass(300_000);
    assert.equal(state('a')?.state, 'in sync');
    await stop();
  });
});
