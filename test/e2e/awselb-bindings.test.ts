/** TargetGroupBindings through the commands, on the strict account over HTTP: targets for groups that somebody else made. */
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateTargetGroupCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { networkService, webService } from '../bench/awselb/manifests.ts';
import type { TargetGroup } from '../fakes/aws/elbv2/state.ts';
import { AwsUser } from './awselb-user.ts';

let user: AwsUser;
let group: TargetGroup;

const endpoints = [{ address: '10.0.135.10' }, { address: '10.0.151.10' }];
const groups = () => user.aws.world.elb.targetGroups;
const targets = () =>
  [...group.targets.values()]
    .filter(({ drainedMs }) => drainedMs === undefined)
    .map(({ id, port }) => `${id}:${port}`)
    .sort();

before(async () => {
  user = await AwsUser.start();
  const elb = new ElasticLoadBalancingV2Client(user.aws.client());
  await elb.send(
    new CreateTargetGroupCommand({
      Name: 'legacy',
      Protocol: 'TCP',
      Port: 80,
      VpcId: user.seeded.vpc,
      TargetType: 'ip',
    }),
  );
  const [only] = groups().all();
  assert.ok(only !== undefined);
  group = only;
  await user.put('binding', [
    ...webService({ namespace: 'shop', name: 'web', endpoints }),
    {
      apiVersion: 'elbv2.k8s.aws/v1beta1',
      kind: 'TargetGroupBinding',
      metadata: { namespace: 'shop', name: 'legacy' },
      spec: { targetGroupARN: group.arn, targetType: 'ip', serviceRef: { name: 'web', port: 80 } },
    },
  ]);
  await user.put('db', networkService({ namespace: 'shop', name: 'db', ports: [5432], endpoints }));
});

after(() => user?.end());

test('a target group that is not there is told by the name of its binding, and nothing of it is planned; everything else goes on', async () => {
  groups().delete(group.arn);
  const plan = await user.weir(['plan']);
  assert.match(plan.out + plan.err, /targetgroupbinding\/shop\/legacy: .*there is no such target group/);
  assert.doesNotMatch(plan.out, /create +TargetGroup +bound/);
  assert.match(plan.out, /create +LoadBalancer +service\/shop\/db/);
  const { code, out, err } = await user.weir(['apply']);
  assert.equal(code, 3, out + err);
  assert.equal(user.aws.world.elb.loadBalancers.size, 1);
});

test('it is filled as soon as it is there', async () => {
  groups().add(group.arn, group);
  const { code, out, err } = await user.weir(['apply']);
  assert.equal(code, 0, out + err);
  assert.deepEqual(targets(), ['10.0.135.10:8080', '10.0.151.10:8080']);
  const second = await user.weir(['plan', '--detailed-exitcode']);
  assert.equal(second.code, 0, second.out + second.err);
});

test('what was registered is written down, for nobody else to read', async () => {
  const path = join(user.folder, 'state', 'balancers', 'aws', 'registered-targets.json');
  assert.match(await readFile(path, 'utf8'), /10\.0\.135\.10:8080/);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(
    (await readdir(join(path, '..'))).filter((name) => name.endsWith('.new')),
    [],
  );
});

test('destroy takes our targets out, and leaves the group with those of others', async () => {
  const [[key, ours] = []] = group.targets;
  assert.ok(key !== undefined && ours !== undefined);
  const [theirs = ''] = user.seeded.nodeAddresses;
  group.targets.set(key.replace(ours.id, theirs).replace('8080', '7070'), { ...ours, id: theirs, port: 7070 });
  const { code, out, err } = await user.weir(['destroy', '-y']);
  assert.equal(code, 0, out + err);
  assert.deepEqual(user.ours(), []);
  assert.deepEqual([groups().size, targets()], [1, [`${theirs}:7070`]]);
  const again = await user.weir(['destroy', '-y']);
  assert.equal(again.code, 0, again.out + again.err);
  assert.deepEqual(targets(), [`${theirs}:7070`]);
});
