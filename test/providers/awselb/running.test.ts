/** What a weir that goes on running finds in the account by itself, with the next audit. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  CreateTargetGroupCommand,
  DeleteLoadBalancerCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Problem } from '../../../src/model/index.ts';
import { ingress, networkService, webService } from '../../bench/awselb/manifests.ts';
import { Stage } from '../../bench/awselb/stage.ts';

/** Audits come every minute. */
const auditMs = 65_000;
const endpoints = [{ address: '10.0.135.10' }, { address: '10.0.151.10' }];
const db = networkService({ namespace: 'shop', name: 'db', ports: [5432], endpoints });

async function opened(t: TestContext, appeared: Problem[] = []): Promise<Stage> {
  const stage = await Stage.open({ events: { problems: (fresh) => void appeared.push(...fresh) } });
  t.after(() => stage.close());
  return stage;
}

const problems = (stage: Stage) =>
  stage.app.state().problems.map(({ code, source, message }) => `${code} ${source} ${message}`);

describe('a weir that goes on', () => {
  it('fills a target group of others as soon as there is one; until then its binding alone is told', async (t) => {
    const stage = await opened(t);
    const { world } = stage.aws;
    const elb = new ElasticLoadBalancingV2Client(stage.aws.client());
    const input = { Name: 'legacy', Protocol: 'TCP', Port: 80, VpcId: stage.seeded.vpc, TargetType: 'ip' } as const;
    await elb.send(new CreateTargetGroupCommand(input));
    const [group] = world.elb.targetGroups.all();
    assert.ok(group !== undefined);
    world.elb.targetGroups.delete(group.arn);
    stage.cluster.put('binding', [
      ...webService({ namespace: 'shop', name: 'web', endpoints }),
      {
        apiVersion: 'elbv2.k8s.aws/v1beta1',
        kind: 'TargetGroupBinding',
        metadata: { namespace: 'shop', name: 'legacy' },
        spec: { targetGroupARN: group.arn, targetType: 'ip', serviceRef: { name: 'web', port: 80 } },
      },
    ]);
    stage.cluster.put('db', db);
    await stage.start();
    await stage.until(() => world.elb.loadBalancers.size === 1, auditMs);
    await stage.pass(3 * auditMs);
    const told = problems(stage);
    assert.equal(told.length, 1, told.join('\n'));
    assert.match(told[0] ?? '', /^E_DISCOVERY targetgroupbinding\/shop\/legacy .*there is no such target group/i);
    world.elb.targetGroups.add(group.arn, group);
    await stage.until(() => group.targets.size === 2, 2 * auditMs);
    assert.deepEqual(problems(stage), []);
  });

  it('tells that a DNS name is lost where somebody removed a load balancer, and makes it anew', async (t) => {
    const told: Problem[] = [];
    const stage = await opened(t, told);
    const { elb } = stage.aws.world;
    stage.cluster.put('db', db);
    await stage.start();
    assert.notEqual(await stage.settle(20 * auditMs), undefined);
    const [old] = elb.loadBalancers.all();
    assert.ok(old !== undefined);
    const { DNSName } = old;
    const console = new ElasticLoadBalancingV2Client(stage.aws.client());
    await console.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: old.arn }));
    // It is no more so as soon as the new one is there: who reads the log or the Events sees it.
    await stage.until(() => told.some(({ code }) => code === 'W_NAME_CHANGES'), 2 * auditMs);
    await stage.until(() => elb.loadBalancers.size === 1, auditMs);
    await stage.until(() => problems(stage).length === 0, 4 * auditMs);
    assert.notEqual([...elb.loadBalancers.all()][0]?.DNSName, DNSName);
  });

  it('takes the shared security group away after the last load balancer', async (t) => {
    const stage = await opened(t);
    const { elb, ec2 } = stage.aws.world;
    const groups = ec2.securityGroups.size;
    stage.cluster.put('db', db);
    await stage.start();
    assert.notEqual(await stage.settle(20 * auditMs), undefined);
    assert.equal(ec2.securityGroups.size, groups + 2);
    stage.cluster.remove('db');
    stage.cluster.tell('gone');
    await stage.until(() => elb.loadBalancers.size === 0, auditMs);
    await stage.until(() => ec2.securityGroups.size === groups, 3 * auditMs);
  });

  it('tells of who joins a load balancer that is there, and of who is left when another one leaves', async (t) => {
    const stage = await opened(t);
    const annotations = { 'group.name': 'edge' };
    const member = (name: string) => [
      ...webService({ namespace: 'shop', name, endpoints }),
      ingress({ namespace: 'shop', name, paths: [{ host: `${name}.test`, path: '/', service: name }], annotations }),
    ];
    const served = () =>
      stage.app
        .state()
        .services.map(({ id, health }) => `${id} ${health}`)
        .sort();
    stage.cluster.put('one', member('one'));
    await stage.start();
    assert.notEqual(await stage.settle(1_200_000), undefined);
    stage.cluster.put('two', member('two'));
    stage.cluster.tell('more');
    await stage.until(() => served().length === 2 && stage.aws.world.elb.targetGroups.size === 2, 10_000);
    await stage.pass(30_000);
    assert.deepEqual(served(), ['ingress/shop/one ok', 'ingress/shop/two ok']);
    stage.cluster.remove('one');
    stage.cluster.tell('less');
    await stage.until(() => stage.aws.world.elb.targetGroups.size === 1, 10_000);
    assert.deepEqual(served(), ['ingress/shop/two ok']);
  });
});
