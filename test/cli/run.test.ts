import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { App, RunEvents } from '../../src/app.ts';
import { runCommand } from '../../src/cli/program.ts';
import { fakeDeps, problem, smallPlan } from './fake-app.ts';
import { type MemoryIo, memoryIo } from './memory-io.ts';

const files = {
  'weir.yaml': 'balancers: [{provider: haproxy}]\napi: {listen: "127.0.0.1:0"}\nmetrics: {listen: "127.0.0.1:0"}\n',
};

/** Runs the controller; `during` plays the loop until it returns, then Ctrl-C comes. */
async function run(argv: string[], during: (events: RunEvents, io: MemoryIo) => Promise<void> | void) {
  const io = memoryIo({ files });
  let stopped = false;
  const parts: Partial<App> = {
    run: async (signal, events = {}) => {
      await during(events, io);
      io.interrupt();
      stopped = signal.aborted;
    },
  };
  const fake = fakeDeps(parts);
  const code = await runCommand(['run', ...argv], io, fake.deps);
  assert.equal(stopped, true);
  return { code, ...io.written, closed: fake.closed, opened: fake.opened };
}

test('run serves both listeners while it runs, stops on Ctrl-C with 0 and leaves proxies serving', async () => {
  const seen: number[] = [];
  let urls: string[] = [];
  const { code, closed } = await run([], async (_events, io) => {
    const line = JSON.parse(io.written.err.split('\n')[0] ?? '');
    assert.deepEqual([line.level, line.msg, line.config], ['info', 'weir runs', 'weir.yaml']);
    urls = [`${line.metrics}/readyz`, `${line.statePage}/`];
    for (const url of urls) seen.push((await fetch(url, { headers: { connection: 'close' } })).status);
  });
  assert.deepEqual([code, seen, closed], [0, [200, 200], ['leave']]);
  for (const url of urls) await assert.rejects(fetch(url), 'closed with the command');
});

test('--on-exit stop takes proxies of our own down', async () => {
  const { closed, opened } = await run(['--on-exit', 'stop'], () => {});
  assert.deepEqual([closed, opened[0]?.onExit], [['withdraw'], 'stop']);
});

test('logs: JSON lines with the figures as fields; text with the plan as people read it', async () => {
  const play = (events: RunEvents) => {
    events.planned?.(smallPlan);
    events.problems?.([problem], []);
    events.ready?.();
  };
  const json = await run([], play);
  const lines = json.err
    .trimEnd()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  const planned = lines.find(({ msg }) => msg === 'planned');
  assert.deepEqual([planned.summary.create, planned.units], [1, ['u']]);
  const told = lines.find(({ code }) => code === 'E_PORT');
  assert.deepEqual([told.level, told.service, told.msg], ['error', 'shop/web', problem.message]);
  assert.match(told.time, /^\d{4}-\d\d-\d\dT/);
  const text = await run(['--log-format', 'text'], play);
  assert.match(text.err, /\d\d:\d\d:\d\d info {2}weir runs {2}version=9\.9\.9/);
  assert.match(text.err, /^Plan: 1 to create, /m);
  assert.match(text.err, /^ready: everything that can be served is served$/m);
  assert.equal(json.out + text.out, '');
});

test('-o jsonl: every event whole on stdout', async () => {
  const { out } = await run(['-o', 'jsonl'], (events) => {
    events.planned?.(smallPlan);
    events.problems?.([], [problem]);
    events.ready?.();
  });
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ type }) => type),
    ['version', 'plan', 'problems', 'ready'],
  );
  assert.deepEqual(lines[1].plan, JSON.parse(JSON.stringify(smallPlan)));
});

test('an API that others could reach without a token is refused before anything runs', async () => {
  const io = memoryIo({ files: { 'weir.yaml': `${files['weir.yaml']}` } });
  const { deps, closed } = fakeDeps();
  assert.equal(await runCommand(['run', '--api-listen', '0.0.0.0:0'], io, deps), 1);
  assert.match(io.written.err, /error\[E_LISTEN_AUTH\] api\.listen is 0\.0\.0\.0:0/);
  assert.deepEqual(closed, ['leave']);
});
