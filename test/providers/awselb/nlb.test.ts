import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Front } from '../../../src/model/index.ts';
import { service, target, tcp } from '../../front/make-service.ts';
import { desire, find, tags, told } from './desire.ts';
import { behind, made } from './made-nlb.ts';

const certificate = 'arn:aws:acm:eu-west-1:123456789012:certificate/one';

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
