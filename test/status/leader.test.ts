import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KubeError } from '../../src/kube/index.ts';
import { createLeader, type Leader, type LeaderOptions } from '../../src/status/leader.ts';
import { collect } from '../kube-client/cluster-to.ts';
import { LeaseStore } from '../kube-client/lease-store.ts';
import { VirtualClock } from '../run/virtual-clock.ts';

const counted: string[] = [];

function candidate(store: LeaseStore, identity: string, more: Partial<LeaderOptions> = {}): Leader {
  const { log } = collect();
  return createLeader({
    open: async () => ({ ...store.client(() => 5), close: async () => {} }),
    name: 'weir',
    leaseMs: 15_000,
    renewDeadlineMs: 10_000,
    retryMs: 1_500,
    identity,
    clock: store.clock,
    log,
    metrics: { count: (name, { lease }) => counted.push(`${name} ${lease}`) },
    ...more,
  });
}

function stage() {
  const clock = new VirtualClock();
  return { clock, store: new LeaseStore(clock) };
}

const nothing = () => {};

describe('the leader of a shared system', () => {
  it('is one; who follows knows who it is; what it gives back is taken within a second', async () => {
    const { clock, store } = stage();
    const [a, b] = [candidate(store, 'a'), candidate(store, 'b')];
    const [ofA, ofB] = [a.join('main', 'awselb-prod'), b.join('main', 'awselb-prod')];
    assert.equal(ofA(), undefined, 'before it stands');
    counted.length = 0;
    a.start(nothing);
    await clock.pass(100);
    b.start(nothing);
    await clock.pass(30_000);
    assert.equal(ofA(), '0');
    assert.equal(ofB(), undefined);
    const seat = { lease: 'weir-awselb-prod', namespace: 'default', balancers: ['main'], transitions: 0 };
    assert.deepEqual(a.leases(), [{ ...seat, leader: true, holder: 'a' }]);
    assert.deepEqual(b.leases(), [{ ...seat, leader: false, holder: 'a' }]);
    assert.deepEqual(counted, ['weir_leader_transitions_total weir-awselb-prod']);
    const closing = a.close();
    assert.equal(ofA(), undefined, 'from the call on');
    await clock.pass(20);
    await closing;
    await clock.pass(980);
    assert.equal(ofB(), '1');
    const last = b.close();
    await clock.pass(100);
    await last;
  });

  it('has no term any more once its view of the Lease has ended, whoever was asked for how long', async () => {
    const { clock, store } = stage();
    let answers = true;
    const a = candidate(store, 'a', {
      open: async () => ({
        ...store.client(
          () => 5,
          () => (answers ? undefined : new KubeError(0, 'Unreachable', 'gone')),
        ),
        close: async () => {},
      }),
    });
    const term = a.join('main', 's');
    let told = 0;
    a.start(() => told++);
    await clock.pass(20_000);
    assert.equal(term(), '0');
    answers = false;
    const lastMs = store.writes.at(-1)?.atMs ?? Number.NaN;
    const lookMs = 10;
    while (term() !== undefined) await clock.pass(lookMs);
    assert.ok(clock.now() <= lastMs + 10_000 + lookMs, `${clock.now() - lastMs} ms after the last renewal`);
    told = 0;
    await clock.pass(5_000);
    assert.ok(told > 0, 'whoever waits is told');
    assert.match(a.problems()[0]?.message ?? '', /^lease default\/weir-s: gone$/);
    const [lost] = a.leases();
    assert.deepEqual([lost?.leader, lost?.holder], [false, undefined], 'it names itself as nobody to follow');
    answers = true;
    await clock.pass(2_000);
    assert.equal(term(), '0', 'nobody else has held it: the term goes on');
    assert.deepEqual(a.problems(), []);
    const closing = a.close();
    await clock.pass(100);
    await closing;
  });

  it('has another term once somebody else has held the Lease', async () => {
    const { clock, store } = stage();
    const [a, b] = [candidate(store, 'a'), candidate(store, 'b')];
    const [ofA] = [a.join('main', 's'), b.join('main', 's')];
    a.start(nothing);
    await clock.pass(1_000);
    const before = ofA();
    const closing = a.close();
    await clock.pass(100);
    await closing;
    b.start(nothing);
    await clock.pass(1_000);
    a.start(nothing);
    await clock.pass(1_000);
    const gone = b.close();
    await clock.pass(3_000);
    await gone;
    assert.deepEqual([before, ofA()], ['0', '2']);
    const last = a.close();
    await clock.pass(100);
    await last;
  });

  it('asks for one Lease a system, by a name that the API takes and that no other system has', async () => {
    const { store } = stage();
    const a = candidate(store, 'a', { name: 'edge' });
    for (const [balancer, system] of [
      ['one', 'awselb-prod'],
      ['two', 'awselb-prod'],
      ['three', 'awselb-Prod'],
      ['four', `awselb-${'x'.repeat(300)}`],
    ] as const)
      a.join(balancer, system);
    const leases = a.leases();
    assert.deepEqual(leases[0]?.balancers, ['one', 'two']);
    assert.equal(leases[0]?.lease, 'edge-awselb-prod');
    assert.match(leases[1]?.lease ?? '', /^edge-awselb-prod-[0-9a-f]{8}$/);
    for (const { lease } of leases) assert.match(lease, /^[a-z0-9]([a-z0-9-]{0,250}[a-z0-9])?$/);
  });

  it('that is wanted for one command waits for what is free soon, and says who keeps the Lease', async () => {
    const { clock, store } = stage();
    const [a, b] = [candidate(store, 'a'), candidate(store, 'b')];
    for (const one of [a, b]) one.join('main', 's');
    a.start(nothing);
    const got = a.acquire(new AbortController().signal);
    await clock.pass(200);
    await got;
    b.start(nothing);
    const refused = assert.rejects(b.acquire(new AbortController().signal), {
      code: 'E_NOT_LEADER',
      message: 'lease weir-s is held by a',
    });
    await clock.pass(20_000);
    await refused;
    const closing = Promise.all([a.close(), b.close()]);
    await clock.pass(1_000);
    await closing;
  });

  it('that takes other things than this weir is told, as nobody writes what only this one takes', async () => {
    const { clock, store } = stage();
    const a = candidate(store, 'a', { takes: 'classes one' });
    const others = ['classes one', 'classes two'].map((takes) => candidate(store, takes, { takes }));
    a.join('status', 'status');
    a.start(nothing);
    await clock.pass(100);
    for (const one of others) {
      one.join('status', 'status');
      one.start(nothing);
    }
    await clock.pass(3_000);
    assert.deepEqual(
      [a, ...others].map((one) => one.problems().map(({ code }) => code)),
      [[], [], ['W_LEASE_SHARED']],
    );
    assert.match(
      others[1]?.problems()[0]?.message ?? '',
      /default\/weir-status is held by a, .*classes one.*classes two/,
    );
    const closing = Promise.all([a, ...others].map((one) => one.close()));
    await clock.pass(1_000);
    await closing;
  });

  it('that may not have the Lease says so at once, and what cannot be opened is tried again', async () => {
    const { clock, store } = stage();
    const forbidden = new KubeError(403, 'Forbidden', 'leases is forbidden');
    const client = store.client(
      () => 5,
      () => forbidden,
    );
    const a = candidate(store, 'a', { open: async () => ({ ...client, close: async () => {} }) });
    a.join('main', 's');
    a.start(nothing);
    const refused = assert.rejects(a.acquire(new AbortController().signal), { code: 'E_LEASE', message: /forbidden/ });
    await clock.pass(1_000);
    await refused;
    assert.match(a.problems()[0]?.message ?? '', /Grant get, create and patch of leases/);
    let opened = 0;
    const b = candidate(store, 'b', {
      open: async () => {
        if (opened++ === 0) throw new KubeError(0, 'Config', 'kubeconfig x: there is no such file');
        return { ...store.client(() => 5), close: async () => {} };
      },
    });
    const term = b.join('main', 's');
    b.start(nothing);
    await clock.pass(100);
    assert.match(b.problems()[0]?.message ?? '', /no such file/);
    await clock.pass(6_000);
    assert.equal(term(), '0');
    const closing = Promise.all([a.close(), b.close()]);
    await clock.pass(1_000);
    await closing;
  });
});
