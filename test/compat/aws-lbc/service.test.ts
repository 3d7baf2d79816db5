import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorsOf, network, nlb, read, routesOf, serviceOf, settingsOf } from './world.ts';

const p = 'aws-load-balancer-';
const cert = 'arn:aws:acm:eu-west-1:123456789012:certificate/0a1b';
const ip = { [`${p}nlb-target-type`]: 'ip' };

function front(service: ReturnType<typeof serviceOf>): readonly string[] {
  return service.fronts.map(({ port, protocol }) => `${protocol}:${port}`);
}

describe('which Services are claimed', () => {
  const claimed = (annotations: object, spec: object): string | undefined =>
    read(network({ ...annotations }, { ...spec })).services[0]?.class;
  const none = { loadBalancerClass: undefined };

  it('nodes need no EndpointSlices, and addresses of pods do', () => {
    const missing = (annotations: Record<string, string>, spec: Record<string, unknown> = {}) =>
      read(network(annotations, spec)).problems.filter(({ code }) => code === 'W_NO_TARGETS').length;
    assert.equal(missing({}), 0);
    assert.equal(missing({}, { externalTrafficPolicy: 'Local' }), 2);
    assert.equal(missing({ 'aws-load-balancer-nlb-target-type': 'ip' }), 2);
  });

  it('those of its class, and of its types', () => {
    const claims = [
      claimed(ip, {}),
      claimed({ [`${p}type`]: 'nlb-ip' }, none),
      claimed({ [`${p}type`]: 'external', [`${p}nlb-target-type`]: 'instance' }, none),
    ];
    assert.deepEqual(claims, Array(3).fill('service.k8s.aws/nlb'));
  });

  it('no others: they mean what they meant before', () => {
    const foreign = [
      read(network({ [`${p}type`]: 'nlb', [`${p}scheme`]: 'nonsense' }, none)),
      read(network({ [`${p}type`]: 'external' }, none)),
      read(network({ [`${p}type`]: 'nlb-ip' }, { loadBalancerClass: 'example.com/other' })),
    ];
    for (const { services, problems } of foreign) {
      assert.deepEqual(services[0]?.settings, {});
      assert.deepEqual(
        services[0]?.fronts.map(({ key }) => key),
        ['plain', 'secure'],
      );
      assert.deepEqual(
        problems.filter(({ severity }) => severity === 'error'),
        [],
      );
    }
  });
});

describe('a Service that looks as if it were meant', () => {
  it('is told what it lacks: the webhook of the peer writes the class in a cluster', () => {
    const result = read(network({ [`${p}scheme`]: 'internet-facing' }, { loadBalancerClass: undefined }));
    const [told, ...more] = result.problems.filter(({ code }) => code === 'W_ANNOTATION_IGNORED');
    assert.deepEqual([told?.field, more], [`${nlb}${p}scheme`, []]);
    assert.match(told?.message ?? '', /set spec\.loadBalancerClass to service\.k8s\.aws\/nlb/);
    assert.equal(result.services.length, 1);
  });
});

