import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { refuseSecond } from '../../../../providers/haproxy/process-beside.ts';
import { findMasters } from '../../../../providers/haproxy/process-masters.ts';

let folder: string;
let children: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(`${tmpdir()}/weir-`);
  await mkdir(`${folder}/own`);
  children = [];
});

afterEach(async () => {
  for (const child of children) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true });
});

const whose = () => ({ directory: `${folder}/own`, masterSocket: `${folder}/own/master.sock` });
const found = () => findMasters(whose()).map(({ pid, state }) => [pid, state]);

/** A process that has the words of a master, and says so when it does what `script` says. */
async function start(words: readonly string[], script: string, cwd = folder): Promise<number> {
  const code = `${script}; process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1e9)`;
  const child = spawn(process.execPath, ['-e', code, '--', ...words], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(child);
  await once(child, 'message');
  return child.pid ?? 0;
}

const ready = "process.send('ready')";
const listening = (path: string) => `require('node:net').createServer().listen('${path}', () => ${ready})`;

test('starting until something listens, and nothing is started beside it', async () => {
  assert.deepEqual(found(), []);
  refuseSecond(whose());
  const pid = await start(['-W', '-f', 'haproxy.cfg', '-S', `${whose().masterSocket},mode,600`], ready);
  assert.deepEqual(found(), [[pid, 'starting']]);
  assert.throws(() => refuseSecond(whose()), {
    code: 'E_HAPROXY_SOCKET',
    message: new RegExp(
      `^HAProxy process ${pid} runs in \\S+/own and does not answer at \\S+/master\\.sock; .*kill -CONT`,
    ),
  });
});

test('serving once its worker listens; the worker is none of its own', async () => {
  const words = ['-W', '-S', whose().masterSocket];
  const worker = [
    "const { spawn } = require('node:child_process')",
    `const child = spawn(process.execPath, ['-e', ${JSON.stringify(listening(`${folder}/socket`))}, '--', ...${JSON.stringify(words)}], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })`,
    `child.on('message', () => ${ready})`,
    "process.on('exit', () => child.kill())",
  ].join(';');
  const pid = await start(words, worker);
  assert.deepEqual(found(), [[pid, 'serving']]);
  const child = children.pop();
  const ended = once(child ?? process, 'exit');
  child?.kill('SIGTERM');
  await ended;
});

test('by its directory where its words name another path to it; nobody else', async () => {
  const pid = await start(['-W', '-S', 'master.sock'], listening(`${folder}/one`), `${folder}/own`);
  await start(['-W', '-S', 'master.sock'], ready);
  await start(['-W', '-S', `${folder}/other/master.sock`], ready, `${folder}/own/..`);
  await start(['-W', '-S', `${folder}/own/other.sock`], ready, `${folder}/own`);
  await start(['-S', whose().masterSocket], ready);
  await start(['-W', whose().masterSocket], ready);
  assert.deepEqual(found(), [[pid, 'serving']]);
});
