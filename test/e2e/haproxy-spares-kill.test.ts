/** weir killed at any moment while spares are taken, wiped and taken again: no service is ever answered by another one's target. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { showProcesses } from '../../providers/haproxy/master.ts';
import type { Resource } from '../../src/model/index.ts';
import {
  backend,
  freePort,
  frontend,
  get,
  type Rig,
  route,
  settings,
  signal,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

const ids = ['a', 'b', 'c', 'd'];
const childFile = new URL('./haproxy-spares-child.ts', import.meta.url).pathname;

/** A weir that changes what is served without a pause, until it is killed. `said`: its reloads and warnings. */
async function startWeir(
  rig: Rig,
  { port, targets, seed, said }: { port: number; targets: readonly Target[]; seed: number; said: string[] },
): Promise<ChildProcess> {
  const ports = targets.map((target) => String(target.port));
  const args = [childFile, rig.directory.replace(/\/haproxy$/, ''), String(port), String(seed), ...ports];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  child.on('message', (message) => said.push(`${seed}: ${JSON.stringify(message)}`));
  return child;
}

test('killed 12 times: every service has its own targets or none, and what was begun is found', async () => {
  const rig = await startRig();
  const port = await freePort();
  const targets = await Promise.all(ids.map((id) => startTarget(id)));
  const wrong: string[] = [];
  const said: string[] = [];
  let asked = 0;
  let on = true;
  try {
    let session = await rig.open({ spares: 4 });
    await session.commit?.([], [settings, frontend(port)], signal);
    const before = await showProcesses(`${rig.directory}/master.sock`);
    await session.close('leave');
    const asking = ids.map(async (id) => {
      while (on) {
        const { status, body } = await get(port, `${id}.test`);
        asked++;
        if (!(status === 200 && body === id) && status !== 404 && status !== 503)
          wrong.push(`${id}: ${status} ${body}`);
      }
    });
    for (let round = 0; round < 12; round++) {
      const child = await startWeir(rig, { port, targets, seed: round, said });
      await sleep(20 + ((round * 37) % 180));
      assert.equal(child.exitCode, null, 'it ends by nothing but the kill');
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    session = await rig.open({ spares: 4 });
    const all: readonly Resource[] = ids.flatMap((id, i) => [
      route(port, `${id}.test`, '/', id),
      backend(id, { [targets[i]?.port ?? 0]: 1 }),
    ]);
    await session.observe('all', signal);
    await session.commit?.([], [settings, frontend(port), ...all], signal);
    for (const id of ids)
      await until(`${id} is served`, async () => (await get(port, `${id}.test`)).body === id, 5_000);
    on = false;
    await Promise.all(asking);
    assert.deepEqual(wrong, []);
    const reloads = (reason: string): number => rig.metrics.get(`weir_haproxy_reloads_total{${reason}}`) ?? 0;
    assert.equal(reloads('refused'), 0, `what is there was known: ${rig.logs.join('; ')}`);
    const refused = said.filter((line) => line.includes('"reload":"refused"'));
    assert.deepEqual(refused, [], `each of those that were killed knew what the one before left: ${said.join('; ')}`);
    // Killed between a file and its reload: what runs is not what is written, and one reload puts it right.
    assert.ok(reloads('unknown') <= 1, `${reloads('unknown')} reloads of what runs unknown`);
    assert.ok(asked > 200, `${asked} requests`);
    assert.equal((await showProcesses(`${rig.directory}/master.sock`))?.master, before?.master);
  } finally {
    on = false;
    await rig.end();
    for (const target of targets) await target.close();
  }
});
