import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { systemClock, takeLock } from '../../src/run/index.ts';

const made: string[] = [];
after(async () => {
  for (const path of made) await rm(path, { recursive: true, force: true });
});

async function stateDir(...deep: string[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'weir-lock-'));
  made.push(root);
  const path = join(root, ...deep);
  await mkdir(path, { recursive: true });
  return path;
}

/** A process that takes the lock and holds it until it is killed. */
async function holder(path: string) {
  const module = new URL('../../src/run/index.ts', import.meta.url).href;
  const script = `import { takeLock, systemClock } from ${JSON.stringify(module)};
    await takeLock(${JSON.stringify(path)}, systemClock); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('lock of the state directory', () => {
  it('is held by one, and free again afterwards', async () => {
    const path = await stateDir();
    const lock = await takeLock(path, systemClock);
    await assert.rejects(takeLock(path, systemClock), {
      code: 'E_LOCKED',
      message: new RegExp(`process ${process.pid}`),
    });
    await lock.release();
    assert.deepEqual(await readdir(path), []);
    await (await takeLock(path, systemClock)).release();
  });

  it('is taken over from a process that was killed, and not from one that lives', async () => {
    const path = await stateDir();
    const child = await holder(path);
    await assert.rejects(takeLock(path, systemClock), {
      code: 'E_LOCKED',
      message: new RegExp(`process ${child.pid}`),
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.deepEqual(await readdir(path), ['lock.sock'], 'the dead one leaves its socket');
    await (await takeLock(path, systemClock)).release();
  });

  it('is had at once after a kill, also while the kernel still takes the dead one and its children apart', async () => {
    const path = await stateDir();
    for (let round = 0; round < 5; round += 1) {
      const child = await holder(path);
      child.kill('SIGKILL');
      await (await takeLock(path, systemClock)).release();
    }
  });

  it('of many who find a dead one, one gets it', async () => {
    const path = await stateDir();
    await writeFile(join(path, 'lock.sock'), '');
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(path, systemClock)));
    const won = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    assert.equal(won.length, 1);
    for (const lock of won) await lock.release();
  });

  it('does not wait for a guard that a crash has left', async () => {
    const path = await stateDir();
    const guard = join(path, 'lock.guard');
    await mkdir(guard);
    const long = new Date(Date.now() - 60_000);
    await utimes(guard, long, long);
    await (await takeLock(path, systemClock)).release();
  });

  it('works at the end of a long path', { skip: process.platform !== 'linux' && 'needs /proc' }, async () => {
    const path = await stateDir('a'.repeat(60), 'b'.repeat(60));
    const lock = await takeLock(path, systemClock);
    await assert.rejects(takeLock(path, systemClock), { code: 'E_LOCKED' });
    await lock.release();
    assert.deepEqual(await readdir(path), []);
  });

  it('a directory that cannot be used is named', async () => {
    const path = join(await stateDir(), 'missing');
    await assert.rejects(takeLock(path, systemClock), { code: 'E_STATE_DIR', message: new RegExp(path) });
  });
});
