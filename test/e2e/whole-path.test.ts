/** The main job as a user does it: a folder with every form of service, `weir run` on the real HAProxy, requests, edits, the end. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { ask, eventually, talk } from '../fakes/ask.ts';
import { type Echo, startEcho } from '../fakes/echo.ts';
import { listen } from '../fakes/listen.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { startWeir, type WeirProcess, weir } from '../fakes/weir-process.ts';
import { bcsService, ingress, secret, service, slice } from './whole-path-objects.ts';

const address = ownAddress();
const metrics = `${address}:8378`;
const api = `${address}:8377`;
let folder = '';
let config = '';
let running: WeirProcess | undefined;
const echoes: Echo[] = [];
let tcp: Server;
let tcpPort = 0;
const certificate = makeCertificate({ names: ['shop.test'] });
const renewed = makeCertificate({ names: ['shop.test'] });

async function put(name: string, content: unknown): Promise<void> {
  const path = join(folder, 'services', name);
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  await writeFile(`${path}.tmp~`, text);
  await rename(`${path}.tmp~`, path);
}

const echo = (i: number): Echo => {
  const found = echoes[i];
  assert.ok(found);
  return found;
};

async function http(host: string, path = '/', port = 80): Promise<string> {
  const { status, headers } = await ask({ address, port, host, path });
  return `${status} ${String(headers['x-target'] ?? '-')}`;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-path-'));
  await mkdir(join(folder, 'services'));
  for (let i = 0; i < 5; i++) echoes.push(await startEcho(`t${i}`));
  tcp = createServer((socket) => socket.pipe(socket));
  tcpPort = await listen(tcp);
  await put('kubernetes.json', [
    service('shop', 'web', 80, 8080),
    slice('shop', 'web', [{ address: '127.0.0.1', port: echo(0).port }]),
    service('shop', 'api', 80, 8080),
    slice('shop', 'api', [{ address: '127.0.0.1', port: echo(1).port }]),
    ingress('shop', 'front', 'shop.test', { '/': 'web', '/api': 'api' }, 'shop-tls'),
    secret('shop', 'shop-tls', certificate.certPem, certificate.keyPem),
  ]);
  await put('bcs.json', bcsService('bank', 'pay', 'pay.test', 80, [{ ip: '127.0.0.1', port: echo(2).port }]));
  await put('own.yaml', `name: data/echo\nports: [{ port: 7007, protocol: tcp }]\ntargets: ["127.0.0.1:${tcpPort}"]\n`);
  config = join(folder, 'weir.yaml');
  await writeFile(
    config,
    JSON.stringify({
      instance: 'path-test',
      stateDir: join(folder, 'state'),
      sources: [{ type: 'file', paths: ['services'] }],
      balancers: [{ provider: 'haproxy', options: { addresses: [address] } }],
      metrics: { listen: metrics },
      api: { listen: api },
      onExit: 'stop',
    }),
  );
  running = await startWeir(['-c', config], metrics, folder);
});

after(async () => {
  await running?.stop();
  for (const each of echoes) await each.close();
  tcp?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the whole path', () => {
  test('Kubernetes, BCS and own forms are served side by side', async () => {
    assert.equal(await http('shop.test'), '200 t0');
    assert.equal(await http('SHOP.test.:80', '/api/v1'), '200 t1');
    assert.equal(await http('shop.test', '/apiary'), '200 t0');
    assert.equal(await http('pay.test'), '200 t2');
    assert.equal(await http('nobody.test'), '404 -');
    assert.equal(await talk(address, 7007, 'ping\n', /\n/), 'ping\n');
    const secure = await ask({ address, port: 443, host: 'shop.test', tls: { ca: certificate.certPem } });
    assert.equal(secure.headers['x-target'], 't0');
  });

  test('an endpoint that moves is followed without a reload', async () => {
    const before = await reloads();
    await put('bcs.json', bcsService('bank', 'pay', 'pay.test', 80, [{ ip: '127.0.0.1', port: echo(3).port }]));
    await eventually(
      () => http('pay.test'),
      (got) => got === '200 t3',
    );
    assert.equal(await reloads(), before);
  });

  test('a file that becomes invalid keeps its last good services and says so; the others go on', async () => {
    await put('bcs.json', '{ "serviceName": ');
    await put(
      'own.yaml',
      `name: data/echo\nports: [{ port: 7008, protocol: tcp }]\ntargets: ["127.0.0.1:${tcpPort}"]\n`,
    );
    await eventually(
      () => talk(address, 7008, 'pong\n', /\n/),
      (got) => got === 'pong\n',
    );
    assert.equal(await http('pay.test'), '200 t3');
    const { problems } = await state();
    const told = problems.find(({ code }) => code === 'E_FILE_SYNTAX');
    assert.match(told?.source ?? '', /bcs\.json/);
    await put('bcs.json', bcsService('bank', 'pay', 'pay.test', 80, [{ ip: '127.0.0.1', port: echo(2).port }]));
    await eventually(
      () => http('pay.test'),
      (got) => got === '200 t2',
    );
  });

  test('a bad service is told with field and value, and stops nothing else', async () => {
    await put('bad.yaml', 'name: shop/bad\nports: [{ port: 70000, protocol: tcp }]\ntargets: ["127.0.0.1:1"]\n');
    const { problems } = await eventually(state, (got) => got.problems.some(({ code }) => code === 'E_PORT'));
    const told = problems.find(({ code }) => code === 'E_PORT');
    assert.equal(told?.value, '70000');
    assert.match(told?.field ?? '', /port/);
    assert.equal(await http('shop.test'), '200 t0');
    await rm(join(folder, 'services', 'bad.yaml'));
    await eventually(state, (got) => got.problems.length === 0);
  });

  test('a certificate is replaced without a reload', async () => {
    const before = await reloads();
    await put('secret.json', []);
    await put('kubernetes.json', [
      service('shop', 'web', 80, 8080),
      slice('shop', 'web', [{ address: '127.0.0.1', port: echo(0).port }]),
      service('shop', 'api', 80, 8080),
      slice('shop', 'api', [{ address: '127.0.0.1', port: echo(1).port }]),
      ingress('shop', 'front', 'shop.test', { '/': 'web', '/api': 'api' }, 'shop-tls'),
      secret('shop', 'shop-tls', renewed.certPem, renewed.keyPem),
    ]);
    const trusted = () => ask({ address, port: 443, host: 'shop.test', tls: { ca: renewed.certPem } });
    const answer = await eventually(trusted, ({ status }) => status === 200);
    assert.equal(answer.headers['x-target'], 't0');
    assert.equal(await reloads(), before);
  });

  test('the symlink swap of a mounted ConfigMap is followed', async () => {
    const mount = join(folder, 'services', 'mounted');
    const write = async (version: string, index: number) => {
      await mkdir(join(mount, version), { recursive: true });
      const own = `name: cm/one\nhttp: [{ host: cm.test }]\ntargets: ["127.0.0.1:${echo(index).port}"]\n`;
      await writeFile(join(mount, version, 'one.yaml'), own);
      await symlink(version, join(mount, '..data_tmp'));
      await rename(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    await write('..v1', 3);
    await symlink('..data/one.yaml', join(mount, 'one.yaml'));
    await eventually(
      () => http('cm.test'),
      (got) => got === '200 t3',
    );
    await write('..v2', 4);
    await rm(join(mount, '..v1'), { recursive: true });
    await eventually(
      () => http('cm.test'),
      (got) => got === '200 t4',
    );
  });

  test('plan, status and explain speak of the same world', async () => {
    const settled = await eventually(state, ({ inSync }) => inSync);
    assert.ok(settled.services.length === 4);
    const status = await weir(['status', '--api', `http://${api}`, '-o', 'json']);
    assert.equal(status.code, 0, status.err);
    const explained = await weir(['explain', 'bank/pay', '--api', `http://${api}`]);
    assert.equal(explained.code, 0, explained.err);
    assert.match(explained.out, new RegExp(`127\\.0\\.0\\.1:${echo(2).port}`));
    const plan = await weir(['plan', '-c', config, '-o', 'json', '--detailed-exitcode'], folder);
    assert.equal(plan.code, 0, plan.err + plan.out);
  });

  test('stopping with `stop` takes the proxy down and leaves nothing behind', async () => {
    assert.ok(running);
    await running.stop('SIGINT');
    await assert.rejects(http('shop.test'), /ECONNREFUSED/);
  });
});

interface Told {
  readonly inSync: boolean;
  readonly services: readonly unknown[];
  readonly problems: readonly { code: string; source: string; field?: string; value?: string }[];
}

async function state(): Promise<Told> {
  const answer = await fetch(`http://${api}/api/v1/state`);
  assert.equal(answer.status, 200);
  return (await answer.json()) as Told;
}

/** Reloads counted since the start, over all reasons. */
async function reloads(): Promise<number> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  let sum = 0;
  for (const [, value] of text.matchAll(/^weir_haproxy_reloads_total(?:\{[^}]*\})? (\d+)/gm)) sum += Number(value);
  return sum;
}
