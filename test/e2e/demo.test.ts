import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { isTaken } from '../../src/cli/demo/ports.ts';
import { needsRootAnd } from '../fakes/needs.ts';

const root = join(import.meta.dirname, '..', '..');
const haproxy = spawnSync('haproxy', ['-v']).status === 0;
const providers = [
  { name: 'haproxy', skip: haproxy ? false : 'HAProxy is not installed' },
  { name: 'builtin', skip: false },
] as const;

/** `npm start` as a user types it, without npm around it. */
function start(t: TestContext, provider: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, ['src/setup/start.mjs', ...args], {
    cwd: root,
    env: { ...process.env, WEIR_DEMO_PROVIDER: provider },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  return { child, output: () => output };
}

async function exitOf(child: ChildProcess): Promise<unknown> {
  const [code] = await once(child, 'close');
  return code;
}

describe('npm start', () => {
  for (const { name, skip } of providers) {
    it(`--check passes on ${name}`, { skip }, async (t) => {
      const { child, output } = start(t, name, '--check');
      assert.equal(await exitOf(child), 0, output());
      assert.match(output(), /a killed back end costs no request .* 0 failed/);
      assert.match(output(), /a rolling update costs no request .* 0 failed/);
      assert.match(output(), /everything as it should be/);
      assert.doesNotMatch(output(), /FAILED/);
    });

    it(`stops on SIGTERM and leaves nothing behind on ${name}`, { skip }, async (t) => {
      const { child, output } = start(t, name);
      while (!output().includes('state page')) {
        const [more] = await Promise.race([once(child.stdout, 'data'), once(child, 'close').then(() => [undefined])]);
        assert.ok(more !== undefined, output());
      }
      const folder = /files in (\S+)\/services/.exec(output())?.[1] ?? '';
      const ports = [...output().matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
      assert.ok(existsSync(folder));
      assert.ok(ports.length >= 3);
      child.kill('SIGTERM');
      assert.equal(await exitOf(child), 0, output());
      assert.equal(existsSync(folder), false);
      for (const port of ports) assert.equal(await isTaken(port), false, `port ${port} is still open`);
    });
  }

  it('--vip --check passes: the owner of an address dies and is drained', {
    skip: needsRootAnd('ip', 'nft', 'haproxy'),
  }, async (t) => {
    const { child, output } = start(t, 'haproxy', '--vip', '--check');
    assert.equal(await exitOf(child), 0, output());
    assert.match(output(), /[abc] answers \d+ ms later/);
    assert.match(output(), /no request fails .* 0 failed/);
    assert.match(output(), /everything as it should be/);
    const left = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
    const space = /ip netns exec (weir-vip-\d+)-b/.exec(output())?.[1] ?? 'weir-vip';
    assert.ok(!left.includes(space), left);
  });
});
