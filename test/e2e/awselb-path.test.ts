/** The user's path on AWS: manifests of aws-load-balancer-controller, `weir plan`, `apply`, `destroy` as processes, the strict account over HTTP. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { foreign } from '../bench/awselb/chaos/census.ts';
import { plantForeign } from '../bench/awselb/chaos/plant-foreign.ts';
import { ingress, networkService, webService } from '../bench/awselb/manifests.ts';
import { AwsUser } from './awselb-user.ts';

let user: AwsUser;
let others = '';

const endpoints = [{ address: '10.0.135.10' }, { address: '10.0.151.10' }];
const web = webService({ namespace: 'shop', name: 'web', endpoints });
const front = (name: string, annotations: Readonly<Record<string, string>> = {}) =>
  ingress({
    namespace: 'shop',
    name,
    paths: [{ host: `${name}.test`, path: '/', service: 'web' }],
    annotations: { 'group.name': 'edge', ...annotations },
  });
const db = (scheme: string) =>
  networkService({ namespace: 'shop', name: 'db', ports: [5432], endpoints, annotations: { scheme } });

before(async () => {
  user = await AwsUser.start();
  plantForeign(user.aws, user.seeded);
  others = foreign(user.aws);
  await user.put('db', db('internal'));
  await user.put('web', [...web, front('one'), front('two')]);
});

after(() => user?.end());

test('plan reads, and says what would be made, in how many calls', async () => {
  const { code, out, err } = await user.weir(['plan']);
  assert.equal(code, 0, err);
  for (const kind of ['LoadBalancer', 'TargetGroup', 'Listener', 'Rule', 'SecurityGroup'])
    assert.match(out, new RegExp(`\\+ create +${kind} `));
  assert.match(out, /Plan: \d+ to create, 0 to update, 0 to replace, 0 to delete/);
  assert.deepEqual(user.aws.journal.writes, []);
  const json = await user.weir(['plan', '-o', 'json']);
  const { summary } = JSON.parse(json.out) as { summary: { calls: Record<string, number> } };
  const calls = Object.values(summary.calls).reduce((sum, count) => sum + count, 0);
  assert.ok(calls >= 14 && calls <= 30, `${calls} calls`);
});

test('apply tells each step, makes as many calls as planned, and ends when every load balancer is active', async () => {
  const planned = JSON.parse((await user.weir(['plan', '-o', 'json'])).out) as {
    summary: { calls: Record<string, number> };
  };
  const { code, out, err } = await user.weir(['apply']);
  assert.equal(code, 0, out + err);
  assert.match(err, /done .* create LoadBalancer service\/shop\/db/);
  assert.match(out, /^Applied: \d+ steps in /m);
  const writes = user.aws.journal.writes.length;
  assert.equal(
    writes,
    Object.values(planned.summary.calls).reduce((sum, count) => sum + count, 0),
  );
  // By the clock of the account, not by who has looked.
  for (const { provisioning, name } of user.aws.world.elb.loadBalancers.all())
    assert.ok(provisioning.done(user.aws.world.clock.now()), name);
  assert.equal(
    user.aws.traffic.reach({ loadBalancer: balancer('ingress'), port: 80, host: 'one.test' }).kind,
    'forward',
  );
  assert.deepEqual(user.aws.loud, []);
});

test('a second plan is empty', async () => {
  const { code, out } = await user.weir(['plan', '--detailed-exitcode']);
  assert.equal(code, 0, out);
});

test('a change of scheme is told to change the DNS name', async () => {
  await user.put('db', db('internet-facing'));
  const { out, err, code } = await user.weir(['plan', '--detailed-exitcode']);
  assert.equal(code, 2, out);
  assert.match(out + err, /DNS name .* goes away/);
  await user.put('db', db('internal'));
});

test('one bad Ingress in a group is told with annotation, value and remedy; the others change on, its own rules stay', async () => {
  await user.put('web', [
    ...web,
    front('one', { 'healthcheck-path': '/ready' }),
    front('two', { 'group.order': 'first' }),
  ]);
  const { code, out, err } = await user.weir(['apply']);
  assert.equal(code, 3, out + err);
  assert.match(out + err, /Ingress shop\/two: alb\.ingress\.kubernetes\.io\/group\.order must be .*\(is "first"\)/);
  const rules = [...user.aws.world.elb.rules.all()].filter(({ rule }) => rule.priority !== undefined);
  assert.equal(rules.length, 2, 'both hosts are still served');
  const paths = [...user.aws.world.elb.targetGroups.all()].map(({ check }) => check.HealthCheckPath);
  assert.ok(paths.includes('/ready'), String(paths));
  await user.put('web', [...web, front('one'), front('two')]);
});

test('destroy takes away exactly what is ours', async () => {
  assert.notDeepEqual(user.ours(), []);
  const { code, out, err } = await user.weir(['destroy', '-y']);
  assert.equal(code, 0, out + err);
  assert.deepEqual(user.ours(), []);
  assert.equal(foreign(user.aws), others);
});

function balancer(scope: string): string {
  const found = [...user.aws.world.elb.loadBalancers.all()].find(({ tags }) => tags.has(`${scope}.k8s.aws/stack`));
  assert.ok(found);
  return found.name;
}
