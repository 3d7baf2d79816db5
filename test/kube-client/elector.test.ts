import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createElector, type Elector, type ElectorOptions, KubeError } from '../../src/kube/index.ts';
import { VirtualClock } from '../run/virtual-clock.ts';
import { collect } from './cluster-to.ts';
import { LeaseStore } from './lease-store.ts';

function stage() {
  const clock = new VirtualClock();
  return { clock, store: new LeaseStore(clock) };
}

function candidate(store: LeaseStore, identity: string, more: Partial<ElectorOptions> = {}): Elector {
  const { log } = collect();
  const random = () => 0.5;
  const options = { namespace: 'weir', lease: 'l', identity, clock: store.clock, log, random, ...more };
  return createElector({ cluster: store.client(() => 5), ...options });
}

describe('an elector', () => {
  it('makes the Lease, keeps it and gives it back; the next takes it at once', async () => {
    const { clock, store } = stage();
    const [a, b] = [candidate(store, 'a'), candidate(store, 'b')];
    a.start();
    await clock.pass(100);
    b.start();
    await clock.pass(60_000);
    assert.equal(a.holds(clock.now()), true);
    assert.equal(b.holds(clock.now()), false);
    assert.equal(b.view().holder, 'a');
    assert.equal(a.view().transitions, 0);
    const closing = a.close();
    assert.equal(a.holds(clock.now()), false, 'from the call on');
    await clock.pass(1_000);
    await closing;
    await clock.pass(1_000);
    assert.equal(b.view().leader, true);
    assert.equal(b.view().transitions, 1);
    assert.equal(store.lease?.spec.leaseDurationSeconds, 15);
    const last = b.close();
    await clock.pass(5_000);
    await last;
    assert.equal(store.lease?.spec.holderIdentity, '');
  });

  it('takes over from one that is dead when the lease has run out, and not before', async () => {
    const { clock, store } = stage();
    let dead = false;
    const cluster = store.client(
      () => 5,
      () => (dead ? new KubeError(0, 'Unreachable', 'gone') : undefined),
    );
    const a = candidate(store, 'a', { cluster });
    const b = candidate(store, 'b');
    a.start();
    b.start();
    await clock.pass(20_000);
    assert.equal(a.view().leader, true);
    dead = true;
    const diedMs = clock.now();
    const lastMs = store.writes.at(-1)?.atMs ?? 0;
    while (!b.holds(clock.now())) {
      await clock.pass(10);
      assert.equal(a.holds(clock.now()) && b.holds(clock.now()), false);
    }
    assert.ok(clock.now() >= lastMs + 15_000, 'not before');
    assert.ok(clock.now() <= diedMs + 16_000, `${clock.now() - diedMs} ms`);
    assert.equal(a.view().error?.reason, 'Unreachable');
  });

  it('has lost it before anybody else can have it, however late its answers are', async () => {
    const { clock, store } = stage();
    let delayMs = 5;
    const a = candidate(store, 'a', { cluster: store.client(() => delayMs) });
    const b = candidate(store, 'b');
    a.start();
    b.start();
    await clock.pass(5_000);
    delayMs = 60_000;
    for (let i = 0; i < 400; i++) {
      await clock.pass(50);
      assert.equal(a.holds(clock.now()) && b.holds(clock.now()), false);
    }
    assert.equal(b.view().leader, true);
  });

  it('answers by the clock alone: a process that was stopped holds nothing when it goes on', async () => {
    const { clock, store } = stage();
    const a = candidate(store, 'a');
    a.start();
    await clock.pass(5_000);
    const untilMs = a.view().untilMs;
    assert.equal(a.holds(untilMs - 1), true);
    assert.equal(a.holds(untilMs), false);
    assert.ok(untilMs <= clock.now() + 10_000);
  });

  it('counts from before the write was sent, for whoever sees it sees it later', async () => {
    const { clock, store } = stage();
    const a = candidate(store, 'a', { cluster: store.client(() => 700) });
    a.start();
    for (let i = 0; i < 300; i++) {
      await clock.pass(100);
      const writtenMs = store.writes.at(-1)?.atMs ?? 0;
      assert.ok(a.view().untilMs < writtenMs + 10_000, `${a.view().untilMs} after the write of ${writtenMs}`);
    }
    assert.equal(a.view().leader, true);
  });

  it('of a machine that has slept holds nothing, although its monotonic clock has stood still', async () => {
    const { clock, store } = stage();
    let sleptMs = 0;
    const a = candidate(store, 'a', {
      clock: {
        now: () => clock.now(),
        wall: () => clock.wall() + sleptMs,
        sleep: (ms, signal) => clock.sleep(ms, signal),
      },
    });
    a.start();
    await clock.pass(5_000);
    assert.equal(a.holds(clock.now()), true);
    sleptMs = 60_000;
    assert.equal(a.holds(clock.now()), false);
    await clock.pass(2_000);
    assert.equal(a.holds(clock.now()), true, 'the next renewal counts again');
  });

  it('goes on when somebody else has only written something on it', async () => {
    const { clock, store } = stage();
    const a = candidate(store, 'a');
    a.start();
    await clock.pass(5_000);
    if (store.lease !== undefined) store.lease = { version: 900, spec: store.lease.spec };
    await clock.pass(5_000);
    assert.equal(a.view().leader, true);
    assert.equal(a.view().transitions, 0);
    store.lease = { version: 901, spec: { ...store.lease?.spec, holderIdentity: 'thief' } };
    await clock.pass(2_000);
    assert.equal(a.view().leader, false, 'taken from it');
    store.lease = undefined;
    await clock.pass(2_000);
    assert.equal(a.view().leader, true, 'deleted: made anew');
  });

  it('tells when it may not, once, and what it leads, once', async () => {
    const { clock, store } = stage();
    let refused: KubeError | undefined = new KubeError(403, 'Forbidden', 'no');
    const { log, logged } = collect();
    const told: (boolean | string)[] = [];
    const a = candidate(store, 'a', {
      log,
      cluster: store.client(
        () => 5,
        () => refused,
      ),
      onChange: (view) => {
        told.push(view.error?.reason ?? view.leader);
        throw new Error('of a handler');
      },
    });
    a.start();
    await clock.pass(10_000);
    refused = undefined;
    await clock.pass(10_000);
    assert.deepEqual(told, ['Forbidden', true]);
    const warned = logged.filter(({ level }) => level === 'warn');
    assert.match(warned.map(({ message }) => message).join('\n'), /^the lease cannot be kept up: no$/);
    assert.ok(
      warned.every(({ fields }) => !('err' in fields)),
      'a trace of what was to be expected helps nobody',
    );
  });

  it('refuses times that do not fit each other', () => {
    const { store } = stage();
    for (const times of [{ leaseMs: 1_500 }, { renewDeadlineMs: 15_000 }, { retryMs: 6_000 }])
      assert.throws(() => candidate(store, 'a', times), RangeError);
  });
});

