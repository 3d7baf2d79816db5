/** weir itself is replaced while HAProxy serves: ended in order or killed, changed input meanwhile, started again. Nobody notices, nothing reloads. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { type Load, startLoad } from '../bench/client.ts';
import { startWeir, type WeirProcess, weir } from '../fakes/weir-process.ts';
import { freePort, get, openStream, startEcho, startTarget, type Target, until } from './haproxy-rig.ts';

let folder: string;
let one: Target;
let two: Target;
let echo: Target;
let port: number;
let tcp: number;
let metrics: string;
let running: WeirProcess | undefined;
let loads: readonly Load[] = [];

beforeEach(async () => {
  folder = await mkdtemp(`${tmpdir()}/weir-`);
  one = await startTarget('one');
  two = await startTarget('two');
  echo = await startEcho('echo');
  port = await freePort();
  tcp = await freePort();
  metrics = `127.0.0.1:${await freePort()}`;
  await mkdir(`${folder}/services`);
  await write(one);
  const config = {
    instance: 'handover',
    stateDir: `${folder}/state`,
    sources: [{ type: 'file', paths: [`${folder}/services`] }],
    balancers: [{ provider: 'haproxy', options: { addresses: ['127.0.0.1'], maxConnections: 2_000 } }],
    metrics: { listen: metrics },
    api: { listen: '' },
  };
  await writeFile(`${folder}/weir.yaml`, JSON.stringify(config));
});

afterEach(async () => {
  await Promise.all(loads.map((load) => load.stop()));
  loads = [];
  await running?.stop();
  await weir(['destroy', '-c', `${folder}/weir.yaml`, '--yes']);
  for (const target of [one, two, echo]) await target.close();
  await rm(folder, { recursive: true });
});

/** Says at once who serves. */
async function write(target: Target): Promise<void> {
  const path = `${folder}/services/shop.yaml`;
  const objects = [
    `name: shop/web\nhttp: { port: ${port}, rules: [{ host: a.test, paths: { /: web } }] }\nbackends: { web: ["127.0.0.1:${target.port}"] }\n`,
    `name: shop/echo\nports: [{ port: ${tcp}, protocol: tcp }]\ntargets: ["127.0.0.1:${echo.port}"]\n`,
  ];
  await writeFile(`${path}~`, objects.join('---\n'));
  await rename(`${path}~`, path);
}

const start = () => startWeir(['-c', `${folder}/weir.yaml`], metrics, folder);
const processes = () => showProcesses(`${folder}/state/balancers/default/haproxy/master.sock`);

for (const end of ['SIGTERM', 'SIGKILL'] as const) {
  test(`${end}, a change, a new start: same worker, no reload, 0 failed, no stream cut`, {
    timeout: 90_000,
  }, async () => {
    running = await start();
    const before = await processes();
    assert.equal((await get(port, 'a.test')).body, 'one');
    const load = { host: '127.0.0.1', port, authority: 'a.test', perSecond: 200 } as const;
    loads = await Promise.all([
      startLoad({ ...load, mode: 'new' }),
      startLoad({ ...load, mode: 'keepalive', method: 'POST', body: 'twenty-one bytes here', workers: 20 }),
    ]);
    const streams = await Promise.all(Array.from({ length: 5 }, () => openStream(tcp)));
    let cut = 0;
    for (const { socket } of streams) socket.on('close', () => cut++);

    await running.stop(end);
    await write(two);
    assert.equal((await get(port, 'a.test')).body, 'one');
    running = await start();
    await until('the change made meanwhile is served', async () => (await get(port, 'a.test')).body === 'two');

    assert.equal(cut, 0);
    for (const { socket } of streams) socket.destroy();
    for (const each of loads) {
      const { sent, failed, errors } = await each.stop();
      assert.ok(sent > 100, `${sent} requests were sent`);
      assert.equal(failed, 0, JSON.stringify(errors));
    }
    loads = [];
    assert.deepEqual(await processes(), before);
    await write(one);
    const text = await until('the change is measured', async () => {
      const told = await (await fetch(`http://${metrics}/metrics`)).text();
      return /^weir_endpoint_to_target_seconds_count\{provider="haproxy"\} [1-9]/m.test(told) ? told : undefined;
    });
    assert.doesNotMatch(text, /^weir_haproxy_(?:reloads|starts)_total\{.*\} [1-9]/m);
  });
}
