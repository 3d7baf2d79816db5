import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Backend, ExportedService, Front, Json } from '../../../src/model/index.ts';
import { backend, service, target, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire, environment, find, tags, told, type Wish } from './desire.ts';

const certificate = 'arn:aws:acm:eu-west-1:123456789012:certificate/one';
const behind = (more: Partial<Backend> = {}): Backend =>
  backend({ protocol: 'tcp', targets: [target('10.0.0.1', 8080)], ...more });

interface Made extends Wish {
  readonly fronts?: readonly Front[];
  readonly backend?: Partial<Backend>;
  readonly settings?: Json;
}

function made({ fronts = [tcp(80)], backend: more = {}, settings = {}, ...wish }: Made = {}) {
  const plain = service('shop/web', fronts, { backends: { web: behind(more) }, settings: { awselb: settings } });
  const one: ExportedService = { ...plain, origin: { ...plain.origin, kind: 'Service', uid: 'u1' } };
  return desire([one], wish);
}

describe('a network load balancer', () => {
  it('has the names, tags and defaults of aws-load-balancer-controller', () => {
    const { resources, problems } = made({
      settings: {
        targetGroup: { identity: { namespace: 'shop', name: 'web', uid: 'u1', port: '80', targetPort: '8080' } },
        tags: { team: 'a' },
      },
    });
    assert.deepEqual(problems, []);
    const lb = find(resources, 'LoadBalancer');
    assert.deepEqual(
      [lb.id, lb.attrs.Type, lb.attrs.Scheme, lb.attrs.SecurityGroups],
      ['service/shop/web', 'network', 'internal', ['backend']],
    );
    assert.deepEqual(tags(lb), {
      team: 'a',
      'elbv2.k8s.aws/cluster': 'cluster-name',
      'service.k8s.aws/stack': 'shop/web',
      'service.k8s.aws/resource': 'LoadBalancer',
    });
    const group = find(resources, 'TargetGroup');
    assert.equal(tags(group)['service.k8s.aws/resource'], 'shop/web:80');
    const {
      HealthCheckProtocol,
      HealthCheckPort,
      HealthCheckIntervalSeconds,
      HealthCheckTimeoutSeconds,
      HealthyThresholdCount,
      UnhealthyThresholdCount,
      Port,
    } = group.attrs;
    assert.deepEqual(
      [
        HealthCheckProtocol,
        HealthCheckPort,
        HealthCheckIntervalSeconds,
        HealthCheckTimeoutSeconds,
        HealthyThresholdCount,
        UnhealthyThresholdCount,
        Port,
      ],
      ['TCP', 'traffic-port', 10, 10, 3, 3, 8080],
    );
    assert.equal(group.attrs['proxy_protocol_v2.enabled'], 'false');
    assert.equal(find(resources, 'Listener').refs.TargetGroupArn, group.id);
  });

  it('ends TLS with the certificates that are named', () => {
    const tls: Front = { ...tcp(443), protocol: 'tls', tls: { mode: 'terminate', certs: [] } };
    const { resources, problems } = made({
      fronts: [tls],
      settings: { certificateArns: [certificate, `${certificate}2`], alpnPolicy: 'HTTP2Preferred' },
    });
    assert.deepEqual(problems, []);
    const { attrs, sets } = find(resources, 'Listener');
    assert.deepEqual(
      [attrs.Protocol, attrs.SslPolicy, attrs.AlpnPolicy],
      ['TLS', 'ELBSecurityPolicy-2016-08', ['HTTP2Preferred']],
    );
    assert.deepEqual(
      [...(sets.Certificates ?? [])].map(([arn, { attrs: one }]) => [arn, one.IsDefault]),
      [
        [certificate, true],
        [`${certificate}2`, false],
      ],
    );
    assert.equal(find(resources, 'TargetGroup').attrs.Protocol, 'TCP');
    assert.equal(
      find(
        made({ fronts: [tls], backend: { tls: { verify: false } }, settings: { certificateArns: [certificate] } })
          .resources,
        'TargetGroup',
      ).attrs.Protocol,
      'TLS',
    );
  });

  it('passes TLS through as TCP', () => {
    const { resources } = made({ fronts: [{ ...tcp(443), protocol: 'tls', tls: { mode: 'passthrough', certs: [] } }] });
    assert.equal(find(resources, 'Listener').attrs.Protocol, 'TCP');
  });

  it('serves TCP and UDP at one port, and refuses two listeners there', () => {
    const both = made({ fronts: [{ ...tcp(53), protocol: 'tcp_udp' }] });
    assert.deepEqual(
      [find(both.resources, 'Listener').attrs.Protocol, find(both.resources, 'TargetGroup').attrs.Protocol],
      ['TCP_UDP', 'TCP_UDP'],
    );
    assert.deepEqual(
      [...(find(both.resources, 'SecurityGroup', 'shop').sets.IpPermissions?.keys() ?? [])],
      ['tcp|53|53|0.0.0.0/0', 'udp|53|53|0.0.0.0/0'],
    );
    const two = made({ fronts: [tcp(53), { ...tcp(53), key: 'udp', protocol: 'udp' }] });
    assert.deepEqual(told(two), ['E_PORT_CONFLICT shop/web fronts[1].port 53/udp']);
    assert.equal(find(two.resources, 'Listener').attrs.Protocol, 'TCP');
  });

  it('asks nodes whether they have targets of their own with externalTrafficPolicy Local', () => {
    const node = (name: string, labels = {}, ready = true) => ({
      name,
      addresses: [],
      labels,
      ready,
      instanceId: `i-${name}`,
    });
    const nodes = [
      node('a', { role: 'edge' }),
      node('b'),
      node('c', {}, false),
      node('d', { 'node.kubernetes.io/exclude-from-external-load-balancers': '' }),
    ];
    const local = {
      targetKind: 'instance',
      targets: [],
      nodePort: 30080,
      localOnly: true,
      healthCheckNodePort: 31000,
    } as const;
    const { attrs, sets } = find(made({ backend: local, nodes }).resources, 'TargetGroup');
    assert.deepEqual(
      [
        attrs.HealthCheckProtocol,
        attrs.HealthCheckPort,
        attrs.HealthCheckPath,
        attrs.HealthCheckTimeoutSeconds,
        attrs.HealthyThresholdCount,
      ],
      ['HTTP', '31000', '/healthz', 6, 2],
    );
    assert.deepEqual([...(sets.Targets?.keys() ?? [])], ['i-a:30080', 'i-b:30080']);
    const chosen = made({ backend: local, nodes, settings: { targetGroup: { nodeLabels: { role: 'edge' } } } });
    assert.deepEqual([...(find(chosen.resources, 'TargetGroup').sets.Targets?.keys() ?? [])], ['i-a:30080']);
  });

  it('leaves out what drains, marks what is gone, and says all zones for targets outside of the VPC', () => {
    const targets = [
      target('10.0.0.1', 1),
      target('10.0.0.2', 1, { state: 'draining' }),
      target('10.0.0.3', 1, { state: 'gone' }),
      target('172.16.0.1', 1),
    ];
    const set = find(made({ backend: { targets } }).resources, 'TargetGroup').sets.Targets;
    assert.deepEqual(
      [...(set ?? [])],
      [
        ['10.0.0.1:1', { attrs: {} }],
        ['10.0.0.3:1', { attrs: {}, gone: true }],
        ['172.16.0.1:1', { attrs: { AvailabilityZone: 'all' } }],
      ],
    );
  });

  it('reads attributes of one port, the model, and PROXY protocol', () => {
    const attributes = {
      'preserve_client_ip.enabled': 'false',
      'preserve_client_ip.enabled.80': 'true',
      'preserve_client_ip.enabled.81': 'false',
    };
    const { resources } = made({
      backend: { drainMs: 30_000, affinity: { type: 'source' } },
      settings: { targetGroup: { attributes, proxyProtocol: true } },
    });
    const { attrs } = find(resources, 'TargetGroup');
    assert.equal(attrs['preserve_client_ip.enabled'], 'true');
    assert.equal(attrs['proxy_protocol_v2.enabled'], 'true');
    assert.equal(attrs['deregistration_delay.timeout_seconds'], '30');
    assert.equal(attrs['stickiness.type'], 'source_ip');
  });

  it('gives addresses to subnets', () => {
    const eips = ['eipalloc-1', 'eipalloc-2', 'eipalloc-3'];
    const outside = find(
      made({ settings: { scheme: 'internet-facing', eipAllocations: eips } }).resources,
      'LoadBalancer',
    );
    assert.deepEqual(
      outside.attrs.SubnetMappings,
      ['a', 'b', 'c'].map((letter, i) => ({ SubnetId: `subnet-pub${letter}`, AllocationId: eips[i] })),
    );
    const inside = find(
      made({ settings: { subnets: ['private-b', 'subnet-priva'], privateIpv4Addresses: ['10.0.1.5', '10.0.0.5'] } })
        .resources,
      'LoadBalancer',
    );
    assert.deepEqual(inside.attrs.SubnetMappings, [
      { SubnetId: 'subnet-priva', PrivateIPv4Address: '10.0.0.5' },
      { SubnetId: 'subnet-privb', PrivateIPv4Address: '10.0.1.5' },
    ]);
  });

  it('finds subnets by route where none is tagged, and passes by those of other clusters and full ones', () => {
    const bare = environment.Subnets.map((subnet) => ({ ...subnet, Tags: {} }));
    const ids = (Subnets: Json) =>
      find(made({ environment: { ...environment, Subnets } }).resources, 'LoadBalancer').attrs.SubnetMappings;
    assert.deepEqual(ids(bare), [
      { SubnetId: 'subnet-priva' },
      { SubnetId: 'subnet-privb' },
      { SubnetId: 'subnet-privc' },
    ]);
    const some = environment.Subnets.map((subnet, i) =>
      i === 0
        ? { ...subnet, Tags: { ...subnet.Tags, 'kubernetes.io/cluster/other': 'shared' } }
        : i === 1
          ? { ...subnet, AvailableIpAddressCount: 3 }
          : subnet,
    );
    assert.deepEqual(ids(some), [{ SubnetId: 'subnet-privc' }]);
  });

  it('says why subnets were left out', () => {
    const told = (Subnets: Json) =>
      made({ environment: { ...environment, Subnets } }).problems.map(({ message }) => message);
    const others = environment.Subnets.map((subnet, i) =>
      i === 0
        ? { ...subnet, AvailableIpAddressCount: 3 }
        : { ...subnet, Tags: { ...subnet.Tags, 'kubernetes.io/cluster/other': 'owned' } },
    );
    const n = others.length;
    const [message = ''] = told(others);
    assert.match(message, /a network load balancer needs subnets in 1 zone, 0 found/);
    assert.ok(
      message.includes(`left out of ${n} in the VPC: ${n - 1} of cluster other, while clusterName of the balancer is `),
      message,
    );
    assert.match(message, /; 1 with fewer than 8 free addresses\)/);
  });

  it('is shared by services of one group; a port that two ask for is refused by name', () => {
    const one = (id: string, port: number, createdMs: number) =>
      service(id, [tcp(port)], { backends: { web: behind() }, settings: { awselb: { group: 'edge' } }, createdMs });
    const desired = desire([one('shop/a', 80, 1), one('shop/b', 81, 2), one('other/c', 80, 3)]);
    assert.equal(find(desired.resources, 'LoadBalancer').id, 'service/edge');
    assert.deepEqual(
      desired.resources.filter(({ kind }) => kind === 'Listener').map(({ attrs }) => attrs.Port),
      [80, 81],
    );
    assert.deepEqual(told(desired), ['E_PORT_CONFLICT other/c fronts[0].port 80/tcp']);
    assert.match(desired.problems[0]?.message ?? '', /ExportedService shop\/a/);
    assert.deepEqual(find(desired.resources, 'LoadBalancer').serves, ['shop/a', 'shop/b']);
  });

  it('lets in who may come, and needs dualstack for IPv6', () => {
    const ranges = { fronts: [{ ...tcp(80), sourceRanges: ['10.0.0.0/8', '2001:db8::/32'] }] };
    assert.deepEqual(told(made(ranges)), ['E_FEATURE shop/web fronts[0].sourceRanges 2001:db8::/32']);
    const dual = made({
      ...ranges,
      settings: { ipAddressType: 'dualstack', prefixLists: ['pl-1'], icmpForPathMtuDiscovery: 'on' },
    });
    const rules = [...(find(dual.resources, 'SecurityGroup', 'shop').sets.IpPermissions?.keys() ?? [])];
    assert.deepEqual(rules, [
      'tcp|80|80|10.0.0.0/8',
      'tcp|80|80|2001:db8::/32',
      'tcp|80|80|pl-1',
      'icmp|3|4|10.0.0.0/8',
      'icmpv6|2|0|2001:db8::/32',
    ]);
    assert.deepEqual(
      find(made({ settings: { disableSecurityGroup: true } }).resources, 'LoadBalancer').attrs.SecurityGroups,
      [],
    );
  });

  it('has more security groups before one is full, and joins ranges then', () => {
    const many = (count: number, step: number) =>
      Array.from({ length: count }, (_, i) => `10.${Math.floor((i * step) / 256)}.${(i * step) % 256}.0/24`);
    const groups = (list: string[]) =>
      made({ fronts: [{ ...tcp(80), sourceRanges: list }] })
        .resources.filter(({ kind, id }) => kind === 'SecurityGroup' && id !== 'backend')
        .map(({ sets }) => sets.IpPermissions?.size);
    assert.deepEqual(groups(many(60, 2)), [60]);
    assert.deepEqual(groups(many(130, 2)), [60, 60, 10]);
    assert.deepEqual(groups(many(128, 1)), [1]);
    assert.deepEqual(told(made({ fronts: [{ ...tcp(80), sourceRanges: many(300, 2) }] })), [
      'E_QUOTA shop/web sourceRanges 300',
    ]);
  });

  it('moves no rule from one security group to another', () => {
    const ranges = Array.from({ length: 130 }, (_, i) => `10.${Math.floor(i / 100)}.${(i % 100) * 2}.0/24`);
    const guarded = (sourceRanges: readonly string[]) =>
      service('shop/web', [{ ...tcp(80), sourceRanges }], { backends: { web: behind() } });
    const { cloud } = converge([guarded(ranges)]);
    cloud.tick();
    const { plans } = converge([guarded([...ranges.slice(1), '172.16.0.0/12'])], {}, { cloud });
    const changed = plans.flatMap(({ steps }) => steps.map(({ op, members }) => [op, members?.map(([key]) => key)]));
    assert.deepEqual(changed.sort(), [
      ['add', ['tcp|80|80|172.16.0.0/12']],
      ['remove', ['tcp|80|80|10.0.0.0/24']],
    ]);
  });

  it('opens the groups of nodes and pods to the back-end group', () => {
    const eni = (address: string, groups: string[]) => ({ PrivateIpAddresses: [address], SecurityGroups: groups });
    const NetworkInterfaces = [eni('10.0.0.1', ['sg-pods']), eni('10.0.0.2', ['sg-a', 'sg-b'])];
    const SecurityGroups = [{ GroupId: 'sg-b', Tags: { 'kubernetes.io/cluster/cluster-name': 'owned' } }];
    const { resources } = made({
      backend: { targets: [target('10.0.0.1', 8080), target('10.0.0.2', 9090)], health: { type: 'http', port: 7000 } },
      environment: { ...environment, NetworkInterfaces, SecurityGroups },
    });
    const rules = resources
      .filter(({ kind }) => kind === 'SecurityGroupRule')
      .map(({ attrs, refs }) => [attrs.GroupId, attrs.FromPort, attrs.ToPort, refs.Source]);
    assert.deepEqual(rules, [
      ['sg-pods', 7000, 8080, 'backend'],
      ['sg-b', 7000, 9090, 'backend'],
    ]);
  });

  it('tells of targets that no interface of the VPC has', () => {
    const NetworkInterfaces = [{ PrivateIpAddresses: ['10.0.0.1'], SecurityGroups: ['sg-pods'] }];
    const told = (address: string, interfaces = NetworkInterfaces) =>
      made({
        backend: { targets: [target('10.0.0.1', 8080), target(address, 8080)] },
        environment: { ...environment, NetworkInterfaces: interfaces },
      }).problems.map(({ code, severity, value }) => [code, severity, value]);
    assert.deepEqual(told('10.0.0.9'), [['W_FEATURE', 'warning', '10.0.0.9']]);
    assert.deepEqual(told('10.0.0.1'), []);
    assert.deepEqual(told('10.0.0.9', []), []);
  });

  it('opens them to a back-end group that is given, and closes nothing while a target is unknown', () => {
    const eni = (address: string, group: string) => ({ PrivateIpAddresses: [address], SecurityGroups: [group] });
    const known = { ...environment, NetworkInterfaces: [eni('10.0.0.1', 'sg-a'), eni('10.0.0.2', 'sg-b')] };
    const given = made({ environment: known, options: { backendSecurityGroup: 'sg-given' } });
    assert.deepEqual(find(given.resources, 'LoadBalancer').attrs.SecurityGroups, ['sg-given']);
    assert.equal(find(given.resources, 'SecurityGroupRule').attrs.SourceGroupId, 'sg-given');
    const at = (address: string) =>
      service('shop/web', [tcp(80)], { backends: { web: behind({ targets: [target(address, 8080)] }) } });
    const { cloud } = converge([at('10.0.0.1')], { environment: known });
    cloud.tick();
    const rules = (address: string) =>
      converge([at(address)], { environment: known }, { cloud })
        .cloud.observe()
        .filter(({ kind }) => kind === 'SecurityGroupRule')
        .map(({ attrs }) => attrs.GroupId);
    assert.deepEqual(rules('10.0.0.3'), ['sg-a']);
    assert.deepEqual(rules('10.0.0.2'), ['sg-b']);
  });

  it('forwards by weight where it is asked to', () => {
    const two = service('shop/web', [tcp(80)], {
      backends: { web: behind(), next: behind() },
      settings: {
        awselb: {
          listeners: {
            'TCP-80': {
              forward: [
                { backend: 'web', weight: 90 },
                { backend: 'next', weight: 10 },
              ],
            },
          },
        },
      },
    });
    const { resources, problems } = desire([two]);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      [...(find(resources, 'Listener').sets.TargetGroups ?? [])].map(([id, { attrs }]) => [
        id.split(':').at(-1),
        attrs.Weight,
      ]),
      [
        ['web', 90],
        ['next', 10],
      ],
    );
  });
});
