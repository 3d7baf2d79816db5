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

test('who was put there by hand goes when the binding has all of the group, and the plan names them before', async () => {
  const [[key, ours] = []] = group.targets;
  assert.ok(key !== undefined && ours !== undefined);
  const [hand = ''] = user.seeded.nodeAddresses;
  group.targets.set(key.replace(ours.id, hand).replace('8080', '7070'), { ...ours, id: hand, port: 7070 });
  const plan = await user.weir(['plan']);
  assert.match(plan.out + plan.err, /legacy: .*W_TARGETS_TAKEN|W_TARGETS_TAKEN.*legacy/);
  assert.match(plan.out + plan.err, new RegExp(`${hand}:7070 in it is no target of the service`));
  assert.match(plan.out, new RegExp(`- ${hand}:7070`));
  assert.match(plan.out, /aws {2}targetgroupbinding\/shop\/legacy/);
  assert.equal((await user.weir(['apply'])).code, 0);
  assert.deepEqual(targets(), ['10.0.135.10:8080', '10.0.151.10:8080']);
  const after = await user.weir(['plan']);
  assert.doesNotMatch(after.out + after.err, /W_TARGETS_TAKEN|is no target/);
});

const binding = (namespace: string, createdAt: string) => ({
  apiVersion: 'elbv2.k8s.aws/v1beta1',
  kind: 'TargetGroupBinding',
  metadata: { namespace, name: 'legacy', creationTimestamp: createdAt },
  spec: { targetGroupARN: group.arn, targetType: 'ip', serviceRef: { name: 'web', port: 80 } },
});
const web = (namespace: string) => webService({ namespace, name: 'web', endpoints });

test('the plan shows what a binding that is deleted takes out of the group, and --fail-on sees it', async () => {
  await user.put('binding', web('shop'));
  const plan = await user.weir(['plan', '--full']);
  assert.match(plan.out, /= release +TargetGroup +legacy/);
  for (const { address } of endpoints) assert.match(plan.out, new RegExp(`${address}:8080`));
  const json = await user.weir(['plan', '-o', 'json']);
  assert.match(json.out, /"op": ?"remove"[\s\S]*10\.0\.135\.10:8080/);
  for (const reason of ['delete', 'release'])
    assert.equal((await user.weir(['plan', '--fail-on', reason])).code, 1, reason);
  assert.deepEqual(targets(), ['10.0.135.10:8080', '10.0.151.10:8080']);
});

test('the younger of two bindings of one group is refused by name, and nothing moves', async () => {
  await user.put('binding', [...web('shop'), binding('shop', '2026-01-01T00:00:00Z')]);
  await user.put('other', [...web('aaa'), binding('aaa', '2026-01-02T00:00:00Z')]);
  const { code, out, err } = await user.weir(['apply']);
  assert.equal(code, 1, out + err);
  assert.match(out + err, /targetgroupbinding\/aaa\/legacy: .*spec\.targetGroupARN.*TargetGroupBinding shop\/legacy/);
  assert.deepEqual(targets(), ['10.0.135.10:8080', '10.0.151.10:8080']);
  assert.match((await user.weir(['plan'])).out, / 0 steps\./);
});

test('a binding that names a target group of weir is refused by name, and that group stays as it is', async () => {
  const own = [...groups().all()].find(({ tags }) => tags.size > 0);
  assert.ok(own !== undefined);
  const before = [...own.targets.keys()];
  const grab = binding('aaa', '2020-01-01T00:00:00Z');
  await user.put('other', [...web('aaa'), { ...grab, spec: { ...grab.spec, targetGroupARN: own.arn } }]);
  const { code, out, err } = await user.weir(['apply']);
  assert.equal(code, 1, out + err);
  assert.match(out + err, /targetgroupbinding\/aaa\/legacy: .*spec\.targetGroupARN.*weir makes and fills/);
  assert.deepEqual([...own.targets.keys()], before);
  assert.match((await user.weir(['plan'])).out, / 0 steps\./);
  await user.put('other', []);
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
