/** A group as aws-load-balancer-controller builds it, one member of which only redirects: taken over as a whole, and given in part. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  type Action,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { ingress, webService } from '../../bench/awselb/manifests.ts';
import { Stage } from '../../bench/awselb/stage.ts';

const cluster = 'test';
const hash = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('')).digest('hex').slice(0, 10);
const tags = (resource: string) => [
  { Key: 'elbv2.k8s.aws/cluster', Value: cluster },
  { Key: 'ingress.k8s.aws/stack', Value: 'edge' },
  { Key: 'ingress.k8s.aws/resource', Value: resource },
];
const endpoints = ['10.0.135.1', '10.0.151.1'];

const web = webService({ namespace: 'web', name: 'one', endpoints: endpoints.map((address) => ({ address })) });
const redirect = { type: 'redirect', redirectConfig: { host: 'new.test', statusCode: 'HTTP_301' } };
const group = { 'group.name': 'edge' };
const site = ingress({
  namespace: 'web',
  name: 'site',
  paths: [{ host: 'one.test', path: '/', service: 'one' }],
  annotations: group,
});
const old = JSON.parse(
  JSON.stringify(
    ingress({
      namespace: 'web',
      name: 'old',
      paths: [{ host: 'old.test', path: '/', service: 'move' }],
      annotations: { ...group, 'actions.move': JSON.stringify(redirect) },
    }),
  ).replace('{"number":80}', '{"name":"use-annotation"}'),
);

/** `web/old` comes first: members stand in the order of their names. */
async function built(t: TestContext): Promise<Stage> {
  const stage = await Stage.open();
  t.after(() => stage.close());
  const elb = new ElasticLoadBalancingV2Client(stage.aws.client());
  const ec2 = new EC2Client(stage.aws.client());
  const guard = async (GroupName: string, Description: string, Tags: { Key: string; Value: string }[]) => {
    const TagSpecifications = [{ ResourceType: 'security-group' as const, Tags }];
    const VpcId = stage.seeded.vpc;
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({ GroupName, Description, VpcId, TagSpecifications }),
    );
    return GroupId ?? assert.fail('no group');
  };
  const backend = await guard(
    `k8s-traffic-${cluster}-${hash(cluster)}`,
    '[k8s] Shared Backend SecurityGroup for LoadBalancer',
    [
      { Key: 'elbv2.k8s.aws/cluster', Value: cluster },
      { Key: 'elbv2.k8s.aws/resource', Value: 'backend-sg' },
    ],
  );
  const own = await guard(
    `k8s-edge-${hash(cluster, 'edge')}`,
    '[k8s] Managed SecurityGroup for LoadBalancer',
    tags('ManagedLBSecurityGroup'),
  );
  const IpPermissions = [{ IpProtocol: 'tcp', FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: own, IpPermissions }));
  const id = /"uid":"([^"]+)"/.exec(JSON.stringify(web[0]))?.[1] ?? assert.fail('no uid');
  const { TargetGroups: [made] = [] } = await elb.send(
    new CreateTargetGroupCommand({
      Name: `k8s-web-one-${hash(cluster, 'edge', 'web', 'site', id, '80', '8080', 'ip', 'HTTP', 'HTTP1')}`,
      Protocol: 'HTTP',
      ProtocolVersion: 'HTTP1',
      Port: 8080,
      VpcId: stage.seeded.vpc,
      TargetType: 'ip',
      IpAddressType: 'ipv4',
      HealthCheckProtocol: 'HTTP',
      HealthCheckPort: 'traffic-port',
      HealthCheckPath: '/',
      HealthCheckIntervalSeconds: 15,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 2,
      Matcher: { HttpCode: '200' },
      Tags: tags('web/site-one:80'),
    }),
  );
  const TargetGroupArn = made?.TargetGroupArn;
  const { LoadBalancers: [balancer] = [] } = await elb.send(
    new CreateLoadBalancerCommand({
      Name: `k8s-edge-${hash(cluster, 'edge', 'internal')}`,
      Type: 'application',
      Scheme: 'internal',
      IpAddressType: 'ipv4',
      SubnetMappings: stage.seeded.privateSubnets.map((SubnetId) => ({ SubnetId })),
      SecurityGroups: [own, backend],
      Tags: tags('LoadBalancer'),
    }),
  );
  const FixedResponseConfig = { ContentType: 'text/plain', StatusCode: '404' };
  const { Listeners: [listener] = [] } = await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: balancer?.LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig }],
      Tags: tags('80'),
    }),
  );
  const rule = (Priority: number, host: string, action: Action) =>
    elb.send(
      new CreateRuleCommand({
        ListenerArn: listener?.ListenerArn,
        Priority,
        Conditions: [
          { Field: 'host-header', HostHeaderConfig: { Values: [host] } },
          { Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } },
        ],
        Actions: [action],
        Tags: tags(`80:${Priority}`),
      }),
    );
  const RedirectConfig = {
    Host: 'new.test',
    Path: '/#{path}',
    Port: '#{port}',
    Protocol: '#{protocol}',
    Query: '#{query}',
    StatusCode: 'HTTP_301' as const,
  };
  await rule(1, 'old.test', { Type: 'redirect', RedirectConfig });
  await rule(2, 'one.test', { Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn }] } });
  await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: endpoints.map((Id) => ({ Id, Port: 8080 })) }));
  elb.destroy();
  ec2.destroy();
  stage.aws.journal.clear();
  return stage;
}

