import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ExportedService, Front, Json, Route } from '../../../src/model/index.ts';
import type { FakeAwsOptions } from '../../fakes/aws/index.ts';
import { backend, exact, http, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { acl, Stage, told } from './apply-stage.ts';

function staged(t: TestContext, options: FakeAwsOptions = {}): Stage {
  const stage = new Stage(options);
  t.after(() => stage.close());
  return stage;
}

const addresses = (stage: Stage) => stage.place.nodeAddresses;

function nlb(stage: Stage, settings: Json = {}, fronts: readonly Front[] = [tcp(80)], count = 2): ExportedService {
  const targets = addresses(stage)
    .slice(0, count)
    .map((address) => target(address, 8080));
  const plain = service('shop/web', fronts, {
    backends: { web: backend({ protocol: 'tcp', targets }) },
    settings: { awselb: settings },
  });
  return { ...plain, origin: { ...plain.origin, kind: 'Service', uid: 'u1' } };
}

function alb(
  stage: Stage,
  routes: readonly Route[],
  settings: Json = {},
  more: readonly Front[] = [],
): ExportedService {
  const targets = addresses(stage).map((address) => target(address, 8080));
  const other = targets.slice(1);
  return service('shop/app', [http(routes), ...more], {
    backends: { web: backend({ targets }), next: backend({ targets: other }) },
    settings: { awselb: settings },
  });
}

describe('apply: one step, its calls, as many as are said', () => {
  it('a network load balancer: made, changed in place, taken away', async (t) => {
    const stage = staged(t);
    const made = await stage.converge([nlb(stage)]);
    const { elb, ec2 } = stage.aws.world;
    const [balancer] = [...elb.loadBalancers.all()];
    assert.equal(balancer?.type, 'network');
    assert.equal(balancer?.securityGroups.length, 2);
    assert.deepEqual(
      [...(balancer?.listeners ?? [])].map(({ Port, Protocol }) => [Port, Protocol]),
      [[80, 'TCP']],
    );
    const creates = made.filter(({ op }) => op === 'create').map(({ kind }) => kind);
    assert.deepEqual(creates.sort(), [
      'Listener',
      'LoadBalancer',
      'SecurityGroup',
      'SecurityGroup',
      'SecurityGroupRule',
      'TargetGroup',
    ]);
    await stage.converge([
      nlb(
        stage,
        {
          attributes: { 'deletion_protection.enabled': 'false', 'load_balancing.cross_zone.enabled': 'true' },
          tags: { team: 'a', cost: '1' },
          targetGroup: {
            attributes: { 'deregistration_delay.timeout_seconds': '30' },
            healthCheck: { path: '/ok', protocol: 'HTTP' },
          },
          minimumCapacityUnits: 500,
        },
        [tcp(80, { sourceRanges: ['10.0.0.0/8'] }), tcp(81)],
        3,
      ),
    ]);
    assert.equal(balancer?.attributes.get('load_balancing.cross_zone.enabled'), 'true');
    assert.equal(balancer?.capacityUnits, 500);
    const [group] = [...elb.targetGroups.all()];
    assert.equal(group?.targets.size, 3);
    assert.equal(group?.check.HealthCheckPath, '/ok');
    await stage.converge([nlb(stage, { tags: { team: 'b' }, minimumCapacityUnits: 0 }, [tcp(80)], 1)]);
    await stage.converge([]);
    assert.equal([...elb.loadBalancers.all(), ...elb.targetGroups.all(), ...elb.listeners.all()].length, 0);
    assert.deepEqual([...ec2.securityGroups.all()].map(({ GroupName }) => GroupName).sort(), ['default', 'test-nodes']);
  });

  it('an application load balancer: rules, weights, order, certificates, web ACL, Shield', async (t) => {
    const stage = staged(t);
    const [www, wild, api] = stage.place.certificates;
    const tls = (routes: readonly Route[]): Front => ({
      key: 'https',
      port: 443,
      protocol: 'https',
      tls: { mode: 'terminate', certs: [] },
      routes,
    });
    const first = [route(['a.test'], prefix('/x')), route(['b.test'], exact('/y'), { order: 1 })];
    await stage.converge([
      alb(stage, first, { certificateArns: [www, wild], wafv2Acl: 'shop', shield: true, ruleOrder: 'declared' }, [
        tls(first),
      ]),
    ]);
    const { world } = stage.aws;
    const [balancer] = [...world.elb.loadBalancers.all()];
    assert.equal(world.webAclOf.get(balancer?.arn ?? ''), acl);
    assert.equal(world.protections.size, 1);
    const secure = [...(balancer?.listeners ?? [])].find(({ Port }) => Port === 443);
    assert.equal(secure?.certificate, www);
    assert.deepEqual([...(secure?.sni ?? [])], [wild]);
    const shares = {
      type: 'forward',
      to: [
        { backend: 'web', weight: 80 },
        { backend: 'next', weight: 20 },
      ],
    } as const;
    const turned = [
      route(['b.test'], exact('/y'), { action: shares }),
      route(['a.test'], prefix('/x'), { order: 1, action: { type: 'redirect', code: 301, host: 'c.test' } }),
      route(['a.test'], prefix('/z'), {
        order: 2,
        filters: [{ type: 'rewriteRegex', pattern: '^/z/(.*)$', to: '/$1' }],
      }),
    ];
    const steps = await stage.converge([
      alb(
        stage,
        turned,
        { certificateArns: [api, wild, www], wafv2Acl: 'none', shield: false, ruleOrder: 'declared' },
        [tls(turned)],
      ),
    ]);
    assert.ok(
      steps.some(({ op }) => op === 'order'),
      steps.map(told).join('\n'),
    );
    assert.equal(world.webAclOf.size, 0);
    assert.equal(world.protections.size, 0);
    assert.equal(secure?.certificate, api);
    const rules = [...(secure?.rules ?? [])].sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0));
    assert.deepEqual(
      rules.map(({ actions }) => actions.map(({ Type }) => Type)),
      [['forward'], ['redirect'], ['forward']],
    );
    assert.equal(rules[0]?.actions[0]?.ForwardConfig?.TargetGroups?.length, 2);
    await stage.converge([]);
    assert.equal([...world.elb.loadBalancers.all(), ...world.elb.targetGroups.all()].length, 0);
  });
});