describe('an NLB', () => {
  it('of addresses of pods', () => {
    const service = serviceOf(
      read(network({ ...ip, [`${p}scheme`]: 'internet-facing', [`${p}eip-allocations`]: 'eipalloc-0a, eipalloc-0b' })),
      'prod/game',
    );
    assert.deepEqual(front(service), ['tcp:80', 'tcp:443']);
    const { scheme, eipAllocations, type, backends } = settingsOf(service);
    assert.deepEqual([type, scheme, eipAllocations], ['network', 'internet-facing', ['eipalloc-0a', 'eipalloc-0b']]);
    assert.deepEqual(backends?.plain?.identity, {
      namespace: 'prod',
      name: 'game',
      uid: '5b0b5c4e-8a54-4b5c-9c1e-2d7f1f1f0a01',
      port: '80',
      targetPort: '8080',
    });
    const { targetKind, protocol, health } = service.backends.plain ?? {};
    assert.deepEqual([targetKind, protocol], ['ip', 'tcp']);
    assert.deepEqual(health, { type: 'tcp', intervalMs: 10_000, timeoutMs: 10_000, rise: 3, fall: 3 });
    assert.equal(service.settingsOrigin['awselb.scheme'], `${nlb}${p}scheme`);
  });

  it('of nodes, with the check of the node where traffic stays local', () => {
    const local = { externalTrafficPolicy: 'Local', healthCheckNodePort: 32_100 };
    const service = serviceOf(read(network({}, local)), 'prod/game');
    const backend = service.backends.secure;
    assert.deepEqual([backend?.targetKind, backend?.nodePort, backend?.localOnly], ['instance', 30_443, true]);
    assert.deepEqual(backend?.health, {
      type: 'http',
      port: 32_100,
      path: '/healthz',
      expect: [{ from: 200, to: 399 }],
      intervalMs: 10_000,
      timeoutMs: 6000,
      rise: 2,
      fall: 2,
    });
  });

  it('needs a node port for nodes', () => {
    const result = read(network({}, { ports: [{ port: 80 }] }));
    assert.deepEqual(result.services, []);
    assert.match(errorsOf(result)[0]?.message ?? '', /without nodePort.*set target type ip/);
  });

  it('ends TLS at the ports that are listed', () => {
    const tls = { ...ip, [`${p}ssl-cert`]: cert, [`${p}ssl-ports`]: 'secure', [`${p}backend-protocol`]: 'ssl' };
    const service = serviceOf(read(network(tls)), 'prod/game');
    assert.deepEqual(front(service), ['tcp:80', 'tls:443']);
    assert.deepEqual(service.fronts[1]?.tls, { mode: 'terminate', certs: [] });
    const { certificateArns, backends } = settingsOf(service);
    assert.deepEqual(
      [certificateArns, backends?.secure?.protocol, backends?.plain?.protocol],
      [[cert], 'TLS', undefined],
    );
  });

  it('ends TLS at every TCP port when none is listed, and never at UDP', () => {
    const ports = [
      { name: 'a', port: 443 },
      { name: 'b', port: 53, protocol: 'UDP' },
    ];
    assert.deepEqual(front(serviceOf(read(network({ ...ip, [`${p}ssl-cert`]: cert }, { ports })), 'prod/game')), [
      'tls:443',
      'udp:53',
    ]);
  });

  it('of TCP and UDP at one port', () => {
    const ports = [
      { name: 'u', port: 53, protocol: 'UDP', targetPort: 5353 },
      { name: 't', port: 53, targetPort: 5353 },
    ];
    const on = serviceOf(read(network({ ...ip, [`${p}enable-tcp-udp-listener`]: 'true' }, { ports })), 'prod/game');
    assert.deepEqual(front(on), ['tcp_udp:53']);
    assert.equal(settingsOf(on).backends?.t?.protocol, 'TCP_UDP');
    const off = read(network(ip, { ports }));
    assert.deepEqual(front(serviceOf(off, 'prod/game')), ['udp:53']);
    assert.match(
      errorsOf(off)[0]?.message ?? '',
      /spec\.ports\[1\]\.port is the number of port u too.*enable-tcp-udp-listener/,
    );
  });

  it('of TCP and UDP at one port, only where both are reached by one number', () => {
    const both = { [`${p}enable-tcp-udp-listener`]: 'true' };
    const ports = (tcp: Readonly<Record<string, number>>, udp: Readonly<Record<string, number>>) => [
      { name: 't', port: 53, targetPort: 5353, ...tcp },
      { name: 'u', port: 53, protocol: 'UDP', targetPort: 5353, ...udp },
    ];
    const alike = read(network(both, { ports: ports({ nodePort: 30053 }, { nodePort: 30053 }) }));
    assert.deepEqual([front(serviceOf(alike, 'prod/game')), errorsOf(alike)], [['tcp_udp:53'], []]);
    const apart = read(network(both, { ports: ports({ nodePort: 30054 }, { nodePort: 30053 }) }));
    assert.deepEqual(front(serviceOf(apart, 'prod/game')), ['tcp:53']);
    assert.match(errorsOf(apart)[0]?.message ?? '', /spec\.ports\[1\]\.nodePort is not 30054 .*same nodePort at both/);
    const pods = read(network({ ...ip, ...both }, { ports: ports({}, { targetPort: 5354 }) }));
    assert.deepEqual(front(serviceOf(pods, 'prod/game')), ['tcp:53']);
    assert.match(errorsOf(pods)[0]?.message ?? '', /spec\.ports\[1\]\.targetPort is not 5353 /);
  });

  it('takes older attributes below newer ones', () => {
    const older = { [`${p}cross-zone-load-balancing-enabled`]: 'true', [`${p}access-log-enabled`]: 'true' };
    const newer = { [`${p}attributes`]: 'access_logs.s3.enabled=false,deletion_protection.enabled=true' };
    const { attributes, scheme } = settingsOf(
      serviceOf(read(network({ ...ip, ...older, ...newer, [`${p}internal`]: 'true' })), 'prod/game'),
    );
    assert.deepEqual(attributes, {
      'access_logs.s3.enabled': 'false',
      'load_balancing.cross_zone.enabled': 'true',
      'deletion_protection.enabled': 'true',
    });
    assert.equal(scheme, 'internal');
  });

  it('shares connections by weight', () => {
    const action =
      '{"type":"forward","forwardConfig":{"baseServiceWeight":80,"targetGroups":[{"serviceName":"next","servicePort":80,"weight":20}]}}';
    const result = read(
      network({}, { type: 'ClusterIP', loadBalancerClass: undefined }, 'next'),
      network({ ...ip, 'actions.TCP-80': action }),
    );
    const service = serviceOf(result, 'prod/game');
    assert.deepEqual(routesOf(service), ['plain: else -> plain*80 next:80*20', 'secure: else -> secure*1']);
    assert.deepEqual(settingsOf(service).listeners?.['TCP-80']?.forward, [
      { backend: 'plain', weight: 80 },
      { backend: 'next:80', weight: 20 },
    ]);
  });

  it('keeps what our own annotations say, field by field', () => {
    const own = {
      'weir-lb.dev/settings.awselb': '{"group":"games","scheme":"internal"}',
      'weir-lb.dev/groups': 'edge',
    };
    const service = serviceOf(
      read(network({ ...ip, ...own, [`${p}scheme`]: 'internet-facing', [`${p}name`]: 'game' })),
      'prod/game',
    );
    const { group, scheme, name } = settingsOf(service);
    assert.deepEqual([group, scheme, name, service.groups], ['games', 'internal', 'game', ['edge']]);
  });
});

