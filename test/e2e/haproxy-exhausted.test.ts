/** HAProxy runs out of something: told by name while it lasts, what can be done is done, and all is well again afterwards. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { eventually } from '../fakes/ask.ts';
import { type Stage, startStage, webService } from './fault-stage.ts';

const root = process.getuid?.() === 0;
let stage: Stage;
const held: Socket[] = [];

before(async () => {
  stage = await startStage({
    // They wait until there is room again.
    patienceMs: 60_000,
    options: { maxConnections: 200 },
  });
});

after(async () => {
  for (const socket of held.splice(0)) socket.destroy();
  await stage.end();
  // Empty once HAProxy is gone.
  if (group !== undefined) rmdirSync(group.path);
});

const worker = async () => (await showProcesses(join(stage.directory, 'master.sock')))?.workers[0] ?? 0;
const full = () => stage.told(({ problems }) => problems.some(({ code }) => code === 'E_HAPROXY_FULL'));
async function hold(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const socket = connect(80, stage.address);
    socket.on('error', () => undefined);
    held.push(socket);
    await once(socket, 'connect');
  }
}

test('all connections taken: told by name and number, and over when clients leave', async () => {
  // Two are for the clients that ask all the time: these wait in the meantime, and are answered.
  await hold(205);
  const { problems, inSync } = await full();
  assert.equal(inSync, false);
  assert.match(problems[0]?.message ?? '', /200 connections and may have 200 \(options\.maxConnections\)/);
  assert.equal(problems[0]?.source, 'balancer/default');
  assert.equal(await stage.metric('weir_haproxy_connections_limit'), 200);
  assert.ok((await stage.metric('weir_haproxy_connections')) >= 200);
  for (const socket of held.splice(0)) socket.destroy();
  await stage.settled();
  assert.equal(await stage.answers('moves.test'), '200 one');
});

test('the limit of open files is lowered behind its back: told, raised by one reload', {
  skip: root ? false : 'limits of another process are changed by root',
}, async () => {
  const [before, reloads] = [await worker(), await stage.metric('weir_haproxy_reloads_total')];
  execFileSync('prlimit', ['--pid', String(before), '--nofile=120:']);
  await eventually(worker, (now) => now !== 0 && now !== before, 800);
  await eventually(
    () => stage.metric('weir_haproxy_reloads_total', /limits/),
    (count) => count === 1,
    400,
  );
  await stage.settled();
  assert.equal(await stage.metric('weir_haproxy_reloads_total'), reloads + 1);
  await eventually(
    () => stage.metric('weir_haproxy_open_files_limit'),
    (limit) => limit > 400,
    400,
  );
  assert.match(stage.logs(), /may open 120 files and its configuration needs/);
  // Lowered once more it is not reloaded again: the limit is told, by name.
  const now = await worker();
  execFileSync('prlimit', ['--pid', String(now), '--nofile=120:']);
  // What is left is enough for the clients that ask all the time.
  await hold(95);
  const { problems } = await full();
  assert.match(problems[0]?.message ?? '', /files open and may open 120: new connections fail/);
  assert.equal(await worker(), now);
  for (const socket of held.splice(0)) socket.destroy();
  execFileSync('prlimit', ['--pid', String(now), '--nofile=1000:']);
  await stage.settled();
});

/** A memory group of our own; undefined where the kernel gives us none. */
function memoryGroup(): { readonly path: string; readonly limit: string } | undefined {
  const name = `weir-test-${process.pid}`;
  for (const [path, limit] of [
    [`/sys/fs/cgroup/memory/${name}`, 'memory.limit_in_bytes'],
    [`/sys/fs/cgroup/${name}`, 'memory.max'],
  ] as const) {
    try {
      mkdirSync(path);
      writeFileSync(`${path}/${limit}`, String(512 * 1024));
      return { path, limit };
    } catch {
      try {
        rmdirSync(path);
      } catch {
        // It was never made.
      }
    }
  }
  return undefined;
}

const group = root ? memoryGroup() : undefined;

test('out of memory: the kernel ends the worker, it is started again and serves what is wanted', {
  skip: group === undefined ? 'needs a memory group' : false,
}, async () => {
  if (group === undefined) return;
  await stage.put('moves.yaml', webService('moves', stage.two));
  await stage.becomes('moves.test', '200 two');
  await stage.clients.stop();
  const before = await worker();
  const deaths = await stage.metric('weir_haproxy_deaths_total');
  writeFileSync(`${group.path}/cgroup.procs`, String(before));
  // What it has stays where it was counted: it must grow.
  await stage.becomes('moves.test', '200 two').catch(() => undefined);
  await hold(190).catch(() => undefined);
  for (const socket of held) socket.write(`GET /${'x'.repeat(15_000)}`);
  await eventually(worker, (now) => now !== 0 && now !== before, 800);
  for (const socket of held.splice(0)) socket.destroy();
  await stage.becomes('moves.test', '200 two');
  await stage.settled();
  assert.equal(await stage.metric('weir_haproxy_deaths_total'), deaths + 1);
});
