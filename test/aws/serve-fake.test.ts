/** The fake as a server of its own and the seeding as a command, as localstack/README.md says them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';

const folder = join(import.meta.dirname, '..', '..', 'localstack');

async function serve(t: TestContext): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [join(folder, 'serve-fake.ts'), '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stderr })) {
    const url = /listens on (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error('the fake ended without listening');
}

const seedOn = (AWS_ENDPOINT_URL: string) =>
  spawnSync(process.execPath, [join(folder, 'seed.ts')], {
    encoding: 'utf8',
    env: { ...process.env, AWS_ENDPOINT_URL },
  });

describe('the fake as a server', () => {
  it('listens, is seeded as often as one likes, and ends when told', async (t) => {
    const { child, url } = await serve(t);
    const [first, second] = [seedOn(url), seedOn(url)];
    assert.equal(first.status, 0, first.stderr);
    assert.equal(JSON.parse(first.stdout).publicSubnets.length, 3);
    assert.equal(second.stdout, first.stdout);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'close'), [0, null]);
  });

  it('every script tells what it is for in place of starting anything', () => {
    for (const script of ['serve-fake.ts', 'seed.ts', 'moto.mjs']) {
      const run = spawnSync(process.execPath, [join(folder, script), '--help'], { encoding: 'utf8', timeout: 30_000 });
      assert.equal(run.status, 0, run.stderr);
      assert.match(run.stdout, /npm run -s aws:/, script);
    }
  });

  it('npm scripts start with whatever Node runs npm', () => {
    for (const name of ['aws:fake', 'aws:seed', 'aws:moto']) {
      const run = spawnSync('npm', ['run', '-s', name, '--', '--help'], { cwd: join(folder, '..'), encoding: 'utf8' });
      assert.equal(run.status, 0, run.stderr);
      assert.match(run.stdout, new RegExp(`npm run -s ${name}`));
    }
  });

  it('AWS itself is never seeded', () => {
    const run = seedOn('https://ec2.eu-west-1.amazonaws.com');
    assert.equal(run.status, 2);
    assert.match(run.stderr, /AWS itself is never seeded/);
  });
});
