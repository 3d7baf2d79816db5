/** An Ingress that forwards to a target group of others by its ARN, and a TargetGroupBinding that fills it, through the commands. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateTargetGroupCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { webService } from '../bench/awselb/manifests.ts';
import type { TargetGroup } from '../fakes/aws/elbv2/state.ts';
import { AwsUser } from './awselb-user.ts';

let user: AwsUser;
let group: TargetGroup;

const web = webService({ namespace: 'shop', name: 'web', endpoints: [{ address: '10.0.135.10' }] });
const targets = () =>
  [...group.targets.values()].filter(({ drainedMs }) => drainedMs === undefined).map(({ id, port }) => `${id}:${port}`);

before(async () => {
  user = await AwsUser.start();
  const elb = new ElasticLoadBalancingV2Client(user.aws.client());
  const place = { Port: 80, VpcId: user.seeded.vpc, TargetType: 'ip' } as const;
  await elb.send(new CreateTargetGroupCommand({ Name: 'legacy', Protocol: 'HTTP', ...place }));
  elb.destroy();
  const [only] = user.aws.world.elb.targetGroups.all();
  assert.ok(only !== undefined);
  group = only;
  const forward = JSON.stringify({ type: 'forward', targetGroupARN: group.arn });
  const backend = { service: { name: 'legacy', port: { name: 'use-annotation' } } };
  const annotations = {
    'alb.ingress.kubernetes.io/target-type': 'ip',
    'alb.ingress.kubernetes.io/actions.legacy': forward,
  };
  await user.put('ingress', [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { namespace: 'shop', name: 'front', annotations },
      spec: {
        ingressClassName: 'alb',
        rules: [{ host: 'shop.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    },
  ]);
  await user.put('binding', [
    ...web,
    {
      apiVersion: 'elbv2.k8s.aws/v1beta1',
      kind: 'TargetGroupBinding',
      metadata: { namespace: 'shop', name: 'legacy' },
      spec: { targetGroupARN: group.arn, targetType: 'ip', serviceRef: { name: 'web', port: 80 } },
    },
  ]);
});

after(() => user?.end());

test('it is pointed at and filled, and the second plan is empty', async () => {
  const { code, out, err } = await user.weir(['apply']);
  assert.equal(code, 0, out + err);
  assert.deepEqual(targets(), ['10.0.135.10:8080']);
  const rules = [...user.aws.world.elb.targetGroups.all()].flatMap(({ users }) => [...users.keys()]);
  assert.equal(rules.length, 1);
  const second = await user.weir(['plan', '--detailed-exitcode']);
  assert.equal(second.code, 0, second.out + second.err);
});

test('without the binding our targets leave it, those of others and the rule stay', async () => {
  const [[key, ours] = []] = group.targets;
  assert.ok(key !== undefined && ours !== undefined);
  const [theirs = ''] = user.seeded.nodeAddresses;
  group.targets.set(key.replace(ours.id, theirs).replace('8080', '7070'), { ...ours, id: theirs, port: 7070 });
  await user.put('binding', web);
  const { code, out, err } = await user.weir(['apply']);
  assert.equal(code, 0, out + err);
  assert.deepEqual(targets(), [`${theirs}:7070`]);
  assert.equal(group.users.size, 1);
  const second = await user.weir(['plan', '--detailed-exitcode']);
  assert.equal(second.code, 0, second.out + second.err);
});

test('destroy leaves the group to others', async () => {
  const { code, out, err } = await user.weir(['destroy', '-y']);
  assert.equal(code, 0, out + err);
  assert.deepEqual(user.ours(), []);
  assert.equal(targets().length, 1);
});
