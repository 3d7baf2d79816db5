import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { ingress, networkService, webService } from '../../bench/awselb/manifests.ts';
import { Stage } from '../../bench/awselb/stage.ts';

const cluster = 'test';
const hash = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('')).digest('hex').slice(0, 10);
const tags = (scope: 'service' | 'ingress', stack: string, resource: string) => [
  { Key: 'elbv2.k8s.aws/cluster', Value: cluster },
  { Key: `${scope}.k8s.aws/stack`, Value: stack },
  { Key: `${scope}.k8s.aws/resource`, Value: resource },
];
const uid = (manifests: readonly object[]): string => {
  const text = JSON.stringify(manifests[0]);
  return /"uid":"([^"]+)"/.exec(text)?.[1] ?? assert.fail('no uid');
};

/** An account as aws-load-balancer-controller leaves it behind: its names, its tags, its order of calls. */
class Predecessor {
  readonly #stage: Stage;
  readonly #elb: ElasticLoadBalancingV2Client;
  readonly #ec2: EC2Client;
  /** Releases before 2.2 tagged no listeners and rules. */
  readonly #tagsFronts: boolean;
  #backend: string | undefined;

  constructor(stage: Stage, tagsFronts: boolean) {
    this.#stage = stage;
    this.#tagsFronts = tagsFronts;
    this.#elb = new ElasticLoadBalancingV2Client(stage.aws.client());
    this.#ec2 = new EC2Client(stage.aws.client());
  }

  async #group(GroupName: string, Description: string, list: { Key: string; Value: string }[], port?: number) {
    const { GroupId } = await this.#ec2.send(
      new CreateSecurityGroupCommand({
        GroupName,
        Description,
        VpcId: this.#stage.seeded.vpc,
        TagSpecifications: [{ ResourceType: 'security-group', Tags: list }],
      }),
    );
    if (port !== undefined)
      await this.#ec2.send(
        new AuthorizeSecurityGroupIngressCommand({
          GroupId,
          IpPermissions: [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
        }),
      );
    return GroupId ?? assert.fail('no group');
  }

  async #groups(scope: 'service' | 'ingress', stack: string, name: string): Promise<string[]> {
    this.#backend ??= await this.#group(
      `k8s-traffic-${cluster}-${hash(cluster)}`,
      '[k8s] Shared Backend SecurityGroup for LoadBalancer',
      [
        { Key: 'elbv2.k8s.aws/cluster', Value: cluster },
        { Key: 'elbv2.k8s.aws/resource', Value: 'backend-sg' },
      ],
    );
    const own = await this.#group(
      name,
      '[k8s] Managed SecurityGroup for LoadBalancer',
      tags(scope, stack, 'ManagedLBSecurityGroup'),
      80,
    );
    return [own, this.#backend];
  }

  async network(id: string, addresses: readonly string[]): Promise<void> {
    const stack = 'shop/web';
    const groups = await this.#groups('service', stack, `k8s-shop-web-${hash(cluster, 'web', 'shop', id)}`);
    const { TargetGroups = [] } = await this.#elb.send(
      new CreateTargetGroupCommand({
        Name: `k8s-shop-web-${hash(cluster, id, '8080', '80', 'ip', 'TCP', 'TCP', '10')}`,
        Protocol: 'TCP',
        Port: 8080,
        VpcId: this.#stage.seeded.vpc,
        TargetType: 'ip',
        IpAddressType: 'ipv4',
        HealthCheckProtocol: 'TCP',
        HealthCheckPort: 'traffic-port',
        HealthCheckIntervalSeconds: 10,
        HealthCheckTimeoutSeconds: 10,
        HealthyThresholdCount: 3,
        UnhealthyThresholdCount: 3,
        Tags: tags('service', stack, 'shop/web:80'),
      }),
    );
    const { LoadBalancers = [] } = await this.#elb.send(
      new CreateLoadBalancerCommand({
        Name: `k8s-shop-web-${hash(cluster, id, 'internal')}`,
        Type: 'network',
        Scheme: 'internal',
        IpAddressType: 'ipv4',
        SubnetMappings: this.#stage.seeded.privateSubnets.map((SubnetId) => ({ SubnetId })),
        SecurityGroups: groups,
        Tags: tags('service', stack, 'LoadBalancer'),
      }),
    );
    const TargetGroupArn = TargetGroups[0]?.TargetGroupArn;
    await this.#elb.send(
      new CreateListenerCommand({
        LoadBalancerArn: LoadBalancers[0]?.LoadBalancerArn,
        Protocol: 'TCP',
        Port: 80,
        DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn }] } }],
        ...(this.#tagsFronts ? { Tags: tags('service', stack, '80') } : {}),
      }),
    );
    await this.#register(TargetGroupArn, addresses);
  }

  async application(id: string, addresses: readonly string[]): Promise<void> {
    const stack = 'web/site';
    const groups = await this.#groups('ingress', stack, `k8s-web-site-${hash(cluster, stack)}`);
    const { TargetGroups = [] } = await this.#elb.send(
      new CreateTargetGroupCommand({
        Name: `k8s-web-one-${hash(cluster, stack, 'web', 'site', id, '80', '8080', 'ip', 'HTTP', 'HTTP1')}`,
        Protocol: 'HTTP',
        ProtocolVersion: 'HTTP1',
        Port: 8080,
        VpcId: this.#stage.seeded.vpc,
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
        Tags: tags('ingress', stack, 'web/site-one:80'),
      }),
    );
    const { LoadBalancers = [] } = await this.#elb.send(
      new CreateLoadBalancerCommand({
        Name: `k8s-web-site-${hash(cluster, stack, 'internal')}`,
        Type: 'application',
        Scheme: 'internal',
        IpAddressType: 'ipv4',
        SubnetMappings: this.#stage.seeded.privateSubnets.map((SubnetId) => ({ SubnetId })),
        SecurityGroups: groups,
        Tags: tags('ingress', stack, 'LoadBalancer'),
      }),
    );
    const { Listeners = [] } = await this.#elb.send(
      new CreateListenerCommand({
        LoadBalancerArn: LoadBalancers[0]?.LoadBalancerArn,
        Protocol: 'HTTP',
        Port: 80,
        DefaultActions: [
          { Type: 'fixed-response', FixedResponseConfig: { ContentType: 'text/plain', StatusCode: '404' } },
        ],
        ...(this.#tagsFronts ? { Tags: tags('ingress', stack, '80') } : {}),
      }),
    );
    const TargetGroupArn = TargetGroups[0]?.TargetGroupArn;
    await this.#elb.send(
      new CreateRuleCommand({
        ListenerArn: Listeners[0]?.ListenerArn,
        Priority: 1,
        Conditions: [
          { Field: 'host-header', HostHeaderConfig: { Values: ['one.test'] } },
          { Field: 'path-pattern', PathPatternConfig: { Values: ['/*'] } },
        ],
        Actions: [{ Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn }] } }],
        ...(this.#tagsFronts ? { Tags: tags('ingress', stack, '80:1') } : {}),
      }),
    );
    await this.#register(TargetGroupArn, addresses);
  }

  async #register(TargetGroupArn: string | undefined, addresses: readonly string[]): Promise<void> {
    const Targets = addresses.map((Id) => ({ Id, Port: 8080 }));
    await this.#elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }));
  }
}

