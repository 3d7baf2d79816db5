import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ExportedService } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { tcpService, withBackend } from '../../conformance/services.ts';

const delaySeconds = 15;

async function opened(t: TestContext) {
  const harness = awselbHarness(t.name, {});
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const aws = harness.account();
  const instances = [...aws.world.ec2.instances.all()].map(({ InstanceId }) => InstanceId).slice(0, 2);
  const attributes = { 'deregistration_delay.timeout_seconds': String(delaySeconds) };
  const byIp: ExportedService = {
    ...tcpService('shop/db', 80, await harness.targets(2)),
    settings: { awselb: { targetGroup: { attributes } } },
  };
  const byInstance = withBackend(byIp, {
    targetKind: 'instance',
    nodePort: 30080,
    targets: instances.map((address) => ({ address, port: 30080, weight: 100, state: 'ready' })),
  });
  const groups = () => [...aws.world.elb.targetGroups.all()];
  const last = (action: string) => aws.journal.of(action).at(-1);
  return { harness, rig, byIp, byInstance, groups, last };
}

describe('a target group that a network load balancer has turned away from', () => {
  it('stays, with its targets, until its connections have had their deregistration delay', async (t) => {
    const { harness, rig, byIp, byInstance, groups, last } = await opened(t);
    rig.set([byIp]);
    assertApplied(await rig.apply());
    await assertAnswers(harness, byIp);
    const [old] = groups();
    assert.ok(old);
    rig.set([byInstance]);
    let targetsThen: number | undefined;
    rig.interference = {
      before() {
        if (groups().length === 2) targetsThen = old.targets.size;
      },
    };
    assertApplied(await rig.apply());
    const turnMs = last('ModifyListener')?.atMs ?? Number.NaN;
    const deleteMs = last('DeleteTargetGroup')?.atMs ?? Number.NaN;
    assert.ok(deleteMs - turnMs >= delaySeconds * 1000, `deleted ${deleteMs - turnMs} ms after the turn`);
    assert.equal(targetsThen, 2);
    assert.deepEqual(
      groups().map(({ TargetType }) => TargetType),
      ['instance'],
    );
    await assertAnswers(harness, byInstance);
    await assertQuiet(rig, harness);
  });

  it('is waited for by the next process too, as by a plan that is only shown', async (t) => {
    const { harness, rig, byIp, byInstance, groups, last } = await opened(t);
    rig.set([byIp]);
    assertApplied(await rig.apply());
    await assertAnswers(harness, byIp);
    rig.set([byInstance]);
    const before = last('ModifyListener')?.index;
    rig.interference = {
      after() {
        if (last('ModifyListener')?.index !== before) rig.kill();
      },
    };
    await rig.apply().catch(() => {});
    rig.interference = {};
    assert.equal(groups().length, 2);
    await rig.restart();
    const plan = await rig.plan();
    const seenMs = harness.clock?.now() ?? Number.NaN;
    assert.deepEqual(
      plan.units.flatMap(({ steps }) => steps.map(({ op, kind }) => `${op} ${kind}`)),
      ['wait Listener', 'delete TargetGroup'],
    );
    assertApplied(await rig.apply());
    const deleteMs = last('DeleteTargetGroup')?.atMs ?? Number.NaN;
    assert.ok(deleteMs - seenMs >= delaySeconds * 1000 - 1000, `deleted ${deleteMs - seenMs} ms after it was seen`);
    await assertQuiet(rig, harness);
  });
});
