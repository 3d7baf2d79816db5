import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseNode } from '../../src/cli/node-version.ts';
import { runCommand } from '../../src/cli/program.ts';
import { fakeDeps } from './fake-app.ts';
import { memoryIo, type World } from './memory-io.ts';

async function run(argv: string[], world: World = {}) {
  const io = memoryIo(world);
  const code = await runCommand(argv, io, fakeDeps().deps);
  return { code, ...io.written };
}

test('version and help are data with exit 0', async () => {
  assert.deepEqual(await run(['--version']), { code: 0, out: '9.9.9\n', err: '' });
  const help = await run(['--help']);
  assert.deepEqual([help.code, help.err], [0, '']);
  for (const command of [
    'run',
    'plan',
    'apply',
    'destroy',
    'render',
    'validate',
    'status',
    'explain',
    'schema',
    'demo',
  ]) {
    assert.match(help.out, new RegExp(`^ {2}${command} `, 'm'));
    const own = await run([command, '--help']);
    assert.equal(own.code, 0, command);
  }
  assert.match((await run(['run', '--help'])).out, /--api-listen <text> .*\(default: 127\.0\.0\.1:8377\)/s);
});

test('the help of a command lists the settings that it goes by; the others are taken all the same', async () => {
  const help = (await run(['status', '--help'])).out;
  assert.match(help, /--api-listen/);
  assert.doesNotMatch(help, /--policy|--files|--group/);
  assert.doesNotMatch((await run(['validate', '--help'])).out, /--state-dir|--api-listen/);
  const { deps, opened } = fakeDeps({ validate: async () => [] });
  assert.equal(await runCommand(['validate', '-f', 'a.yaml', '--policy', 'create-only'], memoryIo(), deps), 0);
  assert.equal(opened[0]?.policy, 'create-only');
});

test('-f takes several paths and may be given again; --group too', async () => {
  const { deps, opened } = fakeDeps({ validate: async () => [] });
  const argv = ['validate', '-f', 'a.yaml', 'b', '--group', 'g', '-f', 'c.json', '--group', 'h', '--class', 'k'];
  assert.equal(await runCommand(argv, memoryIo(), deps), 0);
  const [source] = opened[0]?.sources ?? [];
  assert.deepEqual(source?.type === 'file' && source.paths, ['a.yaml', 'b', 'c.json']);
  assert.deepEqual([opened[0]?.balancers[0]?.groups, opened[0]?.balancers[0]?.class], [['g', 'h'], 'k']);
});

test('no command, unknown commands and flags are wrong usage, with a likely spelling', async () => {
  const none = await run([]);
  assert.equal(none.code, 2);
  assert.match(none.err, /Usage: weir/);
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['plna'], /error\[E_USAGE\] unknown command 'plna'; did you mean plan\?/],
    [['plan', '--polcy', 'sync'], /unknown option '--polcy'; did you mean --policy\?/],
    [['plan', '--class', 'a', '--class', 'b'], /Name one class/],
    [['plan', '--class', 'a,b'], /Name one class/],
    [['explain'], /missing required argument/],
    [['plan', '-o', 'xml'], /use text or json/],
    [['render', '-o', 'jsonl'], /use text or json/],
    [
      ['plan', '-f', 'a.yaml', '--policy', 'snyc'],
      /must be one of sync, upsert-only, create-only, is "snyc"; did you mean "sync"\?/,
    ],
  ];
  for (const [argv, message] of cases) {
    const { code, out, err } = await run(argv);
    assert.deepEqual([code, out], [2, ''], argv.join(' '));
    assert.match(err, message);
    const named = argv[0] === 'plna' ? '' : ` ${argv[0]}`;
    if (!message.source.includes('snyc')) assert.ok(err.includes(`See \`weir${named} --help\`.`), err);
  }
});

test('no configuration anywhere: the error names the places', async () => {
  const { code, err } = await run(['run']);
  assert.equal(code, 1);
  assert.match(
    err,
    /error\[E_CONFIG\] no configuration: looked for weir\.yaml, \/etc\/weir\/weir\.yaml; name one with --config/,
  );
});

test('demo gets its options and gives the exit code', async () => {
  assert.equal((await run(['demo'])).code, 8);
  assert.equal((await run(['demo', '--check'])).code, 7);
});

test('a failure that nobody foresaw is told as a fault of weir, with its stack', async () => {
  const io = memoryIo();
  assert.equal(await runCommand(['plan', '-f', 'a'], io, fakeDeps().deps), 1);
  assert.match(io.written.err, /error\[E_BUG\] Error: this test does not expect the call/);
});

test('an old Node is refused in one sentence', () => {
  assert.equal(refuseNode('22.19.0'), undefined);
  assert.equal(refuseNode('26.10.0'), undefined);
  assert.match(refuseNode('22.18.9') ?? '', /^weir needs Node 22\.19 or newer, this is 22\.18\.9: .*\n$/);
});
