/** What a listener in a group answers where no rule holds, changed by hand: put back, and in the way of nobody who leaves. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService } from '../../conformance/services.ts';
import { modifyListener } from '../../fakes/aws/elbv2/listeners.ts';

async function changed(t: TestContext) {
  const harness = awselbHarness(t.name, {});
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const app = { ...httpService('shop/app', 80, await harness.targets(2)), bundle: { key: 'edge', order: 0 } };
  rig.set([app]);
  assertApplied(await rig.apply());
  const { world } = harness.account();
  const [listener] = [...world.elb.loadBalancers.all()].flatMap(({ listeners }) => [...listeners]);
  assert.ok(listener !== undefined);
  const FixedResponseConfig = { StatusCode: '503', ContentType: undefined, MessageBody: undefined };
  const DefaultActions = [{ Type: 'fixed-response', FixedResponseConfig }];
  modifyListener(world, Object({ ListenerArn: listener.arn, DefaultActions }));
  await harness.clock?.sleep(60_000);
  await rig.restart();
  return { harness, rig, world, listener };
}

describe('an answer that somebody changed by hand', () => {
  it('is put back', async (t) => {
    const { harness, rig, listener } = await changed(t);
    assertApplied(await rig.apply());
    assert.match(JSON.stringify(listener.defaultRule.actions), /"404"/);
    await assertQuiet(rig, harness);
  });

  it('keeps nothing of a group that nobody asks for any more', async (t) => {
    const { rig, world } = await changed(t);
    rig.set([]);
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
    assert.deepEqual([world.elb.loadBalancers.size, world.elb.targetGroups.size], [0, 0]);
    assert.deepEqual((await rig.plan()).problems, []);
  });
});