const writes = ({ aws }: Stage): readonly string[] =>
  aws.journal.entries.filter(({ write }) => write).map(({ action }) => action);
const hosts = ({ aws }: Stage): readonly string[] =>
  [...aws.world.elb.loadBalancers.all()].flatMap(({ listeners }) =>
    [...listeners].flatMap(({ rules }) =>
      [...rules].flatMap(({ conditions }) => conditions.flatMap((one) => one.HostHeaderConfig?.Values ?? [])),
    ),
  );
/** Steps but for those that say whose a rule or the answer of a listener is. */
const butTags = (steps: readonly string[]) => steps.filter((one) => !/^add (?:Rule|Listener) Tags$/.test(one));
const planOf = async (stage: Stage) => {
  const { units, problems } = await stage.plan();
  const steps = units.flatMap((unit) => unit.steps).map(({ op, kind, set }) => `${op} ${kind} ${set ?? ''}`.trim());
  return { steps: steps.sort(), told: problems.map(({ code, message }) => `${code} ${message}`) };
};

describe('a group that aws-load-balancer-controller has built, with a member that only redirects', () => {
  it('is taken over as it is: the first plan names the members of its rules, and nothing else', async (t) => {
    const stage = await built(t);
    stage.cluster.put('all', [...web, site, old]);
    const { steps, told } = await planOf(stage);
    assert.deepEqual([butTags(steps), told], [[], []]);
    await stage.start();
    assert.notEqual(await stage.settle(600_000), undefined);
    await stage.pass(900_000);
    assert.deepEqual(new Set(writes(stage)), new Set(['AddTags']));
    assert.deepEqual(await hosts(stage), ['old.test', 'one.test']);
  });

  for (const [given, manifests, mine, other] of [
    ['the member that forwards', [...web, site], 'one.test', 'web/old'],
    ['the member that redirects', [old], 'old.test', 'web/site-one'],
  ] as const)
    it(`given in part, ${given} alone, loses nothing of the other`, async (t) => {
      const stage = await built(t);
      stage.cluster.put('part', [...manifests]);
      const { steps, told } = await planOf(stage);
      assert.deepEqual(butTags(steps), []);
      // Who only redirects is known by no tag of the peer: the rule is named.
      assert.match(told.join(), other === 'web/old' ? /W_ORPHAN .*old\.test/ : /W_ORPHAN .*web\/site-one/);
      await stage.start();
      assert.notEqual(await stage.settle(600_000), undefined);
      await stage.pass(900_000);
      assert.deepEqual(new Set(writes(stage)), new Set(['AddTags']));
      stage.cluster.remove('part');
      stage.cluster.tell('nothing');
      await stage.settle(1_200_000);
      await stage.pass(900_000);
      assert.deepEqual(
        hosts(stage),
        ['old.test', 'one.test'].filter((host) => host !== mine),
      );
      assert.equal(stage.aws.world.elb.loadBalancers.size, 1);
    });
});
