/** The runtime socket answers badly, or refuses commands: told with its reason, nothing lost, nothing in a loop, right again when it is well. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { eventually } from '../fakes/ask.ts';
import { type Stage, startStage, webService } from './fault-stage.ts';
import { type Fault, type FaultySocket, standBetween } from './haproxy-faulty-socket.ts';

let stage: Stage;
let between: FaultySocket;

before(async () => {
  stage = await startStage({ address: '127.78.1.2', metrics: '127.78.1.2:19090', api: '127.0.0.1:18402' });
  between = await standBetween(join(stage.directory, 'haproxy.sock'));
  // The one that runs has its connection.
  await stage.restart();
  await stage.settled();
});

after(async () => {
  await between?.end();
  await stage.end();
});

const reloads = () => stage.metric('weir_haproxy_reloads_total');
const code = () => stage.state().then(({ balancers }) => balancers[0]?.units[0]?.code);
let turn = 0;
/** Another target than before, so that each change is one. */
const move = async (): Promise<void> => {
  const next = turn++ % 2 === 0 ? stage.two : stage.one;
  await stage.put('moves.yaml', webService('moves', next));
  await stage.becomes('moves.test', `200 ${next.name}`);
};
const workers = async () => (await showProcesses(join(stage.directory, 'master.sock')))?.workers;

test('slow answers are answers', async () => {
  between.fault = 'slow';
  const before = await workers();
  await move();
  assert.deepEqual(await workers(), before);
  between.fault = 'none';
  await stage.settled();
});

for (const fault of ['silent', 'half', 'garbage', 'close'] as const satisfies readonly Fault[]) {
  test(`${fault}: told with its reason, changes come by a reload, and it heals`, async () => {
    between.fault = 'none';
    await stage.settled();
    const [before, errors] = [await reloads(), await stage.metric('weir_haproxy_socket_errors_total')];
    between.fault = fault;
    const told = await stage.told(({ balancers }) => balancers[0]?.units[0]?.code === 'E_HAPROXY_SOCKET');
    const [unit] = told.balancers[0]?.units ?? [];
    assert.match(unit?.message ?? '', /haproxy\.sock|was answered with/);
    assert.match(unit?.message ?? '', /HAProxy serves on as it was told last/);
    assert.ok(unit?.retryInMs !== undefined);
    assert.ok((await stage.metric('weir_haproxy_socket_errors_total')) > errors);
    assert.equal(await reloads(), before, 'an ill socket alone is no reason for a reload');
    await move();
    await eventually(reloads, (now) => now === before + 1, 4_800);
    await sleep(3_000);
    assert.equal(await reloads(), before + 1, 'one change, one reload');
    assert.equal(await code(), 'E_HAPROXY_SOCKET');
    between.fault = 'none';
    await stage.settled();
    const [pids, counted] = [await workers(), await reloads()];
    await move();
    assert.deepEqual([await workers(), await reloads()], [pids, counted], 'by command again');
  });
}

test('a change while it is ill and a new weir: adopted, and right when it is well', async () => {
  between.fault = 'garbage';
  await stage.restart();
  await move();
  between.fault = 'none';
  await stage.settled();
  const before = await reloads();
  await move();
  assert.equal(await reloads(), before);
});

/** A service of its own each time: nothing of it is in the process yet. */
const change = () => stage.put(`new${turn}.yaml`, webService(`new${turn++}`, stage.one));

for (const unknown of [/^add server/, /^(?:add|set|del|prepare) map/]) {
  test(`commands that this HAProxy does not know (${unknown}): one reload a change, told once`, async () => {
    await stage.restart();
    await stage.settled();
    const told = () => stage.logs().split('comes by a reload from now on').length;
    const [before, words] = [await reloads(), told()];
    between.unknown = unknown;
    await change();
    await eventually(reloads, (now) => now === before + 1, 4_800);
    await stage.settled();
    assert.equal(told(), words + 1);
    const lines = between.lines.length;
    await change();
    await eventually(reloads, (now) => now === before + 2, 4_800);
    await stage.settled();
    assert.equal(told(), words + 1);
    assert.deepEqual(
      between.lines.slice(lines).filter((line) => unknown.test(line)),
      [],
      'it is not asked again',
    );
    await sleep(1_500);
    assert.equal(await reloads(), before + 2);
    between.unknown = undefined;
  });
}
