import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { WeirError } from '../../src/model/index.ts';
import { Claims } from '../../src/run/index.ts';
import { laneStage, resource, tinyProvider } from './lane-stage.ts';
import { object } from './steps.ts';
import { settled } from './virtual-clock.ts';

/** For what waits for a disk: until it holds, two seconds at most. */
async function eventually(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 400; tries++) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(holds());
}

describe('a lane', () => {
  it('brings the world to what is wanted, at once, and then is quiet', async () => {
    const { world, want, clock, stop, state, applied } = laneStage();
    want([resource('a'), resource('b')]);
    await settled();
    assert.deepEqual([...world.writes()].sort(), ['create a', 'create b']);
    assert.equal(state('a')?.state, 'in sync');
    assert.deepEqual(
      applied.map(({ unit, result, cause }) => [unit, result, cause]),
      [
        ['a', 'done', 'test'],
        ['b', 'done', 'test'],
      ],
    );
    const calls = world.calls.length;
    await clock.pass(500_000);
    assert.equal(world.calls.length, calls, 'steady state makes no call between audits');
    await stop();
  });

  it('touches only the unit that changed', async () => {
    const { world, want, stop } = laneStage();
    const a = resource('a');
    want([a, resource('b')]);
    await settled();
    world.calls.length = 0;
    want([a, resource('b', { attrs: { x: 1 } })]);
    await settled();
    assert.deepEqual(world.calls, ['update b']);
    await stop();
  });

  it('long work at what is wanted lets others come first, and until it is done nobody is told that all is well', async () => {
    const seen: string[] = [];
    const { lane, world, want, clock, stop } = laneStage({
      *desire() {
        for (let i = 0; i < 3; i++) {
          clock.worked(20);
          seen.push(`slice ${i}, current ${lane.current}, settled ${lane.settled(3)}`);
          yield;
        }
        return { resources: [resource('a')], problems: [], withheld: new Set() };
      },
    });
    want([]);
    setImmediate(() => seen.push('somebody else'));
    await settled();
    const between = 'current false, settled false';
    assert.deepEqual(seen.slice(0, 3), [`slice 0, ${between}`, 'somebody else', `slice 1, ${between}`]);
    assert.deepEqual(world.writes(), ['create a']);
    assert.equal(lane.current, true);
    await stop();
  });

  it('a unit that fails backs off alone, is read before it is tried again, and recovers', async () => {
    const { world, want, clock, stop, state } = laneStage();
    let broken = true;
    world.before = (call) => {
      if (broken && call === 'create a') throw new WeirError('E_APPLY', 'no answer');
    };
    want([resource('a'), resource('b')]);
    await settled();
    assert.equal(state('a')?.state, 'failed');
    assert.equal(state('a')?.code, 'E_APPLY');
    assert.equal(state('b')?.state, 'in sync');
    const tries = () => world.calls.filter((call) => call === 'create a').length;
    assert.equal(tries(), 1);
    for (const [passMs, expected] of [
      [499, 1],
      [1, 2],
      [999, 2],
      [1, 3],
      [2000, 4],
    ] as const) {
      await clock.pass(passMs);
      assert.equal(tries(), expected);
    }
    const before = world.calls.lastIndexOf('create a');
    assert.equal(world.calls[before - 1], 'observe a');
    broken = false;
    await clock.pass(4000);
    assert.equal(state('a')?.state, 'in sync');
    assert.equal(state('a')?.retryInMs, undefined);
    await stop();
  });

  it('has not started while a system of its own does not answer; one that others share is not waited for', async () => {
    for (const [scope, waits] of [
      ['instance', true],
      ['shared', false],
    ] as const) {
      const capabilities = { ...tinyProvider.capabilities, scope };
      const { world, want, lane, clock, stop } = laneStage({ provider: { ...tinyProvider, capabilities } });
      world.before = (call) => {
        if (call === 'create a') throw new WeirError('E_APPLY', 'no answer');
      };
      want([resource('a')]);
      await settled();
      assert.equal(lane.started, !waits, scope);
      world.before = () => {};
      await clock.pass(1_000);
      assert.equal(lane.started, true, scope);
      // It was there once: what fails later is told, and serves on.
      world.before = (call) => {
        if (call === 'update a') throw new WeirError('E_APPLY', 'no answer');
      };
      want([resource('a', { attrs: { x: 1 } })]);
      await settled();
      assert.equal(lane.started, true, scope);
      await stop();
    }
  });

  it('what is refused waits for a change, and goes on at once when one comes', async () => {
    const { world, want, clock, stop, state } = laneStage();
    world.before = (call) => {
      if (call === 'create a') throw new WeirError('E_HELD', 'taken');
    };
    want([resource('a')]);
    await clock.pass(50_000);
    assert.deepEqual(world.writes(), ['create a']);
    world.before = () => {};
    want([resource('a', { attrs: { x: 1 } })]);
    await settled();
    assert.equal(state('a')?.state, 'in sync');
    await stop();
  });

  it('a change cures a failing unit soon, and does not hammer a failing system', async () => {
    const { world, want, clock, stop } = laneStage();
    world.before = (call) => {
      if (call === 'create a') throw new WeirError('E_APPLY', 'no answer');
    };
    want([resource('a')]);
    await clock.pass(10_000);
    const before = world.writes().length;
    for (let i = 0; i < 100; i++) {
      want([resource('a', { attrs: { i } })]);
      await clock.pass(10);
    }
    const tries = world.writes().length - before;
    assert.ok(tries >= 2 && tries <= 3, `${tries} tries in a second of steady changes`);
    await stop();
  });

  it('a unit at work does not hold up others, and what came meanwhile is done afterwards', async () => {
    const { world, want, stop } = laneStage();
    let release = () => {};
    world.before = (call) => (call === 'create slow' ? new Promise<void>((resolve) => (release = resolve)) : undefined);
    want([resource('slow')]);
    await settled();
    want([resource('slow', { attrs: { x: 2 } }), resource('b')]);
    await settled();
    assert.deepEqual(world.writes(), ['create slow', 'create b']);
    release();
    await settled();
    assert.deepEqual(world.writes(), ['create slow', 'create b', 'update slow']);
    assert.deepEqual(world.objects.get('h-slow')?.attrs, { x: 2 });
    await stop();
  });

  it('a newer wish ends a long plan between two steps', async () => {
    const { world, want, stop } = laneStage();
    const gate = Promise.withResolvers<void>();
    world.before = (call) => (call.startsWith('create') ? gate.promise : undefined);
    const many = Array.from({ length: 30 }, (_, i) => resource(`r${i}`, { unit: 'u' }));
    want(many);
    await settled();
    const begun = world.writes().length;
    want(many.slice(0, 10));
    await settled();
    gate.resolve();
    await settled();
    const created = world.writes().filter((call) => call.startsWith('create'));
    assert.ok(begun < 10 && created.length === 10, `${begun} begun, ${created.length} created`);
    assert.equal(world.objects.size, 10);
    await stop();
  });

  it('takes for its own what it has written down before making it, and nothing else', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'weir-claims-'));
    try {
      const claims = new Claims(directory);
      await claims.load(true);
      const kinds = [{ kind: 'Thing', claim: 'journal', immutable: [], refs: {}, sets: {} } as const];
      const { world, want, stop, lane } = laneStage({ claims, provider: { ...tinyProvider, kinds } });
      const session = world.session.bind(world);
      // The system knows no owner: everything in it looks like somebody else's.
      world.session = () => ({
        ...session(),
        observe: async () => [...world.objects.values()].map((o) => ({ ...o, owned: false })),
      });
      world.objects.set('h-theirs', object('h-theirs', { id: 'theirs', unit: 'a' }));
      want([resource('a')]);
      await eventually(() => world.writes().length === 1);
      world.changed('a', 'read again');
      await settled();
      assert.deepEqual(
        lane
          .observed()
          .map(({ id, owned }) => [id, owned])
          .sort(),
        [
          ['a', true],
          ['theirs', false],
        ],
      );
      want([]);
      await eventually(() => world.writes().length === 2);
      assert.deepEqual([...world.objects.keys()], ['h-theirs']);
      await stop();
      await claims.close();
      const again = new Claims(directory);
      await again.load(false);
      assert.deepEqual(
        again.adopt(new Map(kinds.map((spec) => [spec.kind, spec])), [object('a', { owned: false })])[0]?.owned,
        false,
      );
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('reads again what is said to have changed, and puts it right', async () => {
    const { world, want, stop } = laneStage();
    want([resource('a', { attrs: { x: 1 } }), resource('b')]);
    await settled();
    world.calls.length = 0;
    world.objects.set('h-a', object('h-a', { id: 'a', unit: 'a', attrs: { x: 'by hand' } }));
    world.changed('a', 'a hand');
    await settled();
    assert.deepEqual(world.calls, ['observe a', 'update a']);
    await stop();
  });

  it('an audit finds drift, but believes nothing old about what was just written', async () => {
    const { world, want, clock, stop } = laneStage({ auditMs: 60_000 });
    want([resource('a', { attrs: { x: 1 } })]);
    await clock.pass(55_000);
    const old = world.objects.get('h-a');
    want([resource('a', { attrs: { x: 2 } })]);
    await clock.pass(1000);
    if (old !== undefined) world.objects.set('h-a', old);
    world.calls.length = 0;
    await clock.pass(4100);
    assert.deepEqual(world.calls, ['observe all'], 'an answer from before our own write is not acted on');
    await clock.pass(60_000);
    assert.deepEqual(world.writes(), ['update a'], 'later it is drift');
    await stop();
  });

  it('nothing that an unread part could own is deleted', async () => {
    const { world, want, stop, state } = laneStage();
    want([resource('a'), resource('b')]);
    await settled();
    want([resource('a')], { incomplete: (service) => service === 'b' });
    await settled();
    assert.ok(world.objects.has('h-b'));
    assert.equal(state('b')?.state, 'waiting');
    assert.equal(state('b')?.code, 'E_INCOMPLETE');
    want([resource('a')]);
    await settled();
    assert.ok(!world.objects.has('h-b'), 'once everything can be read it goes');
    await stop();
  });

  it('a system that cannot be reached is tried again, later and later', async () => {
    let opened = 0;
    const { want, clock, stop, lane, world } = laneStage({
      open: async () => {
        if (++opened < 4) throw new WeirError('E_HAPROXY_SOCKET', 'refused');
        return world.session();
      },
    });
    want([resource('a')]);
    await settled();
    assert.equal(lane.problems()[0]?.code, 'E_HAPROXY_SOCKET');
    await clock.pass(3500);
    assert.equal(opened, 4);
    assert.deepEqual(world.writes(), ['create a']);
    assert.deepEqual(lane.problems(), []);
    await stop();
  });

  it('a provider that does not show what is written to it is told of, not written to for ever', async () => {
    const { want, clock, stop, state, world } = laneStage({
      planner: { ...(await import('./tiny-planner.ts')).tinyPlanner, advance: (observed) => observed },
    });
    want([resource('a')]);
    await clock.pass(100);
    assert.equal(state('a')?.code, 'E_APPLY');
    assert.match(state('a')?.message ?? '', /create Thing a was done but is not seen/);
    assert.deepEqual(world.writes(), ['create a']);
    await stop();
  });

  it('a system that never shows what is written to it is asked ever less often, and the log says so once', async () => {
    const told: string[] = [];
    const error = (_fields: object, message: string) => void told.push(message);
    const { want, clock, stop, world, lane } = laneStage({
      log: { debug() {}, info() {}, warn() {}, error },
      open: async () => ({ ...world.session(), observe: async () => [] }),
      planner: { ...(await import('./tiny-planner.ts')).tinyPlanner, advance: (observed) => observed },
    });
    want([resource('a')]);
    await clock.pass(60_000);
    assert.ok(world.writes().length > 2 && world.writes().length < 20, `${world.writes().length} writes in a minute`);
    assert.equal(lane.stateOf('a', 'a')?.state, 'failed');
    assert.equal(lane.stateOf('a', 'b')?.state, 'in sync');
    assert.deepEqual(told, ['create Thing a was done but is not seen (1 steps planned again unchanged)']);
    await stop();
  });
});
