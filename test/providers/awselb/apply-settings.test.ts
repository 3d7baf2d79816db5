import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { CreateTargetGroupCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ExportedService, Front, Json, Step } from '../../../src/model/index.ts';
import { backend, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { Stage, told } from './apply-stage.ts';

function staged(t: TestContext): Stage {
  const stage = new Stage();
  t.after(() => stage.close());
  return stage;
}

function nlb(stage: Stage, settings: Json, fronts: readonly Front[] = [tcp(80)]): ExportedService {
  const targets = stage.place.nodeAddresses.map((address) => target(address, 8080));
  const web = backend({ protocol: 'tcp', targets });
  return service('shop/web', fronts, {
    backends: { web, next: { ...web, targets: targets.slice(1) } },
    settings: { awselb: settings },
  });
}

const tls = (port: number): Front => ({
  ...tcp(port),
  key: `tcp-${port}`,
  protocol: 'tls',
  tls: { mode: 'terminate', certs: [] },
});

const https = (rule?: string): Front => ({
  key: 'https',
  port: 443,
  protocol: 'https',
  tls: { mode: 'terminate', certs: [] },
  routes: [route(['a.test'], prefix('/'), rule === undefined ? {} : { rule })],
});

function alb(stage: Stage, settings: Json, rule?: string): ExportedService {
  const targets = stage.place.nodeAddresses.map((address) => target(address, 8080));
  return service('shop/app', [https(rule)], {
    backends: { web: backend({ targets }) },
    settings: { awselb: settings },
  });
}

const only = <T>(items: Iterable<T>): T => {
  const [first, second] = [...items];
  assert.ok(first !== undefined && second === undefined);
  return first;
};

describe('apply: settings, changed in place', () => {
  it('addresses, zones and address type of a network load balancer', async (t) => {
    const stage = staged(t);
    const { allocations, publicSubnets } = stage.place;
    const [a = '', b = '', c = ''] = allocations;
    const [first = '', second = '', third = ''] = publicSubnets;
    const settings = { scheme: 'internet-facing', subnets: [first, second], eipAllocations: [a, b] };
    await stage.converge([nlb(stage, settings)]);
    const balancer = only(stage.aws.world.elb.loadBalancers.all());
    assert.deepEqual(balancer.zones.map(({ AllocationId }) => AllocationId).sort(), [a, b].sort());
    await stage.converge([nlb(stage, { ...settings, subnets: [first, second, third], eipAllocations: [a, b, c] })]);
    assert.equal(balancer.zones.length, 3);
    await stage.converge([
      nlb(stage, {
        ...settings,
        subnets: [first, second, third],
        eipAllocations: [a, b, c],
        ipAddressType: 'dualstack',
      }),
    ]);
    assert.equal(balancer.IpAddressType, 'dualstack');
    await stage.converge([
      nlb(stage, {
        ...settings,
        subnets: [first, second, third],
        eipAllocations: [a, b, c],
        ipAddressType: 'dualstack',
        inboundRulesOnPrivateLink: 'off',
      }),
    ]);
    assert.equal(balancer.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic, 'off');
  });

  it('made with PrivateLink rules off and attributes that are not the default', async (t) => {
    const stage = staged(t);
    const attributes = { 'load_balancing.cross_zone.enabled': 'true' };
    await stage.converge([nlb(stage, { inboundRulesOnPrivateLink: 'off', attributes })]);
    const balancer = only(stage.aws.world.elb.loadBalancers.all());
    assert.equal(balancer.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic, 'off');
    assert.equal(balancer.attributes.get('load_balancing.cross_zone.enabled'), 'true');
  });

  it('managed security groups give way to named ones, and come back', async (t) => {
    const stage = staged(t);
    const { nodeGroup } = stage.place;
    await stage.converge([nlb(stage, {})]);
    const balancer = only(stage.aws.world.elb.loadBalancers.all());
    assert.equal(balancer.securityGroups.includes(nodeGroup), false);
    await stage.converge([nlb(stage, { securityGroups: [nodeGroup] })]);
    assert.deepEqual(balancer.securityGroups, [nodeGroup]);
    await stage.converge([nlb(stage, {})]);
    assert.equal(balancer.securityGroups.length, 2);
    assert.equal(balancer.securityGroups.includes(nodeGroup), false);
  });

  it('a port begins to speak TLS with its certificates at once, and ceases to', async (t) => {
    const stage = staged(t);
    const [www, wild, api] = stage.place.certificates;
    await stage.converge([nlb(stage, {})]);
    const listener = only(stage.aws.world.elb.listeners.all());
    await stage.converge([nlb(stage, { certificateArns: [www, wild, api], alpnPolicy: 'HTTP2Preferred' }, [tls(80)])]);
    assert.deepEqual([listener.Protocol, listener.certificate, listener.AlpnPolicy], ['TLS', www, ['HTTP2Preferred']]);
    assert.deepEqual([...listener.sni].sort(), [wild, api].sort());
    // One certificate a call.
    assert.equal(stage.aws.journal.of('AddListenerCertificates').length, 2);
    await stage.converge([nlb(stage, { certificateArns: [wild], alpnPolicy: 'None' }, [tls(80)])]);
    assert.deepEqual([listener.certificate, listener.AlpnPolicy], [wild, ['None']]);
    await stage.converge([nlb(stage, {})]);
    assert.deepEqual([listener.Protocol, listener.certificate, listener.sni.size], ['TCP', undefined, 0]);
    assert.equal([...stage.aws.world.elb.listeners.all()].length, 1);
  });

  it('another default certificate leaves the others in their place, the old one too', async (t) => {
    const stage = staged(t);
    const [www, wild, api] = stage.place.certificates;
    const settings = (...certificateArns: readonly string[]) => nlb(stage, { certificateArns }, [tls(443)]);
    await stage.converge([settings(www, wild)]);
    const listener = only(stage.aws.world.elb.listeners.all());
    const served = () => [
      listener.certificate,
      ...[...listener.sni].filter((arn) => arn !== listener.certificate).sort(),
    ];
    await stage.converge([settings(api, wild, www)]);
    assert.deepEqual(served(), [api, ...[wild, www].sort()]);
    await stage.converge([settings(wild, api, www)]);
    assert.deepEqual(served(), [wild, ...[api, www].sort()]);
    await stage.converge([settings(www)]);
    assert.deepEqual(served(), [www]);
  });

  it('a port forwards by weight, and to one again', async (t) => {
    const stage = staged(t);
    await stage.converge([nlb(stage, {})]);
    const forward = [
      { backend: 'web', weight: 3 },
      { backend: 'next', weight: 1 },
    ];
    await stage.converge([nlb(stage, { listeners: { 'TCP-80': { forward } } })]);
    const { defaultRule } = only(stage.aws.world.elb.listeners.all());
    const weights = () => defaultRule.actions[0]?.ForwardConfig?.TargetGroups?.map(({ Weight }) => Weight);
    assert.deepEqual(weights()?.sort(), [1, 3]);
    await stage.converge([nlb(stage, {})]);
    assert.equal(weights()?.length, 1);
    assert.equal([...stage.aws.world.elb.targetGroups.all()].length, 1);
  });

  it('a port forwards by weight to one alone, and to a target group of somebody else', async (t) => {
    const stage = staged(t);
    const to = (...forward: readonly Json[]) => nlb(stage, { listeners: { 'TCP-80': { forward: [...forward] } } });
    await stage.converge([to({ backend: 'web', weight: 3 })]);
    const { defaultRule } = only(stage.aws.world.elb.listeners.all());
    const groups = () => defaultRule.actions[0]?.ForwardConfig?.TargetGroups;
    assert.equal(groups()?.length, 1);
    const elb = new ElasticLoadBalancingV2Client(stage.aws.client());
    const { TargetGroups = [] } = await stage.policy.others(() =>
      elb.send(
        new CreateTargetGroupCommand({
          Name: 'theirs',
          Protocol: 'TCP',
          Port: 1,
          VpcId: stage.place.vpc,
          TargetType: 'ip',
        }),
      ),
    );
    const theirs = TargetGroups[0]?.TargetGroupArn ?? assert.fail('no group');
    await stage.converge([to({ backend: 'web', weight: 3 }, { targetGroup: theirs, weight: 2 })]);
    assert.deepEqual(
      groups()
        ?.map(({ Weight }) => Weight)
        .sort(),
      [2, 3],
    );
    await stage.converge([to({ targetGroup: theirs, weight: 2 })]);
    assert.deepEqual(
      groups()?.map(({ TargetGroupArn }) => TargetGroupArn),
      [theirs],
    );
  });

  it('one whose name is longer than a tag is known again', async (t) => {
    const stage = staged(t);
    const identity = { namespace: 'shop', name: 'n'.repeat(250), uid: 'u', port: '80', targetPort: '8080' };
    await stage.converge([nlb(stage, { targetGroup: { identity } })]);
    assert.equal([...stage.aws.world.elb.targetGroups.all()].length, 1);
  });

  it('listener attributes and clients with certificates', async (t) => {
    const stage = staged(t);
    const [www] = stage.place.certificates;
    const trustStore = stage.aws.world.arn('elasticloadbalancing', 'truststore/clients/1');
    stage.aws.world.elb.trustStores.add(trustStore, {
      arn: trustStore,
      name: 'clients',
      bundle: '',
      revocations: new Map(),
      tags: new Map(),
    });
    const listeners = {
      'HTTPS-443': {
        attributes: { 'routing.http.response.server.enabled': 'false' },
        mutualAuthentication: { mode: 'verify', trustStore },
      },
    };
    await stage.converge([alb(stage, { certificateArns: [www], listeners })]);
    const listener = only(stage.aws.world.elb.listeners.all());
    assert.equal(listener.MutualAuthentication?.TrustStoreArn, trustStore);
    assert.equal(listener.attributes.get('routing.http.response.server.enabled'), 'false');
    await stage.converge([
      alb(stage, {
        certificateArns: [www],
        listeners: {
          'HTTPS-443': {
            attributes: { 'routing.http.response.server.enabled': 'true' },
            mutualAuthentication: { mode: 'off' },
          },
        },
      }),
    ]);
    assert.equal(listener.MutualAuthentication?.Mode, 'off');
    assert.equal(listener.attributes.get('routing.http.response.server.enabled'), 'true');
  });

  it('a client secret is sent when it is new, remembered by its hash, and never read', async (t) => {
    const stage = staged(t);
    const [www] = stage.place.certificates;
    const secretOf = (text: string) => {
      const sha256 = createHash('sha256').update(text).digest('hex');
      stage.secrets.set(sha256, text);
      return { sha256, origin: 'Secret shop/login' };
    };
    const login = (clientSecret: Json, clientId: string): Json => ({
      certificateArns: [www],
      rules: {
        login: {
          auth: {
            type: 'oidc',
            issuer: 'https://id.test',
            authorizationEndpoint: 'https://id.test/auth',
            tokenEndpoint: 'https://id.test/token',
            userInfoEndpoint: 'https://id.test/user',
            clientId,
            clientSecret,
          },
        },
      },
    });
    const sent = () =>
      stage.aws.journal
        .of('CreateRule', 'ModifyRule')
        .map(({ params }) => /"(?:Client|UseExistingClient)Secret":(?:"[^"]*"|true)/.exec(JSON.stringify(params))?.[0]);
    await stage.converge([alb(stage, login(secretOf('first'), 'id'), 'login')]);
    await stage.converge([alb(stage, login(secretOf('first'), 'other'), 'login')]);
    await stage.converge([alb(stage, login(secretOf('second'), 'other'), 'login')]);
    assert.deepEqual(sent(), ['"ClientSecret":"first"', '"UseExistingClientSecret":true', '"ClientSecret":"second"']);
    const { rule } = only([...stage.aws.world.elb.rules.all()].filter(({ rule: one }) => one.priority !== undefined));
    const tag = rule.tags.get('weir-lb.dev/client-secret') ?? '';
    assert.ok(tag.startsWith(createHash('sha256').update('second').digest('hex')), tag);
    await stage.converge([alb(stage, { certificateArns: [www] })]);
    assert.equal(rule.tags.has('weir-lb.dev/client-secret'), false);
    assert.deepEqual(
      rule.actions.map(({ Type }) => Type),
      ['forward'],
    );
  });

  it('targets in a target group of somebody else: registered, and taken out again', async (t) => {
    const stage = staged(t);
    const { vpc, nodeAddresses } = stage.place;
    const [address = ''] = nodeAddresses;
    const steps = await stage.converge([nlb(stage, {})]);
    const group = only(stage.aws.world.elb.targetGroups.all());
    const foreign = {
      n: 1,
      kind: 'TargetGroup',
      id: `bound|${group.arn}`,
      unit: 'u',
      serves: [],
      why: 'test',
      after: [],
    };
    const create: Step = { ...foreign, op: 'create', attrs: { Foreign: true, TargetGroupArn: group.arn } };
    assert.deepEqual(await stage.calls(create), []);
    const add: Step = {
      ...foreign,
      op: 'add',
      handle: group.arn,
      set: 'Targets',
      members: [[`${address}:9090`, { attrs: {} }]],
    };
    assert.deepEqual(await stage.calls(add), ['RegisterTargets']);
    assert.equal(group.targets.size, 4);
    assert.deepEqual(await stage.calls({ ...foreign, op: 'delete', handle: group.arn }), ['DeregisterTargets']);
    assert.equal([...group.targets.values()].filter(({ drainedMs }) => drainedMs === undefined).length, 3);
    assert.ok(vpc.length > 0 && steps.some((step) => told(step).startsWith('create TargetGroup')));
  });

  it('450 targets are three calls', async (t) => {
    const stage = staged(t);
    await stage.converge([nlb(stage, {})]);
    const group = stage.known.all().find(({ kind }) => kind === 'TargetGroup');
    assert.ok(group !== undefined);
    const members = Array.from(
      { length: 450 },
      (_, i) => [`10.0.${128 + (i >> 8)}.${i & 255}:80`, { attrs: {} }] as const,
    );
    const step = { n: 1, kind: 'TargetGroup', id: group.id, unit: group.unit, serves: [], why: 'test', after: [] };
    assert.deepEqual(await stage.calls({ ...step, op: 'add', handle: group.handle, set: 'Targets', members }), [
      'RegisterTargets',
      'RegisterTargets',
      'RegisterTargets',
    ]);
  });
});
