import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openLeader, statusSystem } from '../../src/app/open-leader.ts';
import type { AppDeps } from '../../src/app.ts';
import { configSchema } from '../../src/config/index.ts';
import { type LeaseState, WeirError } from '../../src/model/index.ts';
import { noMetrics, systemClock } from '../../src/run/index.ts';
import type { Leader } from '../../src/status/leader.ts';
import { httpService, tcpService } from '../conformance/services.ts';
import { appStage, targets, until } from './stage.ts';

const web = httpService('shop/web', 80, targets);
const db = tcpService('shop/db', 5432, targets);
const { signal } = new AbortController();

/** Leads when a test says so. */
class Scripted implements Leader {
  term: string | undefined;
  joined: string[] = [];
  closed = 0;
  #changed = () => {};

  join(balancer: string, system: string): () => string | undefined {
    this.joined.push(`${balancer} ${system}`);
    return () => this.term;
  }

  start(changed: () => void): void {
    this.#changed = changed;
  }

  async acquire(): Promise<void> {
    if (this.term === undefined) throw new WeirError('E_NOT_LEADER', 'lease x is held by another');
  }

  leases(): readonly LeaseState[] {
    const leader = this.term !== undefined;
    return [{ lease: 'x', namespace: 'n', balancers: ['main'], leader, holder: 'another', transitions: 3 }];
  }

  problems(): readonly [] {
    return [];
  }

  async close(): Promise<void> {
    this.closed++;
  }

  lead(term: string | undefined): void {
    this.term = term;
    this.#changed();
  }
}

let leader: Scripted;
let stage: Awaited<ReturnType<typeof appStage>>;
const deps: Partial<AppDeps> = { openLeader: async () => leader };

beforeEach(async () => {
  leader = new Scripted();
  stage = await appStage({}, deps);
});
afterEach(() => stage.close());

describe('a weir among several', () => {
  it('follows until it leads: ready, told in state and readiness, nothing written; then everything; then nothing more', async () => {
    stage.script.set([web]);
    const app = await stage.open();
    assert.deepEqual(leader.joined, ['main memory-main']);
    const end = new AbortController();
    const heard: string[] = [];
    const done = app.run(end.signal, {
      planned: () => heard.push('planned'),
      applied: ({ unit }) => heard.push(unit),
      ready: () => heard.push('ready'),
    });
    await until(() => heard.includes('ready'));
    assert.deepEqual(heard, ['ready']);
    assert.deepEqual(app.readiness().waitingFor, []);
    assert.deepEqual(
      app.readiness().follows?.map(({ lease, holder }) => `${lease} ${holder}`),
      ['x another'],
    );
    assert.deepEqual(stage.system().writes, []);
    assert.equal(app.state().inSync, false);
    assert.equal(app.state().leases?.[0]?.leader, false);
    leader.lead('4');
    await until(() => heard.includes('main/shop/web'));
    assert.deepEqual(app.readiness().follows, []);
    await until(() => app.state().inSync);
    leader.lead(undefined);
    const { length } = stage.system().writes;
    stage.script.set([web, db]);
    await until(() => app.state().balancers[0]?.units.some(({ unit }) => unit === 'main/shop/db') === true);
    await until(() => app.state().balancers[0]?.units.every(({ state }) => state !== 'changing') === true);
    assert.equal(stage.system().writes.length, length);
    assert.equal(leader.closed, 0);
    end.abort();
    await done;
    assert.equal(leader.closed, 1, 'given back');
  });

  it('applies by hand only what nobody else writes', async () => {
    stage.script.set([web]);
    const app = await stage.open();
    await assert.rejects(
      app.apply(signal, () => {}),
      { code: 'E_NOT_LEADER' },
    );
    assert.deepEqual(stage.system().writes, []);
    assert.equal((await app.plan(signal)).summary.create > 0, true, 'a plan needs no lead');
    leader.term = '1';
    assert.deepEqual((await app.apply(signal, () => {})).failed, []);
    assert.equal(leader.closed, 2);
  });

  it('says so when the lead is lost in the middle of an apply', async () => {
    stage.script.set([web, db]);
    leader.term = '1';
    const app = await stage.open();
    const report = await app.apply(signal, () => leader.lead(undefined));
    assert.ok(report.results.length < report.plan.summary.steps);
    assert.deepEqual(
      report.failed.map(({ code }) => code),
      ['E_NOT_LEADER'],
    );
  });
});

describe('whether a Lease decides', () => {
  const context = {
    instance: 'i',
    clock: systemClock,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    metrics: noMetrics,
  };
  const decides = async (config: object) => (await openLeader(configSchema.parse(config), context)) !== undefined;

  it('with a cluster as source, or with a kubeconfig of its own, unless it is switched off', async () => {
    const sources = [{ type: 'kubernetes' }];
    assert.equal(await decides({}), false);
    assert.equal(await decides({ sources: [{ type: 'file', paths: ['x'] }] }), false);
    assert.equal(await decides({ sources }), true);
    assert.equal(await decides({ sources, leader: { enabled: false } }), false);
    assert.equal(await decides({ leader: { kubeconfig: '/x' } }), true);
    assert.equal(await decides({ leader: { enabled: true } }), true);
  });

  it('that for status is another one for each owner of fields, unless Leases are named', () => {
    const of = (controller: string | undefined, more: object = {}) =>
      statusSystem(configSchema.parse({ sources: [{ type: 'kubernetes', controller }], balancers: [], ...more }));
    assert.deepEqual(
      [of(undefined), of('weir-lb.dev/weir'), of('weir-lb.dev/two')],
      ['status', 'status', 'status-two'],
    );
    assert.equal(of(undefined, { status: { owner: 'two' } }), 'status-two');
    assert.equal(of('weir-lb.dev/two', { leader: { name: 'two' } }), 'status');
  });

  it('times that would let two write are refused', () => {
    const told = (leader: object) => configSchema.safeParse({ leader }).error?.issues.map(({ path }) => path.join('.'));
    assert.equal(told({}), undefined);
    assert.deepEqual(told({ renewDeadline: '15s' }), ['leader.renewDeadline']);
    assert.deepEqual(told({ leaseDuration: '15500ms' }), ['leader.leaseDuration']);
    assert.deepEqual(told({ retryPeriod: '6s' }), ['leader.retryPeriod']);
    assert.deepEqual(told({ leaseDuration: 'soon' }), ['leader.leaseDuration']);
  });
});
