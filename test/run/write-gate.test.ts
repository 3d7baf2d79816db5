import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLimiter, type Term, WriteGate } from '../../src/run/index.ts';
import { laneStage, resource } from './lane-stage.ts';
import { settled, VirtualClock } from './virtual-clock.ts';

/** A lane whose weir leads while a test says so. */
function stage() {
  let term: Term | undefined;
  const gate = new WriteGate(() => term);
  const lane = laneStage({ gate });
  const lead = (next: Term | undefined) => {
    term = next;
    lane.lane.gateChanged();
  };
  return {
    ...lane,
    lead,
    /** Without a word to anybody, as a clock does it. */
    lapse: () => {
      term = undefined;
    },
  };
}

describe('a lane behind a gate', () => {
  it('follows: it reads, plans and writes nothing, is ready and waits for no clock', async () => {
    const { clock, lane, world, want, stop, state, applied, steps } = stage();
    want([resource('a')]);
    await clock.pass(120_000);
    assert.equal(lane.started, true);
    assert.deepEqual(world.writes(), []);
    assert.deepEqual([state('a')?.state, state('a')?.message], ['waiting', '1 step is left to the leader']);
    assert.deepEqual([applied, steps], [[], []]);
    assert.deepEqual(world.calls, ['observe all']);
    await stop();
  });

  it('looks at what is wanted once a second while it follows, and at once when it comes to lead', async () => {
    const { clock, want, stop, state, world, lead } = stage();
    want([resource('a')]);
    await settled();
    want([resource('a'), resource('b')]);
    await clock.pass(900);
    assert.equal(state('b'), undefined);
    await clock.pass(200);
    assert.equal(state('b')?.state, 'waiting');
    want([resource('c')]);
    await settled();
    assert.equal(state('c'), undefined);
    lead('1');
    await settled();
    assert.deepEqual(world.writes(), ['create c']);
    await stop();
  });

  it('reads everything anew when it comes to lead, and goes by that', async () => {
    const { clock, world, want, stop, state, lead } = stage();
    want([resource('a'), resource('b')]);
    await clock.pass(1_000);
    // The leader before has made it, and nobody has told.
    const made = { kind: 'Thing', id: 'a', unit: 'a', serves: ['a'], attrs: {}, refs: {}, sets: {} };
    world.objects.set('h-a', { ...made, handle: 'h-a', owned: true, facts: {} });
    lead('1');
    await clock.pass(1_000);
    assert.deepEqual(world.calls.slice(0, 3), ['observe all', 'observe all', 'create b']);
    assert.deepEqual(world.writes(), ['create b']);
    assert.deepEqual([state('a')?.state, state('b')?.state], ['in sync', 'in sync']);
    await stop();
  });

  it('starts no call once the term has ended, though nobody has told it; what was under way ends', async () => {
    const { clock, world, want, stop, steps, lead, lapse, state } = stage();
    lead('1');
    const release: (() => void)[] = [];
    world.before = (call) =>
      call.startsWith('create') ? new Promise<void>((done) => void release.push(done)) : undefined;
    // More than go side by side.
    want([...'abcdefghijklm'].map((id) => resource(id, { unit: 'u' })));
    await clock.pass(100);
    const before = [...world.writes()];
    assert.ok(before.length > 0 && before.length < 13, `${before.length} under way`);
    lapse();
    for (const done of release) done();
    await clock.pass(60_000);
    assert.deepEqual(world.writes(), before);
    assert.equal(steps.length, before.length);
    assert.ok(steps.every(({ result }) => result === 'done'));
    assert.equal(state('u')?.state, 'waiting');
    await stop();
  });

  it('does not go on with the plan of an earlier term', async () => {
    const { clock, world, want, stop, lead, lapse } = stage();
    lead('1');
    want([resource('a')]);
    await clock.pass(1_000);
    lapse();
    want([resource('a'), resource('b')]);
    await clock.pass(1_000);
    const read = world.calls.length;
    lead('3');
    await clock.pass(1_000);
    assert.deepEqual(world.calls.slice(read, read + 2), ['observe all', 'create b']);
    await stop();
  });
});

describe('a limiter behind a gate', () => {
  it('gives no token for a write that has waited until the gate was shut; reads go on', async () => {
    const clock = new VirtualClock();
    let term: Term | undefined = '1';
    const gate = new WriteGate(() => term);
    gate.admit('1');
    const rates = { read: { perSecond: 1, burst: 5, reads: true }, write: { perSecond: 1, burst: 1 } } as const;
    const limiter = createLimiter(clock, {}, rates, gate);
    const { signal } = new AbortController();
    await limiter.take('write', 1, signal);
    const late = assert.rejects(limiter.take('write', 1, signal), { code: 'E_NOT_LEADER' });
    term = undefined;
    await clock.pass(5_000);
    await late;
    await limiter.take('read', 1, signal);
    await assert.rejects(limiter.take('write', 1, signal), { code: 'E_NOT_LEADER' });
    term = '2';
    await assert.rejects(limiter.take('write', 1, signal), { code: 'E_NOT_LEADER' }, 'nothing was read in this term');
    gate.admit('2');
    await limiter.take('write', 1, signal);
  });
});
