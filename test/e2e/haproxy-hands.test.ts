/** What somebody does to the running HAProxy by hand is found by the next change that meets it, not by the slow audit alone. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { RuntimeSocket } from '../../providers/haproxy/socket.ts';
import type { Step } from '../../src/model/index.ts';
import {
  backend,
  freePort,
  frontend,
  get,
  type Rig,
  settings,
  signal,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

let rig: Rig;
let target: Target;

beforeEach(async () => {
  rig = await startRig();
  target = await startTarget('one');
});

afterEach(async () => {
  await rig.end();
  await target.close();
});

test('a server that was disabled and left without weight serves again with the next commit that is about it', async () => {
  const session = await rig.open();
  const port = await freePort();
  const wanted = [settings, frontend(port, {}, { default: 'web' }), backend('web', { [target.port]: 1 })];
  await session.commit?.([], wanted, signal);
  assert.equal((await get(port, 'a.test')).status, 200);
  const runtime = new RuntimeSocket(rig.socket);
  const [, line = ''] = /^\d+ (b_\S+ \d+ \S+)/m.exec(await runtime.ask('show servers state')) ?? [];
  const [section, , name] = line.split(' ');
  await runtime.run([
    { line: `disable server ${section}/${name}` },
    { line: `set server ${section}/${name} weight 0` },
  ]);
  runtime.close();
  assert.equal((await get(port, 'a.test')).status, 503);
  const step: Step = {
    n: 1,
    op: 'add',
    kind: 'Backend',
    id: 'web',
    unit: 'edge@n1',
    why: 'drift',
    serves: [],
    after: [],
  };
  // By what was told to it there is nothing to do.
  await until('looked at anew', async () => {
    await session.commit?.([step], wanted, signal);
    return (await get(port, 'a.test')).status === 200;
  });
  assert.ok(rig.logs.some((told) => told.includes('HAProxy is not as it was left')));
});