describe('refused as by the peer', () => {
  const refused: readonly (readonly [Record<string, string>, RegExp])[] = [
    [
      { [`${p}ssl-cert`]: cert, [`${p}ssl-ports`]: '444' },
      /ssl-ports must name ports of the Service; it has no port 444/,
    ],
    [
      { [`${p}scheme`]: 'internal', [`${p}eip-allocations`]: 'eipalloc-0a' },
      /eip-allocations needs scheme internet-facing/,
    ],
    [
      { [`${p}scheme`]: 'internet-facing', [`${p}private-ipv4-addresses`]: '10.0.0.1' },
      /private-ipv4-addresses needs scheme internal/,
    ],
    [{ [`${p}subnets`]: 'a,b', [`${p}eip-allocations`]: 'eipalloc-0a' }, /one value for each of the 2 subnets/],
    [{ [`${p}ipv6-addresses`]: '2001:db8::1' }, /needs aws-load-balancer-ip-address-type dualstack/],
    [{ [`${p}proxy-protocol`]: 'true' }, /proxy-protocol must be one of \*/],
    [
      { [`${p}healthcheck-port`]: 'nope' },
      /healthcheck-port must be a number, traffic-port, or a port that Service game has/,
    ],
    [{ [`${p}target-group-attributes`]: 'stickiness' }, /must be key=value pairs/],
    [{ [`${p}name`]: 'internal-game' }, /not begin with internal-/],
  ];
  for (const [annotations, message] of refused) {
    it(JSON.stringify(annotations), () => {
      const result = read(network({ ...ip, ...annotations }));
      assert.deepEqual(result.services, []);
      assert.match(errorsOf(result)[0]?.message ?? '', message);
    });
  }
});
