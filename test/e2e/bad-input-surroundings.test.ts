/** Broken surroundings of a running weir with the real HAProxy: what is hit is told, everything else serves on, and it heals by itself. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { ask, eventually, talk } from '../fakes/ask.ts';
import { type Echo, startEcho } from '../fakes/echo.ts';
import { listen } from '../fakes/listen.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { startWeir, type WeirProcess, weir } from '../fakes/weir-process.ts';
import { type Clients, startClients } from './bad-input-clients.ts';

const address = ownAddress();
const metrics = `${address}:8378`;
const api = `${address}:8377`;
const root = process.getuid?.() === 0;
let folder = '';
let config = '';
let directory = '';
let one: Echo;
let two: Echo;
let running: WeirProcess;
let clients: Clients;

const stateShape = z.object({
  inSync: z.boolean(),
  problems: z.array(
    z.object({ code: z.string(), source: z.string(), service: z.string().optional(), message: z.string() }),
  ),
  balancers: z.array(
    z.object({ units: z.array(z.object({ state: z.string(), message: z.string(), code: z.string().optional() })) }),
  ),
});
type State = z.infer<typeof stateShape>;
const state = async () => stateShape.parse(await (await fetch(`http://${api}/api/v1/state`)).json());
const settled = () => eventually(state, ({ inSync }) => inSync, 800);
const unitCode = ({ balancers }: State) => balancers[0]?.units[0]?.code;

async function put(name: string, text: string): Promise<void> {
  const path = join(folder, 'services', name);
  await writeFile(`${path}.tmp~`, text);
  await rename(`${path}.tmp~`, path);
}

const web = (name: string, target: Echo) =>
  `name: good/${name}\nhttp: [{ host: ${name}.test }]\ntargets: ["127.0.0.1:${target.port}"]\n`;
const answers = async (host: string) => {
  const { status, headers } = await ask({ address, port: 80, host });
  return `${status} ${String(headers['x-target'] ?? '-')}`;
};
const becomes = (host: string, wanted: string) =>
  eventually(
    () => answers(host),
    (got) => got === wanted,
    800,
  );

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-around-'));
  await mkdir(join(folder, 'services'));
  directory = join(folder, 'proxy');
  await mkdir(directory);
  // Small, so that it can be filled.
  if (root) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=700', 'tmpfs', directory]);
  one = await startEcho('one');
  two = await startEcho('two');
  await put('stays.yaml', web('stays', one));
  await put('moves.yaml', web('moves', one));
  const binary = join(folder, 'haproxy');
  await writeFile(binary, '#!/bin/sh\nexec haproxy "$@"\n');
  await chmod(binary, 0o755);
  config = join(folder, 'weir.yaml');
  await writeFile(
    config,
    JSON.stringify({
      instance: 'around',
      stateDir: join(folder, 'state'),
      sources: [{ type: 'file', paths: ['services'] }],
      balancers: [{ provider: 'haproxy', options: { addresses: [address], dir: directory, binary } }],
      metrics: { listen: metrics },
      api: { listen: api },
      onExit: 'leave',
    }),
  );
  running = await startWeir(['-c', config], metrics, folder);
  await settled();
  clients = startClients(address, ['stays.test']);
});

after(async () => {
  await clients?.stop();
  await running?.stop();
  await weir(['destroy', '-c', config, '--yes'], folder);
  await one?.close();
  await two?.close();
  if (root) execFileSync('umount', ['-l', directory]);
  await rm(folder, { recursive: true, force: true });
});

test('a port that another process holds: that service is told, and served as soon as the port is free', async () => {
  const blocker = createServer((socket) => socket.destroy());
  const port = await listen(blocker, address);
  const echo = createServer((socket) => socket.pipe(socket));
  const target = await listen(echo);
  await put('tcp.yaml', `name: bad/tcp\nports: [{ port: ${port}, protocol: tcp }]\ntargets: ["127.0.0.1:${target}"]\n`);
  const { problems, inSync } = await eventually(state, (got) => got.problems.length > 0);
  assert.equal(inSync, false);
  const [told] = problems;
  assert.deepEqual([told?.code, told?.service, told?.source], ['E_PORT_TAKEN', 'bad/tcp', 'ExportedService/bad/tcp']);
  assert.match(
    told?.message ?? '',
    new RegExp(`${address}:${port} is taken by .*process ${process.pid}\\).*Stop it or choose`),
  );
  await put('moves.yaml', web('moves', two));
  await becomes('moves.test', '200 two');
  await new Promise((resolve) => blocker.close(resolve));
  await settled();
  assert.equal(await talk(address, port, 'ping\n', /\n/), 'ping\n');
  await rm(join(folder, 'services', 'tcp.yaml'));
  await settled();
  await new Promise((resolve) => echo.close(resolve));
});

test('a directory that vanishes takes nothing away, also over a restart, and is followed again when it is back', async () => {
  await rename(join(folder, 'services'), join(folder, 'gone'));
  const told = await eventually(state, ({ problems }) => problems.length > 0);
  assert.match(told.problems[0]?.message ?? '', /services: it does not exist; its last good content stays in force/);
  assert.equal(await answers('moves.test'), '200 two');
  await running.stop('SIGKILL');
  running = await startWeir(['-c', config], metrics, folder);
  assert.equal(await answers('moves.test'), '200 two');
  await rename(join(folder, 'gone'), join(folder, 'services'));
  await settled();
  await put('moves.yaml', web('moves', one));
  await becomes('moves.test', '200 one');
});

test('killed in the middle of changes, again and again: what is served is never less, and the last state wins', async () => {
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5; i++) await put(`more-${i}.yaml`, web(`more-${round}-${i}`, one));
    await put('moves.yaml', web('moves', round % 2 === 0 ? two : one));
    await running.stop('SIGKILL');
    assert.match(await answers('moves.test'), /^200/);
    running = await startWeir(['-c', config], metrics, folder);
  }
  await settled();
  await becomes('moves.test', '200 two');
  await becomes('more-2-4.test', '200 one');
  assert.equal(await answers('more-1-4.test'), '404 -');
});

test('HAProxy missing, then too old, while a reload is needed: told, the old process serves on, and it heals', async () => {
  const binary = join(folder, 'haproxy');
  await copyFile(binary, `${binary}.kept`);
  const faults = [
    ['E_HAPROXY_MISSING', undefined, 7101],
    ['E_HAPROXY_VERSION', '#!/bin/sh\necho "HA-Proxy version 2.4.22 2023/01/01"\n', 7102],
  ] as const;
  for (const [code, text, port] of faults) {
    await unlink(binary);
    if (text !== undefined) await writeFile(binary, text, { mode: 0o755 });
    // Every start reads the version anew.
    await running.stop('SIGKILL');
    running = await startWeir(['-c', config], metrics, folder);
    await put(
      'port.yaml',
      `name: good/port\nports: [{ port: ${port}, protocol: tcp }]\ntargets: ["127.0.0.1:${one.port}"]\n`,
    );
    const told = await eventually(state, (got) => unitCode(got) !== undefined);
    assert.equal(unitCode(told), code);
    assert.match(await answers('moves.test'), /^200/);
    await rm(binary, { force: true });
    await copyFile(`${binary}.kept`, binary);
    await running.stop('SIGKILL');
    running = await startWeir(['-c', config], metrics, folder);
    await settled();
    assert.match(await talk(address, port, 'GET / HTTP/1.0\r\n\r\n', /one/), /one/);
  }
});

test('a socket that is gone: changes go on', async () => {
  await unlink(join(directory, 'haproxy.sock'));
  await put('moves.yaml', web('moves', one));
  await becomes('moves.test', '200 one');
  await put('moves.yaml', web('moves', two));
  await becomes('moves.test', '200 two');
  await settled();
});

test('a full disk: told, the file and the process stay as they were, and it heals when there is room', {
  skip: root ? false : 'mounting a small file system needs root',
}, async () => {
  const file = await readFile(join(directory, 'haproxy.cfg'), 'utf8');
  await writeFile(join(directory, 'ballast'), Buffer.alloc(1024 * 1024)).catch(() => undefined);
  await put('disk.yaml', web('disk', one).replace('http:', 'check: tcp\nhttp:'));
  const told = await eventually(state, (got) => unitCode(got) !== undefined);
  assert.equal(unitCode(told), 'E_DISK');
  assert.match(told.balancers[0]?.units[0]?.message ?? '', /ENOSPC/);
  assert.equal(await readFile(join(directory, 'haproxy.cfg'), 'utf8'), file);
  assert.equal(await answers('moves.test'), '200 two');
  await unlink(join(directory, 'ballast'));
  await becomes('disk.test', '200 one');
  await settled();
});

test('two weirs: the second is told which process holds the directory, and changes nothing', async () => {
  const second = join(folder, 'second.yaml');
  const written: unknown = JSON.parse(await readFile(config, 'utf8'));
  const other = { ...z.record(z.string(), z.unknown()).parse(written), metrics: { listen: '' }, api: { listen: '' } };
  await writeFile(second, JSON.stringify(other));
  const ended = await weir(['run', '-c', second], folder);
  assert.equal(ended.code, 1);
  assert.match(ended.err, new RegExp(`E_LOCKED.*is in use by process ${running.pid}`));
  assert.equal(await answers('moves.test'), '200 two');
});

test('no request to a service that did not change failed', async () => {
  const { sent, failed } = await clients.stop();
  assert.deepEqual(failed, []);
  assert.ok(sent > 100, `only ${sent} requests`);
});
