/** What went through each service, as the running HAProxy counts it: over reloads, with reasons of failed checks. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { ExportedService, Resource, ServiceReport, Session } from '../../src/model/index.ts';
import {
  backend,
  freePort,
  frontend,
  get,
  openStream,
  type Rig,
  route,
  settings,
  signal,
  startEcho,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

let rig: Rig;
let target: Target;
let status = 200;

beforeEach(async () => {
  rig = await startRig();
  status = 200;
  target = await startTarget('one', () => status);
});

afterEach(async () => {
  await rig.end();
  await target.close();
});

const service: ExportedService = {
  id: 'shop/web',
  origin: { source: 's', kind: 'k', namespace: 'shop', name: 'web', labels: {} },
  groups: [],
  fronts: [],
  backends: {},
  settings: {},
  settingsOrigin: {},
};

test('answers by class, over a reload, and why a check fails', async () => {
  const session: Session = await rig.open({ numbersEvery: '100ms' });
  const port = await freePort();
  const dead = await freePort();
  const check = { type: 'tcp', intervalMs: 100, timeoutMs: 100, rise: 1, fall: 1 };
  const state = (more: readonly Resource[] = []) => [
    settings,
    frontend(port),
    route(port, 'a.test', '/', 'web'),
    backend('web', { [target.port]: 1, [dead]: 1 }, { check }),
    ...more,
  ];
  const report = async (): Promise<ServiceReport | undefined> =>
    session.report([service], await session.observe('all', signal))[0];
  const total = (code: string, count: number) =>
    until(`${count} answers ${code}`, async () => (await report())?.traffic?.requests[code] === count, 5_000);
  await session.commit?.([], state(), signal);
  await until('the dead target is told with its reason', async () =>
    (await report())?.targets.some(
      ({ key, health, reason }) =>
        key.endsWith(`:${dead}`) && health === 'unhealthy' && /L4CON.*refused/.test(reason ?? ''),
    ),
  );
  for (let i = 0; i < 20; i++) assert.equal((await get(port, 'a.test')).status, 200);
  await total('2xx', 20);
  status = 500;
  for (let i = 0; i < 5; i++) assert.equal((await get(port, 'a.test')).status, 500);
  await total('5xx', 5);

  const second = await freePort();
  await session.commit?.([], state([frontend(second), route(second, 'b.test', '/', 'web')]), signal);
  assert.ok(rig.logs.some((line) => line.endsWith('HAProxy reloaded')));
  for (let i = 0; i < 3; i++) await get(second, 'b.test');
  await total('5xx', 8);
  const traffic = (await report())?.traffic;
  assert.ok(traffic);
  assert.deepEqual([traffic.requests['2xx'], traffic.sessions], [20, 28]);
  assert.ok(traffic.sentBytes > 1_000 && traffic.latencyMs.total >= 0);
});

test('old workers and the connections that they still hold are counted', async () => {
  const session: Session = await rig.open({ numbersEvery: '100ms' });
  const echo = await startEcho('echo');
  const port = await freePort();
  const second = await freePort();
  const state = [
    settings,
    frontend(port, { mode: 'tcp' }, { default: 'echo' }),
    backend('echo', { [echo.port]: 1 }, { mode: 'tcp' }),
  ];
  await session.commit?.([], state, signal);
  const streams = await Promise.all([1, 2, 3].map(() => openStream(port)));
  const held = (count: number) =>
    until(`${count} held`, () => rig.metrics.get('weir_haproxy_old_connections') === count, 5_000);
  await held(0);
  await session.commit?.([], [...state, frontend(second, { mode: 'tcp' }, { default: 'echo' })], signal);
  await held(3);
  await until('the old worker is told', () => rig.metrics.get('weir_haproxy_old_workers') === 1, 5_000);
  for (const { socket } of streams) socket.destroy();
  await held(0);
  await echo.close();
});
