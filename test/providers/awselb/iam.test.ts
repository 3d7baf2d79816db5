import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { FakeAws } from '../../fakes/aws/index.ts';
import { seed } from '../../fakes/aws/seed.ts';
import { servicesOf } from '../../fakes/aws/services.ts';
import { readPolicy, watchPolicy } from './iam-policy.ts';

const policy = readPolicy('iam-policy.json');
const folder = new URL('../../../providers/awselb/', import.meta.url);

/** What AWS asks for on the way, without a call of ours. */
const dependent = new Map([
  ['elasticloadbalancing:SetWebAcl', 'wafv2:AssociateWebACL'],
  ['iam:CreateServiceLinkedRole', 'elasticloadbalancing:CreateLoadBalancer'],
]);
/** Only with the option assumeRole, before there are credentials that this policy belongs to. */
const outside = ['sts:AssumeRole'];

/** Actions of every command that the provider can send, from its source. */
function actionsInCode(): ReadonlySet<string> {
  const services = [...servicesOf(new FakeAws().world).values()];
  const found = new Set<string>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    for (const [, name = ''] of readFileSync(new URL(file, folder), 'utf8').matchAll(/\b([A-Z]\w+)Command\b/g)) {
      // DescribeTags is of ELBv2 here: EC2 answers tags with the things.
      const { iam } = services.find(({ actions }) => actions.has(name)) ?? {};
      found.add(`${iam ?? (name === 'AssumeRole' ? 'sts' : `an unknown service (${file})`)}:${name}`);
    }
  }
  return found;
}

describe('the IAM policy', () => {
  it('has every action that the provider can call and none that it cannot', () => {
    const allowed = new Set(policy.Statement.flatMap(({ Action }) => Action));
    const called = actionsInCode();
    assert.deepEqual([...called].filter((action) => !allowed.has(action)).sort(), outside);
    const needless = [...allowed].filter((action) => !called.has(action) && !allowed.has(dependent.get(action) ?? ''));
    assert.deepEqual(needless, []);
    assert.ok(called.size > 60, String(called.size));
  });

  it('fits into one managed policy', () => {
    const text = readFileSync(new URL('../../../deploy/aws/iam-policy.json', import.meta.url), 'utf8');
    assert.ok(text.replaceAll(/\s/g, '').length <= 6144);
  });

  it('says no sid twice and nothing about everything but reads', () => {
    const sids = policy.Statement.map(({ Sid }) => Sid);
    assert.equal(new Set(sids).size, sids.length);
    for (const { Sid, Action, Resource } of policy.Statement)
      if (Resource.includes('*'))
        assert.deepEqual([Sid, Action.filter((action) => !/:(Describe|Get|List)/.test(action))], ['Read', []]);
  });

  it('does not allow to touch what is not ours', async () => {
    const aws = new FakeAws();
    const place = seed(aws);
    const watch = watchPolicy(aws, policy);
    const client = new ElasticLoadBalancingV2Client(aws.client());
    const create = (Name: string, tags: boolean) =>
      client.send(
        new elb.CreateLoadBalancerCommand({
          Name,
          Type: 'network',
          Scheme: 'internal',
          Subnets: [...place.privateSubnets],
          ...(tags ? { Tags: [{ Key: 'elbv2.k8s.aws/cluster', Value: 'test' }] } : {}),
        }),
      );
    const { LoadBalancers: theirs = [] } = await watch.others(() => create('theirs', false));
    const { LoadBalancers: ours = [] } = await create('ours', true);
    assert.deepEqual(watch.denied, []);
    const change = (LoadBalancerArn = '') =>
      client.send(
        new elb.ModifyLoadBalancerAttributesCommand({
          LoadBalancerArn,
          Attributes: [{ Key: 'deletion_protection.enabled', Value: 'true' }],
        }),
      );
    await change(ours[0]?.LoadBalancerArn);
    assert.deepEqual(watch.denied, []);
    await change(theirs[0]?.LoadBalancerArn);
    await create('untagged', false);
    const [first, second, third] = watch.denied;
    assert.match(first ?? '', /^elasticloadbalancing:ModifyLoadBalancerAttributes .*\/net\/theirs\//);
    assert.match(second ?? '', /^elasticloadbalancing:CreateLoadBalancer .*untagged/);
    assert.equal(third, undefined);
    client.destroy();
  });

  it('adoption takes one more policy, which tags and does nothing else', () => {
    const actions = readPolicy('iam-policy-adopt.json').Statement.flatMap(({ Action }) => Action);
    assert.deepEqual(actions, ['elasticloadbalancing:AddTags']);
  });
});
