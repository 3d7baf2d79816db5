import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { State, Traffic } from '../../src/model/index.ts';
import { createMetrics } from '../../src/serve/index.ts';
import { createServiceMetrics } from '../../src/serve/service-metrics.ts';

const traffic = (total: number): Traffic => ({
  requests: { '2xx': total, '5xx': 1 },
  sessions: total + 1,
  receivedBytes: 10 * total,
  sentBytes: 20 * total,
  failures: { connect: 0, response: 0, retry: 2, redispatch: 0 },
  perSecond: 1,
  current: 3,
  queued: 4,
  latencyMs: { queue: 0, connect: 1, response: 12, total: 15 },
});

function state(services: Readonly<Record<string, number>>): State {
  return {
    version: '1',
    instance: 'n',
    startedMs: 0,
    inSync: true,
    sources: [],
    balancers: [],
    problems: [],
    incomplete: [],
    plans: [],
    services: Object.entries(services).map(([id, total]) => ({
      id,
      kind: 'k',
      source: 's',
      balancers: ['edge'],
      targets: { ready: 1, total: 1 },
      health: 'ok',
      reason: '',
      problems: [],
      reports: [
        {
          service: id,
          balancer: 'edge',
          addresses: [],
          conditions: [],
          targets: [{ key: '10.0.0.7:80', health: 'ready' }],
          traffic: traffic(total),
        },
      ],
    })),
  };
}

function rig(limit: number) {
  const complaints: string[] = [];
  const metrics = createMetrics('1', (message) => complaints.push(message));
  const collect = createServiceMetrics(metrics, limit, (message) => complaints.push(message));
  const lines = async (services: Readonly<Record<string, number>>) => {
    collect(state(services));
    return (await metrics.text()).split('\n').filter((line) => line.startsWith('weir_service_'));
  };
  return { lines, complaints };
}

test('totals become counters that survive a beginning from zero', async () => {
  const { lines, complaints } = rig(10);
  const line = 'weir_service_requests_total{balancer="edge",service="shop/web",code_class="2xx"}';
  assert.ok((await lines({ 'shop/web': 100 })).includes(`${line} 100`));
  assert.ok((await lines({ 'shop/web': 130 })).includes(`${line} 130`));
  const after = await lines({ 'shop/web': 20 });
  assert.ok(after.includes(`${line} 150`));
  assert.ok(after.includes('weir_service_latency_seconds{balancer="edge",service="shop/web",phase="response"} 0.012'));
  assert.ok(after.includes('weir_service_targets{balancer="edge",service="shop/web",state="ready"} 1'));
  assert.ok(after.includes('weir_service_queue{balancer="edge",service="shop/web"} 4'));
  assert.deepEqual(complaints, []);
});

test('series of a service that is gone are dropped', async () => {
  const { lines } = rig(10);
  await lines({ 'shop/a': 1, 'shop/b': 1 });
  const left = await lines({ 'shop/b': 2 });
  assert.ok(left.every((line) => !line.includes('shop/a')));
  assert.ok(left.some((line) => line.includes('shop/b')));
});

test('more services than the limit: the first by name, told once and counted', async () => {
  const { lines, complaints } = rig(2);
  for (let i = 0; i < 2; i++) {
    const told = await lines({ c: 1, a: 1, b: 1 });
    assert.ok(told.includes('weir_service_metrics_cut 1'));
    assert.ok(told.some((line) => line.includes('service="b"')) && !told.some((line) => line.includes('service="c"')));
  }
  assert.equal(complaints.length, 1);
  assert.match(complaints[0] ?? '', /1 of 3 services.*perService is 2/);
  const none = rig(0);
  assert.deepEqual(await none.lines({ a: 1 }), ['weir_service_metrics_cut 0']);
});
