/** How full pools are, as people and Prometheus read it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPaint, statusText } from '../../src/cli/text/index.ts';
import { metricNames } from '../../src/compat/metallb/index.ts';
import type { PoolState, State } from '../../src/model/index.ts';
import { createMetrics, metricTable } from '../../src/serve/index.ts';
import { createStateMetrics } from '../../src/serve/state-metrics.ts';

const pools: readonly PoolState[] = [
  { name: 'public', assigned: { ipv4: 3, ipv6: 1 }, available: { ipv4: 253, ipv6: 2 ** 63 } },
  { name: 'pay', assigned: { ipv4: 2, ipv6: 0 }, available: { ipv4: 0, ipv6: 0 } },
];
const state: State = {
  ...{ version: '1', instance: 'n', startedMs: 0, inSync: true },
  ...{ sources: [], balancers: [], services: [], problems: [], incomplete: [], plans: [] },
};

test('the status has them by family', () => {
  const text = statusText({ ...state, pools }, 0, createPaint(false));
  assert.match(
    text,
    /^ {2}POOL {4}IPV4 GIVEN {2}IPV6 GIVEN\n {2}public {2}3 of 256 {4}1 of 9\.2e18\n {2}pay {5}2 of 2 {6}-\n/m,
  );
  assert.doesNotMatch(statusText(state, 0, createPaint(false)), /POOL/);
});

test('metrics have them under the names of MetalLB; a pool that is gone goes to 0', async () => {
  const metrics = createMetrics('1', (message) => assert.fail(message));
  const tell = createStateMetrics(metrics);
  const lines = async (now: State) => {
    tell(now);
    const text = await metrics.text();
    return text.split('\n').filter((line) => line.startsWith('metallb_') && line.includes('pay'));
  };
  assert.deepEqual((await lines({ ...state, pools })).sort(), [
    'metallb_allocator_addresses_in_use_total{pool="pay"} 2',
    'metallb_allocator_addresses_total{pool="pay"} 2',
    'metallb_allocator_ipv4_addresses_in_use_total{pool="pay"} 2',
    'metallb_allocator_ipv4_addresses_total{pool="pay"} 2',
    'metallb_allocator_ipv6_addresses_in_use_total{pool="pay"} 0',
    'metallb_allocator_ipv6_addresses_total{pool="pay"} 0',
  ]);
  assert.ok((await lines({ ...state, pools: [] })).every((line) => line.endsWith(' 0')));
  const known = new Map(metricNames.map((metric) => [metric.name, metric]));
  for (const { name, type, labels } of metricTable.filter((metric) => metric.name.startsWith('metallb_')))
    assert.deepEqual({ name, type, labels }, known.get(name));
});

test('metrics say whether pools are read, and whether all of them is used as it is written', async () => {
  const metrics = createMetrics('1', (message) => assert.fail(message));
  const tell = createStateMetrics(metrics);
  const told = async (now: State) => {
    tell(now);
    const text = await metrics.text();
    return ['loaded', 'stale'].map((word) => /^(?:.*) (\d)$/.exec(lineOf(text, `config_${word}_bool`))?.[1]);
  };
  const lineOf = (text: string, name: string) =>
    text.split('\n').find((line) => line.startsWith(`metallb_k8s_client_${name}`)) ?? '';
  const source = { name: 'files', synced: false, services: 0, lastReadMs: 0 };
  assert.deepEqual(await told({ ...state, pools, sources: [source] }), ['0', '0']);
  const problem = { code: 'E_POOL', severity: 'error', source: 'weir.yaml', message: 'pool pay: reversed' } as const;
  const read = { ...state, pools, sources: [{ ...source, synced: true }] };
  assert.deepEqual(await told({ ...read, problems: [problem] }), ['1', '1']);
  assert.deepEqual(await told(read), ['1', '0']);
});
