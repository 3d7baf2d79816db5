import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { StatusService } from '../../src/app/status-service.ts';
import { configSchema } from '../../src/config/config.ts';
import { KubeError } from '../../src/kube/index.ts';
import type { ExportedService } from '../../src/model/index.ts';
import { noMetrics } from '../../src/run/index.ts';
import { VirtualClock } from '../run/virtual-clock.ts';
import { rawService, serviceKind } from '../status/objects.ts';

const service: ExportedService = {
  id: 'shop/web',
  origin: { source: 'kubernetes', kind: 'Service', namespace: 'shop', name: 'web', uid: 'u1', labels: {} },
  groups: [],
  fronts: [],
  backends: {},
  settings: {},
  settingsOrigin: {},
};
const fromFile = { ...service, id: 'files/db' };

/** A Service that was just made, and a balancer. `patched`: what the server answers when the finalizer is added. */
function stage(t: TestContext, { status = {}, policy = 'sync' }: { status?: object; policy?: string } = {}) {
  const clock = new VirtualClock();
  const config = configSchema.parse({ sources: [{ type: 'kubernetes' }], status, policy });
  const [source] = config.sources;
  assert.ok(source?.type === 'kubernetes');
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const made = new StatusService({
    config,
    instance: 'weir-0',
    clock,
    random: () => 1,
    log,
    metrics: noMetrics,
    openLeader: async () => undefined,
  });
  const beside = made.beside(source);
  const see = (metadata: object) => beside.seen(rawService({ metadata: Object(metadata) }), serviceKind, undefined)?.();
  see({});
  beside.read({ services: [service], nodes: [], problems: [], incomplete: [] });
  const end = new AbortController();
  t.after(() => end.abort());
  const nothing = () => {};
  const input = {
    balancers: [],
    gathered: () => undefined,
    problems: () => [],
    pools: () => [],
    admissionChanged: nothing,
    told: nothing,
  };
  const run = () => void made.run(input, end.signal);
  let there: readonly string[] = [];
  const balancer = (scope: 'shared' | 'instance') => ({
    provider: { capabilities: { scope } },
    lane: { observed: () => [{ owned: true, serves: there }] },
  });
  return {
    clock,
    see,
    run,
    beside,
    end,
    withheld: (scope: 'shared' | 'instance' = 'shared') => [...made.withheld(balancer(scope), [service, fromFile])],
    makeExist: () => {
      there = [service.id];
    },
  };
}

describe('what may be made of a service', () => {
  it('is nothing in a shared system before its object is held', (t) => {
    const { see, run, withheld } = stage(t);
    assert.deepEqual(withheld(), [], 'nobody writes finalizers: plan and apply');
    run();
    assert.deepEqual(withheld(), ['shop/web']);
    assert.deepEqual(withheld('instance'), []);
    see({ resourceVersion: '8', finalizers: ['weir-lb.dev/resources'] });
    assert.deepEqual(withheld(), []);
    see({ resourceVersion: '9', finalizers: [] });
    assert.deepEqual(withheld(), [], 'somebody took the finalizer away: what serves stays');
  });

  it('is what it was, where something of it exists', (t) => {
    const { run, withheld, makeExist } = stage(t);
    run();
    makeExist();
    assert.deepEqual(withheld(), []);
  });

  it('is all where finalizers are not wanted, or nothing is ever deleted', (t) => {
    for (const options of [{ status: { finalizers: false } }, { policy: 'upsert-only' }]) {
      const { run, withheld } = stage(t, options);
      run();
      assert.deepEqual(withheld(), []);
    }
  });

  it('is not waited for where finalizers may not be written', async (t) => {
    const { clock, run, withheld, beside, end } = stage(t);
    run();
    await clock.pass(10);
    const refuse = () => Promise.reject(new KubeError(403, 'Forbidden', 'no'));
    const cluster = { patch: refuse, create: refuse, get: refuse };
    assert.deepEqual(withheld(), ['shop/web']);
    const running = beside.run(Object(cluster), end.signal);
    const facts = { services: new Map(), problems: [], remains: () => [], healthOf: () => undefined };
    const outlives = {
      id: 'shop/web',
      addresses: [],
      programmed: { status: false, reason: 'Pending', message: '' },
      unserved: false,
      outlives: true,
      settling: false,
    };
    await Object(beside).decide({ ...facts, services: new Map([['shop/web', outlives]]) });
    await clock.pass(1_000);
    assert.deepEqual(withheld(), []);
    end.abort();
    await running;
  });
});
