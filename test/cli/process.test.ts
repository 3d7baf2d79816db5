import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const main = join(import.meta.dirname, '../../src/cli/main.ts');

/** The real program in an empty folder, without any WEIR_ variable; killed with the test. */
async function start(t: TestContext, argv: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cli-'));
  const env = { PATH: process.env.PATH ?? '', HOME: folder, XDG_STATE_HOME: join(folder, 'state') };
  const child = spawn(process.execPath, [main, ...argv], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written.err += text;
  });
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => code ?? signal);
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true });
  });
  return { child, written, ended, folder };
}

test('the program prints, answers exit codes, and says nothing to the wrong stream', async (t) => {
  const version = await start(t, ['--version']);
  assert.equal(await version.ended, 0);
  assert.match(version.written.out, /^\d+\.\d+\.\d+\n$/);
  assert.equal(version.written.err, '');
  const wrong = await start(t, ['plna']);
  assert.equal(await wrong.ended, 2);
  assert.match(wrong.written.err, /did you mean plan\?/);
  assert.doesNotMatch(wrong.written.err, /\u001b/, 'no colour in a pipe');
  const none = await start(t, ['run']);
  assert.equal(await none.ended, 1);
  assert.match(none.written.err, /no configuration: looked for weir\.yaml/);
});

test('what is no regular file is told and neither waited for nor read without end', { timeout: 60_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cli-'));
  t.after(() => rm(folder, { recursive: true }));
  const [pipe, device] = [join(folder, 'pipe.yaml'), join(folder, 'device.yaml')];
  execFileSync('mkfifo', [pipe]);
  await symlink('/dev/zero', device);
  for (const path of [pipe, device, folder]) {
    const services = await start(t, ['validate', '-f', path]);
    assert.equal(await services.ended, 1);
    assert.match(services.written.err, /(?:pipe|device)\.yaml: it is not a regular file/);
  }
  for (const path of [pipe, device]) {
    const config = await start(t, ['validate', '-c', path]);
    assert.equal(await config.ended, 1);
    assert.match(config.written.err, /cannot be read: it is not a regular file/);
  }
});

test('a reader that leaves early is no error', async (t) => {
  const { child, ended, written } = await start(t, ['schema']);
  child.stdout.destroy();
  assert.equal(await ended, 0);
  assert.equal(written.err, '');
});

/** A controller over one service; resolves when it is ready, with the address of its API. */
async function startController(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cli-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'web.yaml');
  await writeFile(file, 'name: shop/web\nports: [{port: 5432}]\ntargets: ["10.0.0.7:5432"]\n');
  const listen = ['--api-listen', '127.0.0.1:0', '--metrics-listen', ''];
  const weir = await start(t, ['run', '-f', file, '--provider', 'memory', ...listen]);
  const { stderr } = weir.child;
  await Promise.race([
    weir.ended,
    new Promise<void>((resolve) => stderr.on('data', () => /"msg":"ready"/.test(weir.written.err) && resolve())),
  ]);
  const url = /"statePage":"([^"]+)"/.exec(weir.written.err)?.[1] ?? assert.fail(weir.written.err);
  return { ...weir, url };
}

test('run: ready, asked by status, stopped by SIGTERM with exit 0', async (t) => {
  const weir = await startController(t);
  const status = await start(t, ['status', '--all', '--api', weir.url]);
  assert.equal(await status.ended, 0, status.written.err);
  assert.match(status.written.out, /shop\/web/);
  weir.child.kill('SIGTERM');
  assert.equal(await weir.ended, 0);
  assert.match(weir.written.err, /"msg":"weir stops"/);
  for (const line of weir.written.err.trimEnd().split('\n')) assert.doesNotThrow(() => JSON.parse(line), line);
});

test('run beside one that drives the same says so, and not that it runs', async (t) => {
  const first = await startController(t);
  const state = join(first.folder, 'state', 'weir');
  const listen = ['--api-listen', '127.0.0.1:0', '--metrics-listen', '', '--state-dir', state];
  const second = await start(t, ['run', '-f', join(first.folder, 'none.yaml'), '--provider', 'memory', ...listen]);
  assert.equal(await second.ended, 1);
  assert.match(second.written.err, new RegExp(`E_LOCKED.* is in use by process ${first.child.pid}`));
  assert.doesNotMatch(second.written.err, /weir runs/);
});

test('run: an interrupt that npm or a shell passes on as well is one', async (t) => {
  const { child, ended, written } = await startController(t);
  child.kill('SIGINT');
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.match(written.err, /"msg":"weir stops"/);
});

test('run outlives whoever read its log', async (t) => {
  const { child, url, ended } = await startController(t);
  child.stderr.destroy();
  assert.equal((await fetch(`${url}/api/v1/state`)).status, 200);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
});

test('run follows its configuration file; SIGHUP does not stop it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cli-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'weir.yaml');
  const write = (rest: string) =>
    writeFile(file, `balancers: [{provider: memory}]\napi: {listen: "127.0.0.1:0"}\nmetrics: {listen: ""}\n${rest}`);
  await write('');
  const { child, written, ended } = await start(t, ['run', '-c', file]);
  const said = async (text: string) => {
    while (!written.err.includes(text)) await once(child.stderr, 'data');
  };
  await said('"msg":"ready"');
  await write('policy: sinc\n');
  await said('cannot be used');
  child.kill('SIGHUP');
  await write('policy: upsert-only\n');
  await said('it is used from now on');
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.match(written.err, /did you mean \\"sync\\"\?/);
});
