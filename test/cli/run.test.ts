import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { App, RunEvents } from '../../src/app.ts';
import { runCommand } from '../../src/cli/program.ts';
import type { Config } from '../../src/config/index.ts';
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
      events.begun?.();
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

/** A controller that runs until it is told to stop or to make room; `turns` collects the configurations it ran with. */
async function follow(play: (io: MemoryIo, next: () => Promise<void>) => Promise<void>) {
  const io = memoryIo({ files });
  const turns: Config[] = [];
  let begun = Promise.withResolvers<void>();
  const fake = fakeDeps();
  const open: typeof fake.deps.open = async (config, deps) => ({
    ...(await fake.deps.open(config, deps)),
    run: async (signal, events) => {
      events?.begun?.();
      turns.push(config);
      begun.resolve();
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve());
      });
    },
  });
  const ended = runCommand(['run'], io, { ...fake.deps, open });
  const next = async () => {
    await begun.promise;
    begun = Promise.withResolvers();
  };
  await next();
  try {
    await play(io, next);
  } finally {
    io.interrupt();
  }
  return { code: await ended, turns, closed: fake.closed, err: io.written.err };
}

/** Resolves when the log has said it. */
async function said(io: MemoryIo, text: string): Promise<void> {
  while (!io.written.err.includes(text)) await new Promise((resolve) => setImmediate(resolve));
}

const metricsOf = async (io: MemoryIo) => {
  const { metrics } = JSON.parse(io.written.err.split('\n')[0] ?? '');
  return (await fetch(`${metrics}/metrics`, { headers: { connection: 'close' } })).text();
};

test('a changed configuration is used without a restart, behind the same listeners; what it drives no more is told', async () => {
  const { code, turns, closed, err } = await follow(async (io, next) => {
    io.write('weir.yaml', `policy: upsert-only\n${files['weir.yaml'].replace('haproxy', 'builtin, name: other')}`);
    await next();
    assert.match(await metricsOf(io), /^weir_config_valid 1$/m);
  });
  assert.equal(code, 0);
  assert.deepEqual(
    turns.map(({ policy, balancers }) => [policy, balancers[0]?.name]),
    [
      ['sync', 'default'],
      ['upsert-only', 'other'],
    ],
  );
  assert.deepEqual(closed, ['leave', 'leave']);
  assert.match(err, /weir\.yaml changed: it is used from now on/);
  assert.match(err, /balancer default is no longer in weir\.yaml/);
});

test('a configuration that cannot be used changes nothing and is told with its line, until it can be', async () => {
  const { turns } = await follow(async (io, next) => {
    io.write('weir.yaml', `${files['weir.yaml']}polcy: sync\n`);
    await said(io, 'weir.yaml cannot be used');
    assert.match(io.written.err, /"code":"E_CONFIG","file":"weir\.yaml","line":4,.*did you mean \\"policy\\"\?/);
    assert.match(await metricsOf(io), /^weir_config_valid 0$/m);
    io.write('weir.yaml', '');
    await said(io, 'weir.yaml is empty');
    io.write('weir.yaml', `${files['weir.yaml']}policy: create-only\n`);
    await next();
  });
  assert.deepEqual(
    turns.map(({ policy }) => policy),
    ['sync', 'create-only'],
  );
});

test('listeners, log and state directory wait for a restart; SIGHUP reads anew and stops nothing', async () => {
  const { turns } = await follow(async (io, next) => {
    io.write('weir.yaml', `${files['weir.yaml']}stateDir: /elsewhere\n`);
    await said(io, 'restart weir to use what it says of stateDir');
    io.hangUp();
    io.write('weir.yaml', `${files['weir.yaml']}onExit: stop\n`);
    io.hangUp();
    await next();
  });
  assert.deepEqual(
    turns.map(({ onExit, stateDir }) => [onExit, stateDir === '/elsewhere']),
    [
      ['leave', false],
      ['stop', false],
    ],
  );
});
