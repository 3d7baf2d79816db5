/** A load balancer of ours whose tags somebody took away: it is told whose it was, what it lacks, and how that is mended. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  AddTagsCommand,
  ElasticLoadBalancingV2Client,
  RemoveTagsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ExportedService, Json } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { tcpService } from '../../conformance/services.ts';

const cluster = 'elbv2.k8s.aws/cluster';
const stack = 'service.k8s.aws/stack';
const resource = 'service.k8s.aws/resource';

async function stripped(t: TestContext, settings: Json, TagKeys: string[], restarts = true) {
  const harness = awselbHarness(t.name, {});
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const aws = harness.account();
  const db: ExportedService = {
    ...tcpService('shop/db', 80, await harness.targets(2)),
    settings: { awselb: settings },
  };
  rig.set([db]);
  assertApplied(await rig.apply());
  // What was made a moment ago is told of late.
  const later = async () => harness.clock?.sleep(60_000);
  await later();
  if (!restarts) assertApplied(await rig.apply());
  const elb = new ElasticLoadBalancingV2Client(aws.client());
  const [balancer, ...others] = aws.world.elb.loadBalancers.all();
  assert.ok(balancer !== undefined && others.length === 0);
  const tags = Object.fromEntries(TagKeys.map((key) => [key, balancer.tags.get(key)]));
  await elb.send(new RemoveTagsCommand({ ResourceArns: [balancer.arn], TagKeys }));
  await later();
  if (restarts) await rig.restart();
  rig.set([db]);
  const balancers = () => [...aws.world.elb.loadBalancers.all()].map(({ arn }) => arn);
  return { harness, rig, elb, db, balancer, balancers, tags, later };
}

describe('a load balancer that lost its tags', () => {
  for (const [title, settings, keys] of [
    ['all of them', {}, [cluster, stack, resource]],
    ['that of the cluster', { scheme: 'internet-facing' }, [cluster]],
    ['that of the stack, under a chosen name', { name: 'shop-db' }, [stack]],
  ] as const) {
    it(`${title}: nothing is made or changed; the error names it, what it lacks and the remedy, which works`, async (t) => {
      const { harness, rig, elb, db, balancer, balancers, tags } = await stripped(t, settings, [...keys]);
      const plan = await rig.plan();
      const [problem, ...more] = plan.problems;
      assert.ok(problem !== undefined && more.length === 0, plan.problems.map(({ message }) => message).join('\n'));
      assert.equal(problem.code, 'E_HELD');
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      const given = Tags.map(({ Key, Value }) => `Key=${Key},Value=${Value}`).join(' ');
      const command = `aws elbv2 add-tags --region eu-west-1 --resource-arns ${balancer.arn} --tags ${given}`;
      for (const part of [balancer.name, balancer.DNSName, command, 'Service shop/db', 'adopt'])
        assert.ok(problem.message.includes(part), `${part}: ${problem.message}`);
      const report = await rig.apply();
      assert.deepEqual(
        report.failed.map(({ code }) => code),
        ['E_HELD'],
      );
      assert.deepEqual(balancers(), [balancer.arn]);
      await assertAnswers(harness, db);
      await elb.send(new AddTagsCommand({ ResourceArns: [balancer.arn], Tags }));
      // What was asked one by one is believed for a while.
      await rig.restart();
      await assertQuiet(rig, harness);
      assert.deepEqual((await rig.plan()).problems, []);
    });
  }

  it('and is remembered by its ARN: no other one is made under another name', async (t) => {
    const { rig, db, balancer, balancers } = await stripped(t, { name: 'shop-db' }, [cluster, stack, resource]);
    rig.set([{ ...db, settings: { awselb: {} } }]);
    const { problems } = await rig.plan();
    assert.deepEqual(
      problems.map(({ code, value }) => [code, value]),
      [['E_HELD', 'shop-db']],
    );
    await rig.apply();
    assert.deepEqual(balancers(), [balancer.arn]);
  });

  it('of somebody else that has the name is told as such', async (t) => {
    const { rig, elb, balancer } = await stripped(t, {}, [cluster]);
    await elb.send(new AddTagsCommand({ ResourceArns: [balancer.arn], Tags: [{ Key: cluster, Value: 'other' }] }));
    const [problem] = (await rig.plan()).problems;
    assert.match(problem?.message ?? '', /belongs to somebody else \(elbv2\.k8s\.aws\/cluster=other\)/);
  });

  it('while weir runs is missed at the next look, and known again when they are put back', async (t) => {
    const { harness, rig, elb, db, balancer, balancers, tags, later } = await stripped(t, {}, [cluster], false);
    const { writes } = rig;
    const report = await rig.apply();
    assert.deepEqual(
      report.failed.map(({ code }) => code),
      ['E_HELD'],
    );
    assert.deepEqual(
      report.plan.problems.map(({ code }) => code),
      ['E_HELD'],
    );
    assert.equal(rig.writes, writes);
    assert.deepEqual(balancers(), [balancer.arn]);
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    await elb.send(new AddTagsCommand({ ResourceArns: [balancer.arn], Tags }));
    await later();
    assertApplied(await rig.apply());
    assert.deepEqual((await rig.plan()).problems, []);
    await assertAnswers(harness, db);
    assert.equal(rig.writes, writes);
  });

  for (const [title, restarts] of [
    ['while weir runs', false],
    ['before it starts', true],
  ] as const) {
    it(`${title} is not taken apart by a destroy: one error says what it lacks and how that is mended`, async (t) => {
      const { harness, rig, elb, db, balancer, balancers, tags, later } = await stripped(
        t,
        {},
        [cluster, stack, resource],
        restarts,
      );
      const { world } = harness.account();
      const { failed } = await rig.destroy();
      assert.deepEqual([...new Set(failed.map(({ code }) => code))], ['E_HELD']);
      for (const { message } of failed)
        for (const part of [
          balancer.name,
          `lacks the tags`,
          `aws elbv2 add-tags --region eu-west-1 --resource-arns ${balancer.arn} `,
        ])
          assert.ok(message.includes(part), message);
      assert.deepEqual(balancers(), [balancer.arn]);
      await assertAnswers(harness, db);
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await elb.send(new AddTagsCommand({ ResourceArns: [balancer.arn], Tags }));
      await later();
      for (let run = 0; run < 2; run++) assertApplied(await rig.destroy());
      assert.deepEqual([world.elb.loadBalancers.size, world.elb.targetGroups.size], [0, 0]);
    });
  }
});
