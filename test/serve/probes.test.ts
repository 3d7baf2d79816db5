import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Readiness } from '../../src/app.ts';
import { createMetrics, metricTable } from '../../src/serve/index.ts';
import { ask, listening } from './listening.ts';

test('healthz follows the loop, readyz the first listing and plan; ?verbose lists the checks', async (t) => {
  let nowMs = 1_000_000;
  let readiness: Readiness = { synced: false, planned: false, turnEveryMs: 1_000, waitingFor: ['source files'] };
  const { metricsUrl } = await listening(t, { readiness: () => readiness, now: () => nowMs });
  const get = async (path: string) => {
    const { status, body } = await ask(`${metricsUrl}${path}`);
    return [status, body];
  };
  assert.deepEqual(await get('/healthz'), [200, 'ok'], 'a start takes a moment');
  assert.deepEqual(await get('/readyz?verbose'), [
    503,
    '[-]sources failed: source files\n[-]plan failed: source files\nnot ok\n',
  ]);
  readiness = { ...readiness, synced: true, planned: true, lastTurnMs: nowMs, waitingFor: [] };
  assert.deepEqual(await get('/readyz'), [200, 'ok']);
  assert.deepEqual(await get('/readyz?verbose'), [200, '[+]sources ok\n[+]plan ok\nok\n']);
  const unread = { source: 'east', part: 'Services' };
  readiness = { ...readiness, unread: [unread] };
  assert.deepEqual(await get('/readyz?verbose'), [
    200,
    '[+]sources ok\n[+]plan ok\n[+]source east ok: Services cannot be read; what was last known is served\nok\n',
  ]);
  readiness = { ...readiness, unread: [{ ...unread, blank: true }] };
  assert.deepEqual(await get('/readyz?verbose'), [
    200,
    '[+]sources ok\n[+]plan ok\n[+]source east ok: Services cannot be read; nothing is known of before\nok\n',
  ]);
  readiness = { ...readiness, synced: false, waitingFor: ['east'], unread: [{ ...unread, never: true }] };
  assert.deepEqual(await get('/readyz?verbose'), [
    503,
    '[-]sources failed: east\n[+]plan ok\n[-]source east failed: Services cannot be read; nothing is known of before\nnot ok\n',
  ]);
  readiness = {
    ...readiness,
    synced: true,
    waitingFor: [],
    unread: [],
    follows: [{ lease: 'weir-awselb-prod', holder: 'b_2' }],
  };
  assert.deepEqual(await get('/readyz'), [200, 'ok']);
  assert.deepEqual(await get('/readyz?verbose'), [
    200,
    '[+]sources ok\n[+]plan ok\n[+]leader weir-awselb-prod ok: follower; b_2 leads\nok\n',
  ]);
  const why = { sinceMs: 0, code: 'E_CLOUD_UNREACHABLE', message: 'no way there', hint: 'Check the network.' };
  readiness = { ...readiness, follows: [], blind: [{ balancer: 'aws', never: false, ...why }] };
  assert.deepEqual(await get('/readyz'), [200, 'ok']);
  const told = 'since 1970-01-01T00:00:00.000Z: E_CLOUD_UNREACHABLE: no way there. Check the network.';
  assert.deepEqual(await get('/readyz?verbose'), [
    200,
    `[+]sources ok\n[+]plan ok\n[+]balancer aws ok: not read ${told}\nok\n`,
  ]);
  readiness = { ...readiness, planned: false, waitingFor: ['aws'], blind: [{ balancer: 'aws', never: true, ...why }] };
  assert.deepEqual(await get('/readyz?verbose'), [
    503,
    `[+]sources ok\n[-]plan failed: aws\n[-]balancer aws failed: never read ${told}\nnot ok\n`,
  ]);
  readiness = { ...readiness, planned: true, waitingFor: [] };
  assert.deepEqual(await get('/readyz?verbose'), [
    200,
    `[+]sources ok\n[+]plan ok\n[+]balancer aws ok: never read ${told}\nok\n`,
  ]);
  readiness = { ...readiness, planned: true, waitingFor: [], blind: [], draining: true };
  assert.deepEqual(await get('/readyz?verbose'), [
    503,
    '[-]drain: weir is about to stop\n[+]sources ok\n[+]plan ok\nnot ok\n',
  ]);
  const [, brief] = await get('/readyz');
  assert.doesNotMatch(String(brief), /failed|verbose/);
  assert.deepEqual(await get('/healthz'), [200, 'ok'], 'whoever restarts what is stuck leaves it alone');
  nowMs += 3_001;
  assert.deepEqual(await get('/healthz?verbose'), [503, '[-]loop failed: has not turned for 3 s\nnot ok\n']);
});

test('metrics: the state in figures; nothing of the API is served there', async (t) => {
  const { metricsUrl } = await listening(t);
  const { status, headers, body } = await ask(`${metricsUrl}/metrics`);
  assert.equal(status, 200);
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/);
  for (const line of [
    /^weir_build_info\{version="9\.9\.9",node="v[\d.]+"\} 1$/m,
    /^weir_targets\{provider="haproxy",state="ready"\} 2$/m,
    /^weir_targets\{provider="haproxy",state="unhealthy"\} 2$/m,
    /^weir_services\{health="degraded"\} 1$/m,
    /^weir_units\{provider="haproxy",state="failed"\} 1$/m,
    /^process_resident_memory_bytes /m,
  ]) {
    assert.match(body, line);
  }
  assert.doesNotMatch(body, /10\.0\.0\.7/);
  for (const path of ['/', '/api/v1/state', '/login']) assert.equal((await ask(`${metricsUrl}${path}`)).status, 404);
});

test('a wrong name, type or label costs that figure only; a provider may bring its own', async () => {
  const complaints: string[] = [];
  const metrics = createMetrics('1', (message) => complaints.push(message));
  metrics.count('weir_drift_total', { provider: 'p', odd: 'x' });
  metrics.set('weir_drift_total', 3);
  metrics.count('not a name');
  metrics.count('weir_haproxy_reloads_total', { kind: 'full' }, 2);
  metrics.count('weir_haproxy_reloads_total', { other: 'x' });
  const text = await metrics.text();
  assert.match(text, /^weir_drift_total\{provider="p"\} 1$/m);
  assert.match(text, /^weir_haproxy_reloads_total\{kind="full"\} 2$/m);
  assert.match(text, /^weir_haproxy_reloads_total\{kind=""\} 1$/m);
  assert.equal(complaints.length, 2);
});

test('the table: names unique and in the form of Prometheus, every entry helped', () => {
  assert.equal(new Set(metricTable.map(({ name }) => name)).size, metricTable.length);
  for (const { name, type, help, buckets } of metricTable) {
    // Names that another has made, gauges ending in _total among them, are as they are.
    const ofOthers = name.startsWith('metallb_');
    if (!ofOthers) assert.match(name, /^weir_[a-z_]+$/);
    if (!ofOthers && name.endsWith('_total')) assert.equal(type, 'counter', name);
    assert.equal(buckets !== undefined, type === 'histogram', name);
    assert.ok(help.length > 10 && help.endsWith('.'), name);
  }
});
