/** What somebody else changes each time it was put back. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Step } from '../../src/model/index.ts';
import { Contests } from '../../src/run/contests.ts';
import { laneStage, resource, tinyProvider } from './lane-stage.ts';
import { step } from './steps.ts';
import { settled, VirtualClock } from './virtual-clock.ts';

const minuteMs = 60_000;

function fought(idle: string) {
  const stage = laneStage({ auditMs: minuteMs });
  const { world, clock, want } = stage;
  want([resource('a', { attrs: { idle } })]);
  /** Somebody writes his own, whenever it is not there. */
  const fight = async (minutes: number): Promise<number> => {
    const { length } = world.writes();
    for (let at = 0; at < minutes; at++) {
      const now = world.objects.get('h-a');
      if (now !== undefined) world.objects.set('h-a', { ...now, attrs: { idle: '30' } });
      await clock.pass(minuteMs);
    }
    return world.writes().length - length;
  };
  return { ...stage, fight };
}

describe('an attribute that two want', () => {
  it('is put back at once at first, then more and more seldom, and told', async () => {
    const { lane, fight, stop } = fought('60');
    await settled();
    assert.deepEqual(lane.problems(), []);
    assert.equal(await fight(3), 3);
    const [problem, ...more] = lane.problems();
    assert.deepEqual([problem?.code, more.length], ['W_CONTESTED', 0]);
    assert.match(
      problem?.message ?? '',
      /^Thing a: idle was set to "60" 3 times, as somebody changed it each time.*left as it is until \d{4}-/,
    );
    assert.equal(await fight(4), 0);
    const hour = await fight(60);
    assert.ok(hour >= 2 && hour <= 4, `${hour} writes within an hour`);
    const later = await fight(240);
    assert.ok(later >= 3 && later <= 5, `${later} writes within four hours`);
    await stop();
  });

  it('is written at once when something else is wanted, and forgotten when nobody fights', async () => {
    const { lane, world, clock, want, fight, stop } = fought('60');
    await settled();
    await fight(4);
    assert.equal(lane.problems().length, 1);
    want([resource('a', { attrs: { idle: '90' } })]);
    await settled();
    assert.deepEqual(world.objects.get('h-a')?.attrs, { idle: '90' });
    await clock.pass(120 * minuteMs);
    assert.deepEqual(lane.problems(), []);
    assert.equal(await fight(2), 2);
    assert.deepEqual(lane.problems(), []);
    await stop();
  });
});

describe('a plan of which a part is contested', () => {
  const [kind] = tinyProvider.kinds;
  assert.ok(kind !== undefined);
  const plain = { batch: 9 };
  const kinds = new Map([
    [
      'Thing',
      { ...kind, sets: { t: { batch: 9, serving: true }, tags: plain, ranges: { ...plain, deletes: true } } } as const,
    ],
  ]);
  const of = (set: string, ...keys: readonly string[]): Step =>
    step(1, 'set', { id: 'a', handle: 'h-a', set, members: keys.map((key) => [key, { attrs: { v: 1 } }] as const) });
  const rested = (...steps: readonly Step[]) => {
    const clock = new VirtualClock();
    const contests = new Contests(clock, kinds);
    const repeat = async () => {
      for (let time = 0; time < 3; time++) {
        contests.note(steps);
        await clock.pass(minuteMs);
      }
      return contests;
    };
    return repeat();
  };

  it('goes on with the rest; traffic and what lets somebody in are never left', async () => {
    const contests = await rested(of('tags', 'x'), of('t', '10.0.0.1'), of('ranges', 'tcp'));
    const sifted = contests.sift([of('tags', 'x', 'y'), of('t', '10.0.0.1'), of('ranges', 'tcp')]);
    assert.deepEqual(
      sifted.map(({ set, members = [] }) => [set, members.map(([key]) => key)]),
      [
        ['tags', ['y']],
        ['t', ['10.0.0.1']],
        ['ranges', ['tcp']],
      ],
    );
    assert.deepEqual(
      contests.problems('b').map(({ message }) => message.split(' was ')[0]),
      ['Thing a: tags x', 'Thing a: ranges tcp'],
    );
  });

  it('keeps what another step waits for', async () => {
    const contests = await rested(of('tags', 'x'));
    const next = step(2, 'update', { id: 'a', handle: 'h-a', attrs: { port: 1 }, after: [1] });
    assert.equal(contests.sift([of('tags', 'x'), next]).length, 2);
    assert.equal(contests.sift([of('tags', 'x')]).length, 0);
  });
});
