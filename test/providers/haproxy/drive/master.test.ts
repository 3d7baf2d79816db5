import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { parseProcesses, reasonOf, reloadMaster, showProcesses } from '../../../../providers/haproxy/master.ts';

const head = '#<PID>          <type>          <reloads>       <uptime>        <version>      ';
const table = (failed: number, worker: number, old: readonly number[] = []) =>
  [
    head,
    `10              master          ${failed} [failed: ${failed}]   0d00h00m07s     2.6.12`,
    '# workers',
    `${worker}              worker          0               0d00h00m07s     2.6.12`,
    ...(old.length > 0 ? ['# old workers'] : []),
    ...old.map((pid) => `${pid}              worker          1               0d00h00m09s     2.6.12`),
    '# programs',
    '',
    '',
  ].join('\n');

let directory: string;
let server: Server | undefined;

beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/weir-`);
});

afterEach(async () => {
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  await rm(directory, { recursive: true });
});

/** A master whose `show proc` answers follow a script after `reload`. */
async function serve(script: readonly (string | undefined)[], onReload = ''): Promise<void> {
  let reloaded = false;
  const left = [...script];
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (data.toString() === 'reload\n') {
        reloaded = true;
        socket.end(onReload);
      } else {
        const text = reloaded ? (left.length > 1 ? left.shift() : left[0]) : table(0, 11);
        if (text === undefined) socket.destroy();
        else socket.end(text);
      }
    });
  });
  await new Promise<void>((resolve) => server?.listen(`${directory}/m`, resolve));
}

function watch(over: Partial<Parameters<typeof reloadMaster>[1]> = {}): Parameters<typeof reloadMaster>[1] {
  let nowMs = 0;
  return {
    sleep: async (ms) => {
      nowMs += ms;
    },
    now: () => nowMs,
    messages: async () =>
      '[NOTICE]   (10) : Reloading\n[ALERT]    (10) : config : parsing [haproxy.cfg:3] : unknown keyword\n[WARNING]  (10) : Loading failure!\n',
    alive: () => true,
    timeoutMs: 1_000,
    ...over,
  };
}

test('the table of processes', () => {
  assert.deepEqual(parseProcesses(table(2, 11, [8, 9])), { master: 10, failed: 2, workers: [11], oldWorkers: [8, 9] });
  assert.equal(parseProcesses(''), undefined);
  assert.equal(parseProcesses('HTTP/1.1 400 Bad request'), undefined);
});

test('a reload ends with the new worker, whatever the socket does between', async () => {
  await serve([undefined, table(0, 11), undefined, table(0, 12, [11])]);
  assert.deepEqual(await reloadMaster(`${directory}/m`, watch()), {
    master: 10,
    failed: 0,
    workers: [12],
    oldWorkers: [11],
  });
});

test('a reload that fails is known by the count, and tells what HAProxy wrote', async () => {
  await serve([table(0, 11), table(1, 11)]);
  await assert.rejects(reloadMaster(`${directory}/m`, watch()), {
    code: 'E_HAPROXY_RELOAD',
    message: 'config : parsing [haproxy.cfg:3] : unknown keyword',
  });
});

test('newer versions say it themselves', async () => {
  await serve([table(0, 12, [11])], 'Success=1\n--\n[NOTICE]   (10) : Loading success.\n');
  const { workers, oldWorkers } = await reloadMaster(`${directory}/m`, watch());
  assert.deepEqual([workers, oldWorkers], [[12], [11]]);
  await new Promise((resolve) => server?.close(resolve));
  await serve([table(0, 11)], 'Success=0\n--\n[ALERT]    (10) : no\n');
  await assert.rejects(reloadMaster(`${directory}/m`, watch()), { code: 'E_HAPROXY_RELOAD', message: 'no' });
});

test('a reload that never ends, and a master that dies, are errors', async () => {
  await serve([table(0, 11)]);
  await assert.rejects(reloadMaster(`${directory}/m`, watch()), {
    code: 'E_HAPROXY_RELOAD',
    message: /did not end within 1000 ms/,
  });
  await assert.rejects(reloadMaster(`${directory}/m`, watch({ alive: () => false })), {
    code: 'E_HAPROXY_RELOAD',
    message: /ended during the reload/,
  });
});

test('no master is no processes', async () => {
  assert.equal(await showProcesses(`${directory}/none`), undefined);
  await assert.rejects(reloadMaster(`${directory}/none`, watch()), { code: 'E_HAPROXY_SOCKET' });
});

test('the reason is in the alerts', () => {
  assert.equal(reasonOf('[NOTICE]   (1) : a\n[ALERT]    (1) : first\n[ALERT]    (1) : second\n'), 'first; second');
  assert.equal(reasonOf('plain\n'), 'plain');
  assert.equal(reasonOf(''), 'HAProxy said nothing');
});
