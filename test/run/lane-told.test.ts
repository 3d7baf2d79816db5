import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlanUnit, Refusal } from '../../src/model/index.ts';
import { laneStage, resource } from './lane-stage.ts';
import { tinyPlanner } from './tiny-planner.ts';
import { settled } from './virtual-clock.ts';

function refusal(by: string): Refusal {
  return { kind: 'Thing', id: 'a', unit: 'a', op: 'delete', why: 'guarded', services: ['a'], by };
}

describe('what a lane tells of its plans', () => {
  it('a plan that only refuses is told again when it is another one, however often it is made', async () => {
    const told: PlanUnit[] = [];
    let by = 'this';
    const { want, stop, world } = laneStage({
      planner: {
        ...tinyPlanner,
        *planSliced(...input) {
          yield;
          return { ...tinyPlanner.plan(...input), refused: [refusal(by)] };
        },
      },
      events: { planned: (unit) => void told.push(unit), step() {}, applied() {} },
    });
    want([resource('a')]);
    await settled();
    const lookAgain = async () => {
      for (let i = 0; i < 5; i++) {
        world.changed('a', 'somebody told');
        await settled();
      }
      assert.equal(world.calls.splice(0).filter((call) => call === 'observe a').length, 5);
    };
    assert.deepEqual(
      told.map(({ steps, refused }) => [steps.length, refused[0]?.by]),
      [[1, 'this']],
      'what is done is told with what is refused',
    );
    await lookAgain();
    assert.equal(told.length, 2, 'then that nothing but a refusal is left, once');
    by = 'that';
    await lookAgain();
    assert.deepEqual(
      told.slice(2).map(({ refused }) => refused[0]?.by),
      ['that'],
    );
    await stop();
  });

  it('a plan that waits is told once; what is done next, and a wait after it, anew', async () => {
    const told: PlanUnit[] = [];
    const { want, clock, stop, world } = laneStage({
      events: { planned: (unit) => void told.push(unit), step() {}, applied() {} },
    });
    const kinds = () => told.splice(0).map(({ steps }) => steps.map(({ op }) => op).join());
    want([resource('a', { attrs: { gate: 'm' } })]);
    await clock.pass(20_000);
    assert.deepEqual(kinds(), ['create,wait', 'wait']);
    want([resource('a', { attrs: { gate: 'm', x: 1 } })]);
    await clock.pass(20_000);
    assert.deepEqual(kinds(), ['update,wait', 'wait']);
    world.setHealth('a', 'm', 'ready');
    await clock.pass(20_000);
    assert.deepEqual(kinds(), []);
    await stop();
  });
});