const endpoints = ['10.0.135.1', '10.0.151.1'];

/** A stage where a predecessor has served one Service and one Ingress, and both are still wanted. */
async function afterPredecessor(tagsFronts = true): Promise<Stage> {
  const stage = await Stage.open();
  const listed = endpoints.map((address) => ({ address }));
  const network = networkService({ namespace: 'shop', name: 'web', ports: [80], endpoints: listed });
  const web = webService({ namespace: 'web', name: 'one', endpoints: listed });
  const before = new Predecessor(stage, tagsFronts);
  await before.network(uid(network), endpoints);
  await before.application(uid(web), endpoints);
  stage.aws.journal.clear();
  stage.cluster.put('nlb', network);
  const site = { namespace: 'web', name: 'site', paths: [{ host: 'one.test', path: '/', service: 'one' }] };
  stage.cluster.put('alb', [...web, ingress(site)]);
  stage.cluster.tell('takeover');
  return stage;
}

async function planOf(stage: Stage): Promise<readonly string[]> {
  const plan = await stage.plan();
  assert.deepEqual(plan.problems, []);
  const steps = plan.units.flatMap((unit) => unit.steps);
  return steps.map(({ op, kind, set, attrs }) => `${op} ${kind} ${set ?? JSON.stringify(attrs)}`).sort();
}

const writes = ({ aws }: Stage): readonly string[] =>
  aws.journal.entries.filter(({ write }) => write).map(({ action }) => action);

describe('an account that aws-load-balancer-controller has filled', () => {
  it('is taken over: the first plan is empty, and nothing is written', async () => {
    const stage = await afterPredecessor();
    try {
      assert.deepEqual(await planOf(stage), []);
      stage.aws.journal.clear();
      await stage.start();
      assert.notEqual(await stage.settle(600_000), undefined);
      // Attributes are read beside the work, too.
      await stage.pass(900_000);
      assert.deepEqual(writes(stage), []);
      const read = stage.aws.journal.entries.filter(({ action }) => action.endsWith('Attributes'));
      const seen = read.filter(({ action }) => action === 'DescribeListenerAttributes');
      assert.equal(new Set(seen.map(({ params }) => JSON.stringify(params))).size, 2);
    } finally {
      await stage.close();
    }
  });

  it('of an older release gets the tags that were missing, and nothing else', async () => {
    const stage = await afterPredecessor(false);
    try {
      assert.deepEqual(await planOf(stage), ['add Listener Tags', 'add Listener Tags', 'add Rule Tags']);
    } finally {
      await stage.close();
    }
  });

  it('is mended where somebody has changed it: a target at once, an attribute when it is read', async () => {
    const stage = await afterPredecessor();
    try {
      const { elb } = stage.aws.world;
      const group = [...elb.targetGroups.all()].find(({ name }) => name.startsWith('k8s-shop-'));
      assert.ok(group);
      group.attributes.set('proxy_protocol_v2.enabled', 'true');
      const [key] = group.targets.keys();
      assert.ok(key);
      group.targets.delete(key);
      assert.deepEqual(await planOf(stage), [
        'add TargetGroup Targets',
        'update TargetGroup {"proxy_protocol_v2.enabled":"false"}',
      ]);
      await stage.start();
      assert.notEqual(await stage.settle(600_000), undefined);
      assert.equal(writes(stage)[0], 'RegisterTargets');
      await stage.pass(900_000);
      assert.deepEqual(writes(stage), ['RegisterTargets', 'ModifyTargetGroupAttributes']);
    } finally {
      await stage.close();
    }
  });
});
