/** The runtime socket answers badly, or refuses commands: told with its reason, nothing lost, nothing in a loop, right again when it is well. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { eventually } from '../fakes/ask.ts';
import { startStage, webService } from './fault-stage.ts';
import { type Fault, type FaultySocket, standBetween } from './haproxy-faulty-socket.ts';

let beds = 0;

/** A weir whose socket is answered by somebody else, for one test: most of what it does is waiting, so several run at a time. */
async function startBed(t: TestContext) {
  const stage = await startStage({ number: beds++ });
  let between: FaultySocket | undefined;
  t.after(async () => {
    await between?.end();
    await stage.end();
  });
  between = await standBetween(join(stage.directory, 'haproxy.sock'));
  // The one that runs has its connection.
  await stage.restart();
  await stage.settled();
  let turn = 0;
  return {
    stage,
    between,
    reloads: () => stage.metric('weir_haproxy_reloads_total'),
    code: () => stage.state().then(({ balancers }) => balancers[0]?.units[0]?.code),
    workers: async () => (await showProcesses(join(stage.directory, 'master.sock')))?.workers,
    /** Another target than before, so that each change is one. */
    async move() {
      const next = turn++ % 2 === 0 ? stage.two : stage.one;
      await stage.put('moves.yaml', webService('moves', next));
      await stage.becomes('moves.test', `200 ${next.name}`);
    },
    /** A service of its own each time: nothing of it is in the process yet. */
    change: () => stage.put(`new${turn}.yaml`, webService(`new${turn++}`, stage.one)),
  };
}

describe('a socket that answers badly', { concurrency: 4 }, () => {
  test('slow answers are answers', async (t) => {
    const { between, workers, move, stage } = await startBed(t);
    between.fault = 'slow';
    const before = await workers();
    await move();
    assert.deepEqual(await workers(), before);
    between.fault = 'none';
    await stage.settled();
  });

  for (const fault of ['silent', 'half', 'garbage', 'close'] as const satisfies readonly Fault[]) {
    test(`${fault}: told with its reason, changes come by a reload, and it heals`, async (t) => {
      const { stage, between, reloads, code, workers, move } = await startBed(t);
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

  test('a change while it is ill and a new weir: adopted, and right when it is well', async (t) => {
    const { stage, between, reloads, move } = await startBed(t);
    between.fault = 'garbage';
    await stage.restart();
    await move();
    between.fault = 'none';
    await stage.settled();
    const before = await reloads();
    await move();
    assert.equal(await reloads(), before);
  });

  for (const unknown of [/^add server/, /^(?:add|set|del|prepare) map/]) {
    test(`commands that this HAProxy does not know (${unknown}): one reload a change, told once`, async (t) => {
      const { stage, between, reloads, change } = await startBed(t);
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
    });
  }
});
