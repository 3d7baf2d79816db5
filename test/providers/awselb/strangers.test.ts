import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  ElasticLoadBalancingV2Client,
  RemoveTagsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService, tcpService } from '../../conformance/services.ts';

async function opened(t: TestContext, options: Readonly<Record<string, unknown>> = {}) {
  const harness = awselbHarness(t.name, {}, () => options);
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const aws = harness.account();
  const balancers = () => [...aws.world.elb.loadBalancers.all()];
  return { harness, rig, aws, elb: new ElasticLoadBalancingV2Client(aws.client()), balancers };
}

describe('what others do to the account', () => {
  it('an adopted load balancer keeps its security groups, and has them alone when it is given back', async (t) => {
    const { harness, rig, aws, elb, balancers } = await opened(t, { adopt: { tags: { owner: 'terraform' } } });
    const Subnets = [...aws.world.ec2.subnets.all()].flatMap(({ SubnetId, tags }) =>
      tags.has('kubernetes.io/role/internal-elb') ? [SubnetId] : [],
    );
    const [theirs = ''] = [...aws.world.ec2.securityGroups.all()].map(({ GroupId }) => GroupId);
    const Tags = [{ Key: 'owner', Value: 'terraform' }];
    await elb.send(
      new CreateLoadBalancerCommand({ Name: 'edge', Scheme: 'internal', Subnets, SecurityGroups: [theirs], Tags }),
    );
    const web = httpService('shop/web', 80, await harness.targets(2));
    rig.set([{ ...web, settings: { awselb: { adopt: 'edge' } } }]);
    assertApplied(await rig.apply());
    await assertAnswers(harness, web);
    await assertQuiet(rig, harness);
    const [edge] = balancers();
    assert.ok(edge);
    assert.ok(edge.securityGroups.includes(theirs) && edge.securityGroups.length === 3);
    rig.set([]);
    assertApplied(await rig.apply());
    // The group that all of them shared goes once none is seen any more.
    assertApplied(await rig.apply());
    await assertQuiet(rig, harness);
    assert.deepEqual([balancers().length, edge.securityGroups, [...edge.tags.keys()]], [1, [theirs], ['owner']]);
  });

  it('one that lost its tags is not made twice: who has the name is told', async (t) => {
    const { harness, rig, elb, balancers } = await opened(t);
    const db = tcpService('shop/db', 80, await harness.targets(2));
    rig.set([db]);
    assertApplied(await rig.apply());
    const [arn = ''] = balancers().map((one) => one.arn);
    const TagKeys = ['elbv2.k8s.aws/cluster', 'service.k8s.aws/stack', 'service.k8s.aws/resource'];
    await elb.send(new RemoveTagsCommand({ ResourceArns: [arn], TagKeys }));
    await rig.restart();
    const report = await rig.apply();
    assert.equal(balancers().length, 1);
    assert.ok(JSON.stringify(report).includes(arn), JSON.stringify(report));
    await assertAnswers(harness, db);
  });

  it('a listener that somebody adds to a load balancer of ours goes', async (t) => {
    const { harness, rig, aws, elb, balancers } = await opened(t);
    rig.set([tcpService('shop/db', 80, await harness.targets(2))]);
    assertApplied(await rig.apply());
    const [ours] = balancers();
    const [group] = [...aws.world.elb.targetGroups.all()];
    await elb.send(
      new CreateListenerCommand({
        LoadBalancerArn: ours?.arn,
        Protocol: 'TCP',
        Port: 9,
        DefaultActions: [{ Type: 'forward', TargetGroupArn: group?.arn }],
      }),
    );
    await rig.restart();
    // On a load balancer of ours everything is ours.
    assertApplied(await rig.apply());
    assert.deepEqual(
      [...(ours?.listeners ?? [])].map(({ Port }) => Port),
      [80],
    );
  });

  it('services that go while their load balancers are set up leave nothing, wherever that is broken off', async (t) => {
    let killed = true;
    for (let at = 1; killed; at++) {
      killed = false;
      await t.test(`at write ${at}`, async (part) => {
        const { harness, rig, aws, balancers } = await opened(part);
        rig.set([
          tcpService('shop/db', 80, await harness.targets(2)),
          httpService('shop/web', 80, await harness.targets(2)),
        ]);
        rig.interference = {
          after(write) {
            killed ||= write === at;
            if (killed) rig.kill();
          },
        };
        await rig.apply().catch(() => {});
        rig.interference = {};
        await rig.restart();
        rig.set([]);
        // The group that all of them shared goes once none is seen any more.
        for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
        await assertQuiet(rig, harness);
        assert.deepEqual([balancers().length, [...aws.world.elb.targetGroups.all()].length], [0, 0]);
      });
    }
  });
});
