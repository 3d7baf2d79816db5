import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ExportedService } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService, tcpService, withBackend } from '../../conformance/services.ts';

async function opened(t: TestContext, delaySeconds: number) {
  const harness = awselbHarness(t.name, {});
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const aws = harness.account();
  const instances = [...aws.world.ec2.instances.all()].map(({ InstanceId }) => InstanceId).slice(0, 2);
  const settings = {
    awselb: { targetGroup: { attributes: { 'deregistration_delay.timeout_seconds': String(delaySeconds) } } },
  };
  const byIp = { ...httpService('shop/web', 80, await harness.targets(2)), settings };
  const onInstances = (service: ExportedService) =>
    withBackend(service, {
      targetKind: 'instance',
      nodePort: 30080,
      targets: instances.map((address) => ({ address, port: 30080, weight: 100, state: 'ready' })),
    });
  const groups = () => [...aws.world.elb.targetGroups.all()];
  const last = (action: string) => aws.journal.of(action).at(-1)?.atMs ?? Number.NaN;
  return { harness, rig, byIp, onInstances, settings, groups, last };
}

describe('a target group that an application load balancer has turned away from', () => {
  it('is out of the rule at once, and stays with its targets for its deregistration delay', async (t) => {
    const { harness, rig, byIp, onInstances, groups, last } = await opened(t, 15);
    rig.set([byIp]);
    assertApplied(await rig.apply());
    await assertAnswers(harness, byIp);
    const [old] = groups();
    assert.ok(old);
    const next = onInstances(byIp);
    rig.set([next]);
    const { units } = await rig.plan();
    const steps = units.flatMap((unit) => unit.steps);
    const wait = steps.find(({ until }) => until?.what === 'drained');
    assert.deepEqual([wait?.until?.deadlineMs, wait?.until?.ends], [15_000, true]);
    let targetsThen: number | undefined;
    rig.interference = {
      before() {
        if (groups().length === 2) targetsThen = old.targets.size;
      },
    };
    assertApplied(await rig.apply());
    const tookMs = last('DeleteTargetGroup') - last('ModifyRule');
    assert.ok(tookMs >= 15_000, `deleted ${tookMs} ms after the turn`);
    assert.equal(targetsThen, 2);
    assert.deepEqual(
      groups().map(({ TargetType }) => TargetType),
      ['instance'],
    );
    await assertAnswers(harness, next);
    await assertQuiet(rig, harness);
  });

  it('is waited for where a path goes to another backend, also by the next process', async (t) => {
    const { harness, rig, byIp, settings, groups, last } = await opened(t, 15);
    const { main } = byIp.backends;
    assert.ok(main);
    const other: ExportedService = {
      ...byIp,
      fronts: byIp.fronts.map((front) => ({
        ...front,
        routes: front.routes.map((route) => ({
          ...route,
          action: { type: 'forward', to: [{ backend: 'next', weight: 1 }] },
        })),
      })),
      backends: { next: { ...main, targets: await harness.targets(2) } },
      settings,
    };
    rig.set([byIp]);
    assertApplied(await rig.apply());
    await assertAnswers(harness, byIp);
    rig.set([other]);
    const [old] = groups();
    // The process ends when it has noted the turn, before anything is deleted.
    rig.interference = {
      after() {
        if (old?.users.size === 0) rig.kill();
      },
    };
    await rig.apply().catch(() => {});
    rig.interference = {};
    assert.equal(groups().length, 2);
    const turnMs = last('ModifyRule');
    await rig.restart();
    assertApplied(await rig.apply());
    const tookMs = last('DeleteTargetGroup') - turnMs;
    assert.ok(tookMs >= 15_000, `deleted ${tookMs} ms after the turn`);
    await assertAnswers(harness, other);
    await assertQuiet(rig, harness);
  });
});

describe('a deregistration delay beyond the deadline of gates', () => {
  for (const [what, make] of [
    ['network', () => tcpService],
    ['application', () => httpService],
  ] as const)
    it(`of ${what}: apply leaves the old group, says so, and the next one after the delay deletes it`, async (t) => {
      const { harness, rig, onInstances, settings, groups, last } = await opened(t, 3600);
      const byIp = { ...make()('shop/db', 80, await harness.targets(2)), settings };
      rig.set([byIp]);
      assertApplied(await rig.apply());
      await assertAnswers(harness, byIp);
      rig.set([onInstances(byIp)]);
      const first = await rig.apply();
      assert.deepEqual(first.failed, []);
      assert.deepEqual(
        first.waiting?.map(({ message }) => /: 60 min at most$/.test(message)),
        [true],
      );
      assert.equal(groups().length, 2);
      // Time passes for other processes, too: none of them begins to count anew.
      await harness.clock?.sleep(1_000_000);
      await rig.restart();
      assert.equal((await rig.apply()).waiting?.length, 1);
      assert.equal(groups().length, 2);
      await harness.clock?.sleep(2_600_000);
      await rig.restart();
      assertApplied(await rig.apply());
      assert.equal(groups().length, 1);
      assert.ok(last('DeleteTargetGroup') > 0);
      await assertQuiet(rig, harness);
    });
});
