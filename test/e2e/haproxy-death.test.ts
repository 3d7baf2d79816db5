/** HAProxy dies and is started again: which process, by what and for how long is told, in the log and for a while in status. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { describeEnd } from '../../providers/haproxy/process-ends.ts';
import type { Session } from '../../src/model/index.ts';
import { orderedResources } from './haproxy-child.ts';
import { freePort, get, type Rig, signal, startRig, startTarget, type Target, until } from './haproxy-rig.ts';

let rig: Rig;
let target: Target;
let port = 0;
let session: Session;

before(async () => {
  [rig, target, port] = [await startRig(), await startTarget('one'), await freePort()];
  session = await rig.open();
  await session.commit?.([], orderedResources({ port, servers: { [target.port]: 1 } }), signal);
});
after(async () => {
  await rig.end();
  await target.close();
});

const processes = () => showProcesses(`${rig.directory}/master.sock`);
const told = () => (session.troubles?.() ?? []).map(({ code, message }) => `${code} ${message}`);
const host = 'a.test';

async function kill(which: 'master' | 'worker'): Promise<number> {
  const found = await processes();
  const pid = which === 'master' ? found?.master : found?.workers[0];
  assert.ok(pid);
  rig.logs.length = 0;
  process.kill(pid, 'SIGKILL');
  await until('it is started again', () => rig.logs.some((line) => line === 'info HAProxy was started again'));
  return pid;
}

for (const which of ['worker', 'master'] as const) {
  test(`the ${which} is killed: its number and the signal are told, then that it serves again`, async () => {
    assert.equal(told().length, which === 'worker' ? 0 : 1);
    const pid = await kill(which);
    const by = which === 'worker' ? 'signal 9 \\(Killed\\)' : 'SIGKILL';
    assert.match(rig.logs.join('\n'), new RegExp(`error HAProxy ended: ${which} ${pid} ended with ${by}`));
    const [trouble = '', ...more] = told();
    assert.deepEqual(more, []);
    assert.match(
      trouble,
      new RegExp(
        `W_HAPROXY_DIED HAProxy ended at .*\\(${which} ${pid} ended with ${by}\\) and served again \\d+\\.\\d s later`,
      ),
    );
    assert.equal(trouble.includes('2 times within'), which === 'master');
    assert.equal((await get(port, host)).body, 'one');
  });
}

test('an end that nobody saw, and exit codes', () => {
  const found = { master: 10, failed: 0, workers: [11], oldWorkers: [] };
  const line = '[ALERT]    (10) : Current worker (11) exited with code';
  assert.equal(describeEnd(found, undefined, ''), 'master 10 is gone, and HAProxy wrote no reason');
  assert.equal(describeEnd(found, undefined, `${line} 1`), 'worker 11 ended with exit code 1');
  assert.equal(describeEnd(found, undefined, `${line.replace('11', '12')} 1`), describeEnd(found, undefined, ''));
  assert.equal(describeEnd(found, { pid: 10, code: 3, signal: null }, ''), 'master 10 ended with exit code 3');
});