/** Small and quick; the same seed gives the same run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('three candidates, answers late, lost, refused, and one of them stopped now and then', () => {
  for (let seed = 1; seed <= 12; seed++) {
    it(`never have two leaders, and have one most of the time (seed ${seed})`, async () => {
      const { clock, store } = stage();
      const random = seeded(seed);
      const stoppedUntil = [0, 0, 0];
      const electors = stoppedUntil.map((_, i) => {
        const cluster = store.client(
          // One that is stopped neither sends nor reads.
          () => Math.max(random() < 0.1 ? random() * 8_000 : random() * 30, (stoppedUntil[i] ?? 0) - clock.now()),
          () => (random() < 0.1 ? new KubeError(0, 'Closed', 'lost') : undefined),
        );
        return candidate(store, `c${i}`, { cluster, random });
      });
      for (const elector of electors) elector.start();
      let led = 0;
      const rounds = 3_000;
      for (let round = 0; round < rounds; round++) {
        if (random() < 0.005) {
          const stopped = electors.findIndex((elector) => elector.holds(clock.now()));
          if (stopped >= 0) stoppedUntil[stopped] = clock.now() + 30_000 * random();
        }
        await clock.pass(100);
        const leaders = electors.filter((elector) => elector.holds(clock.now())).length;
        assert.ok(leaders <= 1, `${leaders} leaders at ${clock.now()} ms`);
        led += leaders;
      }
      assert.ok(led > rounds * 0.3, `led ${led} of ${rounds}`);
      const holders = new Set(store.writes.map(({ holder }) => holder));
      assert.ok(holders.size >= 2, 'others have led too');
    });
  }
});
