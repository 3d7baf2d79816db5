import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExportedService, Front, Json } from '../../../src/model/index.ts';
import { backend, exact, http, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { converge, summary } from './converge.ts';
import { desire, environment, told, type Wish } from './desire.ts';

const nlb = (settings: Json = {}, fronts: readonly Front[] = [tcp(80)], id = 'shop/web') =>
  service(id, fronts, { backends: { web: backend({ protocol: 'tcp' }) }, settings: { awselb: settings } });
const alb = (
  id: string,
  settings: Json = {},
  fronts: readonly Front[] = [http([route([`${id.replace('/', '.')}.test`], prefix('/'))])],
  more: Partial<Omit<ExportedService, 'origin'>> = {},
) => service(id, fronts, { settings: { awselb: settings }, bundle: { key: 'edge', order: 0 }, ...more });

/** Each refuses its service with one problem: what stands here, in the given field. */
const cases: readonly (readonly [string, readonly ExportedService[], string, Wish?])[] = [
  [
    'Elastic IPs on an internal load balancer',
    [nlb({ eipAllocations: ['eipalloc-1', 'eipalloc-2', 'eipalloc-3'] })],
    'E_FIELD_VALUE shop/web settings.awselb.eipAllocations',
  ],
  [
    'another count of addresses than subnets',
    [nlb({ scheme: 'internet-facing', eipAllocations: ['eipalloc-1'] })],
    'E_FIELD_VALUE shop/web settings.awselb.eipAllocations',
  ],
  [
    'a private address outside of every subnet',
    [nlb({ subnets: ['subnet-priva'], privateIpv4Addresses: ['192.168.0.1'] })],
    'E_FIELD_VALUE shop/web settings.awselb.privateIpv4Addresses',
  ],
  [
    'private addresses on the outside',
    [nlb({ scheme: 'internet-facing', subnets: ['subnet-puba'], privateIpv4Addresses: ['10.0.100.1'] })],
    'E_FIELD_VALUE shop/web settings.awselb.privateIpv4Addresses',
  ],
  [
    'IPv6 addresses without dualstack',
    [nlb({ subnets: ['subnet-priva'], ipv6Addresses: ['2001:db8::1'] })],
    'E_FIELD_VALUE shop/web settings.awselb.ipv6Addresses',
  ],
  [
    'a subnet that does not exist',
    [nlb({ subnets: ['subnet-none'] })],
    'E_DISCOVERY shop/web settings.awselb.subnets.0',
  ],
  [
    'two subnets in one zone',
    [nlb({ subnets: ['subnet-priva', 'subnet-puba'] })],
    'E_FIELD_VALUE shop/web settings.awselb.subnets',
  ],
  [
    'one subnet for an ALB',
    [alb('shop/web', { subnets: ['subnet-priva'] })],
    'E_FIELD_VALUE shop/web settings.awselb.subnets',
  ],
  [
    'no subnets at all',
    [nlb()],
    'E_DISCOVERY shop/web settings.awselb.subnets',
    { environment: { Region: 'eu-west-1', Searched: true } },
  ],
  [
    'an address type that NLBs do not have',
    [nlb({ ipAddressType: 'dualstack-without-public-ipv4' })],
    'E_FIELD_VALUE shop/web settings.awselb.ipAddressType',
  ],
  [
    'a security group that does not exist',
    [nlb({ securityGroups: ['sg-x'] })],
    'E_DISCOVERY shop/web settings.awselb.securityGroups.0',
    { environment: { ...environment, SecurityGroups: [{ GroupId: 'sg-y' }] } },
  ],
  [
    'attributes of the other type',
    [nlb({ attributes: { 'idle_timeout.timeout_seconds': '60' } })],
    'E_FIELD_VALUE shop/web settings.awselb.attributes.idle_timeout.timeout_seconds',
  ],
  [
    'a malformed attribute',
    [nlb({ attributes: { 'deletion_protection.enabled': 'yes' } })],
    'E_FIELD_VALUE shop/web settings.awselb.attributes.deletion_protection.enabled',
  ],
  [
    'a malformed target group attribute',
    [nlb({ targetGroup: { attributes: { 'deregistration_delay.timeout_seconds': '4000' } } })],
    'E_FIELD_VALUE shop/web settings.awselb.targetGroup.attributes.deregistration_delay.timeout_seconds',
  ],
  [
    'a time-out that is not below the interval',
    [alb('shop/web', { targetGroup: { healthCheck: { intervalSeconds: 5, timeoutSeconds: 5 } } })],
    'E_FIELD_VALUE shop/web settings.awselb.targetGroup.healthCheck.timeoutSeconds',
  ],
  [
    'tags of others',
    [nlb({ tags: { cost: 'x' } })],
    'E_FIELD_VALUE shop/web settings.awselb.tags.cost',
    { options: { externalManagedTags: ['cost'] } },
  ],
  [
    'tags that prove ownership',
    [nlb({ tags: { 'service.k8s.aws/stack': 'x' } })],
    'E_FIELD_VALUE shop/web settings.awselb.tags.service.k8s.aws/stack',
  ],
  ['a web ACL on an NLB', [nlb({ wafv2Acl: 'none' })], 'E_FIELD_VALUE shop/web settings.awselb.wafv2Acl'],
  [
    'a web ACL that does not exist',
    [alb('shop/web', { wafv2Acl: 'guard' })],
    'E_DISCOVERY shop/web settings.awselb.wafv2Acl',
  ],
  [
    'Shield without a subscription',
    [nlb({ shield: true })],
    'E_FIELD_VALUE shop/web settings.awselb.shield',
    { environment: { ...environment, ShieldSubscription: false } },
  ],
  [
    'TLS without a certificate',
    [nlb({}, [{ ...tcp(443), protocol: 'tls', tls: { mode: 'terminate', certs: [] } }])],
    'E_CERT_MISSING shop/web settings.awselb.certificateArns',
  ],
  [
    'instances without a node port',
    [
      service('shop/web', [tcp(80)], {
        backends: { web: backend({ protocol: 'tcp', targetKind: 'instance', targets: [] }) },
      }),
    ],
    'E_FIELD_MISSING shop/web backends["web"].nodePort',
  ],
  [
    'IPv6 targets without dualstack',
    [
      service('shop/web', [tcp(80)], {
        backends: { web: backend({ protocol: 'tcp', targets: [target('2001:db8::1')] }) },
      }),
    ],
    'E_FEATURE shop/web backends["web"].targets',
  ],
  [
    'a wildcard in an exact path',
    [alb('shop/web', {}, [http([route(['a.test'], exact('/a*'))])])],
    'E_FEATURE shop/web fronts[0].routes[0]',
  ],
  [
    'a redirect with a code that ALBs do not have',
    [
      alb('shop/web', {}, [
        http([route(['a.test'], prefix('/'), { action: { type: 'redirect', code: 308, scheme: 'https' } })]),
      ]),
    ],
    'E_FEATURE shop/web fronts[0].routes[0].code',
  ],
  [
    'a redirect to itself',
    [alb('shop/web', {}, [http([route(['a.test'], prefix('/'), { action: { type: 'redirect', code: 301 } })])])],
    'E_FIELD_VALUE shop/web fronts[0].routes[0]',
  ],
  [
    'cookies on an NLB',
    [service('shop/web', [tcp(80)], { backends: { web: backend({ protocol: 'tcp', affinity: { type: 'cookie' } }) } })],
    'E_FEATURE shop/web backends["web"].affinity.type',
  ],
  ['HTTP on an NLB', [alb('shop/web', { type: 'network' })], 'E_PROTOCOL shop/web port 80'],
  [
    'members of other schemes',
    [
      alb('shop/a', { scheme: 'internal' }, undefined, { createdMs: 1 } as object),
      alb('shop/b', { scheme: 'internet-facing' }),
    ],
    'E_GROUP_CONFLICT shop/b settings.awselb.scheme',
  ],
  [
    'members with other values of a tag',
    [alb('shop/a', { tags: { team: 'a' } }), alb('shop/b', { tags: { team: 'b' } })],
    'E_GROUP_CONFLICT shop/b settings.awselb.tags.team',
  ],
  [
    'members of a forbidden namespace',
    [alb('shop/a'), alb('zoo/b')],
    'E_GROUP_CONFLICT zoo/b settings.awselb.group',
    { options: { groups: 'namespace' } },
  ],
  [
    'adoption without leave',
    [nlb({ adopt: 'tf' })],
    'E_CONSENT shop/web settings.awselb.adopt',
    {
      environment: {
        ...environment,
        LoadBalancers: [
          {
            LoadBalancerArn: 'arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/tf/1',
            LoadBalancerName: 'tf',
            Type: 'network',
            Scheme: 'internal',
          },
        ],
      },
    },
  ],
];

describe('what is refused', () => {
  for (const [name, services, expected, wish] of cases) {
    it(name, () => {
      const desired = desire(services, wish);
      assert.deepEqual(
        told(desired).map((line) => line.split(' ').slice(0, expected.split(' ').length).join(' ')),
        [expected],
      );
      assert.match(desired.problems[0]?.message ?? '', /; what exists of the service stays as it is$/);
    });
  }

  it('names the annotation that a value came from', () => {
    const plain = nlb({ eipAllocations: ['eipalloc-1'] });
    const annotation = 'service.beta.kubernetes.io/aws-load-balancer-eip-allocations';
    const [problem] = desire([{ ...plain, settingsOrigin: { 'awselb.eipAllocations': annotation } }]).problems;
    assert.deepEqual([problem?.code, problem?.field], ['E_ANNOTATION_VALUE', annotation]);
  });
});

describe('who is refused', () => {
  it('stays as it was, and so do the others', () => {
    const other = alb('shop/a');
    const good = alb('shop/b');
    const before = converge([other, good]);
    before.cloud.tick();
    const bad = alb('shop/b', { attributes: { 'routing.http2.enabled': 'maybe' } });
    const after = converge([other, bad], {}, { cloud: before.cloud });
    assert.deepEqual(after.plans, []);
    assert.equal(after.last.problems.length, 1);
  });

  it('keeps its rules in their place while others come', () => {
    const more = { ruleOrder: 'declared' };
    const at = (path: string, order: number) => route([], prefix(path), { order });
    const a = (paths: string[]) => alb('shop/a', more, [http(paths.map((path, i) => at(path, i)))]);
    const c = alb('shop/c', more, [http([at('/c', 0)])]);
    const before = converge([a(['/a']), alb('shop/b', more, [http([at('/b', 0)])]), c]);
    before.cloud.tick();
    const bad = alb('shop/b', { ...more, scheme: 'internet-facing' }, [http([at('/b', 0)])]);
    const { cloud } = converge(
      [a(['/a', '/aa']), bad, c].map((one, i) =>
        i === 0 ? { ...one, settings: { awselb: { ...more, scheme: 'internal' } } } : one,
      ),
      {},
      { cloud: before.cloud },
    );
    const rules = cloud.observe().filter(({ kind }) => kind === 'Rule');
    const order = rules
      .sort((x, y) => Number(x.attrs.Priority) - Number(y.attrs.Priority))
      .map(({ id }) => /"(\/\w+)"/.exec(id)?.[1]);
    assert.deepEqual(order, ['/a', '/aa', '/b', '/c']);
  });

  it('goes on following its targets, and nodes and pods stay open', () => {
    const eni = (address: string) => ({ PrivateIpAddresses: [address], SecurityGroups: ['sg-pods'] });
    const wish = { environment: { ...environment, NetworkInterfaces: ['10.0.0.1', '10.0.0.2'].map(eni) } };
    const at = (address: string, settings: Json, id = 'shop/web') => ({
      ...nlb(settings),
      id,
      backends: { web: backend({ protocol: 'tcp', targets: [target(address, 8080)] }) },
    });
    const before = converge([at('10.0.0.1', {})], wish);
    before.cloud.tick();
    const after = converge([at('10.0.0.2', { subnets: ['subnet-none'] })], wish, { cloud: before.cloud });
    const changed = after.plans.flatMap(({ steps }) =>
      steps.map(({ op, set, members }) => [op, set, members?.[0]?.[0]]),
    );
    assert.deepEqual(
      changed.filter(([op]) => op !== 'wait'),
      [
        ['add', 'Targets', '10.0.0.2:8080'],
        ['remove', 'Targets', '10.0.0.1:8080'],
      ],
    );
    assert.equal(after.cloud.observe().filter(({ kind }) => kind === 'SecurityGroupRule').length, 1);
  });

  it('keeps the whole load balancer where it is the only one', () => {
    const before = converge([nlb()]);
    before.cloud.tick();
    const after = converge([nlb({ subnets: ['subnet-none'] })], {}, { cloud: before.cloud });
    assert.deepEqual(after.plans, []);
    assert.ok(summary(after.cloud.observe()).length > 3);
  });
});
