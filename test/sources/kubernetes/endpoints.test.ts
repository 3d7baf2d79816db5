import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brief, readYaml, targetsOf } from './read-yaml.ts';

const service = (more = ''): string => `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, ports: [{ name: http, port: 80, targetPort: web }]${more} }
---`;

interface SliceParts {
  readonly name?: string;
  readonly type?: string;
  readonly ports?: string;
  readonly endpoints: string;
  readonly version?: string;
}

function slice({
  name = 'web-1',
  type = 'IPv4',
  ports = '[{ name: http, port: 8080 }]',
  endpoints,
  version = 'v1',
}: SliceParts): string {
  return `
apiVersion: discovery.k8s.io/${version}
kind: EndpointSlice
metadata: { name: ${name}, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: ${type}
ports: ${ports}
endpoints: ${endpoints}
---`;
}

function targets(text: string): { targets: string[]; problems: string[] } {
  const result = readYaml(service() + text);
  return { targets: targetsOf(result.service('shop/web'), 'http'), problems: brief(result.problems) };
}

describe('EndpointSlice conditions', () => {
  const table: [string, string, string[]][] = [
    ['absent conditions', '', ['10.0.0.1:8080 ready']],
    ['ready absent', 'conditions: {}', ['10.0.0.1:8080 ready']],
    ['ready null', 'conditions: { ready: null }', ['10.0.0.1:8080 ready']],
    ['ready', 'conditions: { ready: true, serving: true }', ['10.0.0.1:8080 ready']],
    ['not ready', 'conditions: { ready: false }', []],
    ['not ready, serving, not terminating', 'conditions: { ready: false, serving: true }', []],
    [
      'terminating and serving, nothing else ready',
      'conditions: { ready: false, serving: true, terminating: true }',
      ['10.0.0.1:8080 ready'],
    ],
    ['terminating, not serving', 'conditions: { ready: false, serving: false, terminating: true }', []],
    ['terminating, serving absent', 'conditions: { ready: false, terminating: true }', []],
  ];
  for (const [name, conditions, expected] of table) {
    test(name, () => {
      const result = targets(slice({ endpoints: `[{ addresses: [10.0.0.1], ${conditions} }]` }));
      assert.deepEqual(result.targets, expected);
      assert.deepEqual(result.problems, expected.length === 0 ? ['W_NO_TARGETS spec.ports[0]'] : []);
    });
  }

  test('terminating and serving drains beside a ready one, over slices', () => {
    const leaving = slice({
      endpoints: '[{ addresses: [10.0.0.1], conditions: { ready: false, serving: true, terminating: true } }]',
    });
    const result = targets(leaving + slice({ name: 'web-2', endpoints: '[{ addresses: [10.0.0.2] }]' }));
    assert.deepEqual(result.targets, ['10.0.0.1:8080 draining', '10.0.0.2:8080 ready']);
  });
});

describe('several slices', () => {
  test('duplicates count once, by their best state', () => {
    const down = slice({ endpoints: '[{ addresses: [10.0.0.1], conditions: { ready: false } }]' });
    const up = slice({
      name: 'web-2',
      endpoints: '[{ addresses: [10.0.0.1], nodeName: n1, zone: z1, targetRef: { kind: Pod, name: web-a } }]',
    });
    for (const text of [down + up, up + down]) {
      const result = readYaml(service() + text);
      const [target, ...others] = result.service('shop/web').backends.http?.targets ?? [];
      assert.deepEqual(target, {
        address: '10.0.0.1',
        port: 8080,
        node: 'n1',
        zone: 'z1',
        pod: 'web-a',
        weight: 1,
        state: 'ready',
      });
      assert.deepEqual(others, []);
    }
  });

  test('each slice has its own number for a named target port', () => {
    const result = targets(
      slice({ endpoints: '[{ addresses: [10.0.0.1] }]' }) +
        slice({ name: 'web-2', ports: '[{ name: http, port: 9090 }]', endpoints: '[{ addresses: [10.0.0.2] }]' }),
    );
    assert.deepEqual(result, { targets: ['10.0.0.1:8080 ready', '10.0.0.2:9090 ready'], problems: [] });
  });

  test('a portless slice is told at its service; the other slices are used', () => {
    const portless = slice({
      name: 'web-2',
      ports: '[{ name: http, protocol: TCP }]',
      endpoints: '[{ addresses: [10.0.0.2] }]',
    });
    const result = readYaml(service() + slice({ endpoints: '[{ addresses: [10.0.0.1] }]' }) + portless);
    assert.deepEqual(targetsOf(result.service('shop/web'), 'http'), ['10.0.0.1:8080 ready']);
    assert.deepEqual(
      result.problems.map(({ code, service, severity }) => `${code} ${service} ${severity}`),
      ['E_PORTLESS shop/web error'],
    );
  });

  test('ports are joined by name and transport; what there is instead is told', () => {
    const result = readYaml(
      service() +
        slice({
          ports: '[{ name: web, port: 8080 }, { name: http, port: 8080, protocol: UDP }]',
          endpoints: '[{ addresses: [10.0.0.1] }]',
        }),
    );
    assert.match(
      result.problems[0]?.message ?? '',
      /no EndpointSlice has a port named http\/tcp; they have web\/tcp, http\/udp/,
    );
  });
});

describe('dual stack', () => {
  const v4 = slice({
    endpoints: '[{ addresses: [10.0.0.1], targetRef: { kind: Pod, name: a } }, { addresses: [10.0.0.2] }]',
  });
  const v6 = slice({
    name: 'web-6',
    type: 'IPv6',
    endpoints: '[{ addresses: ["2001:DB8::1"], targetRef: { kind: Pod, name: a } }, { addresses: ["2001:db8::2"] }]',
  });

  test('a pod counts once; addresses without a pod stay', () => {
    assert.deepEqual(targets(v4 + v6).targets, [
      '10.0.0.1:8080 ready',
      '10.0.0.2:8080 ready',
      '2001:db8::2:8080 ready',
    ]);
  });

  test('a dual-stack Service uses its first family', () => {
    const result = readYaml(service(', ipFamilies: [IPv6, IPv4]') + v4 + v6);
    assert.deepEqual(targetsOf(result.service('shop/web'), 'http'), [
      '2001:db8::1:8080 ready',
      '2001:db8::2:8080 ready',
    ]);
    assert.deepEqual(result.service('shop/web').address?.families, ['ipv6', 'ipv4']);
  });

  test('the other family serves when the first only drains', () => {
    const draining = slice({
      endpoints: '[{ addresses: [10.0.0.1], conditions: { ready: false, serving: true, terminating: true } }]',
    });
    const result = readYaml(service(', ipFamilies: [IPv4, IPv6]') + draining + v6);
    assert.deepEqual(targetsOf(result.service('shop/web'), 'http'), [
      '10.0.0.1:8080 draining',
      '2001:db8::1:8080 ready',
      '2001:db8::2:8080 ready',
    ]);
  });

  test('the other family serves when the first has nothing usable', () => {
    const result = readYaml(service(', ipFamilies: [IPv6, IPv4]') + v4);
    assert.equal(targetsOf(result.service('shop/web'), 'http').length, 2);
  });
});

describe('refused endpoints', () => {
  const good = '{ addresses: [10.0.0.9] }';
  const table: [string, string][] = [
    ['{ addresses: [127.0.0.1] }', 'E_ADDRESS_FORBIDDEN endpoints[0].addresses[0]'],
    ['{ addresses: [169.254.169.254] }', 'E_ADDRESS_FORBIDDEN endpoints[0].addresses[0]'],
    ['{ addresses: [224.0.0.1] }', 'E_ADDRESS_FORBIDDEN endpoints[0].addresses[0]'],
    ['{ addresses: [0.0.0.0] }', 'E_ADDRESS_FORBIDDEN endpoints[0].addresses[0]'],
    ['{ addresses: [010.0.0.1] }', 'E_ADDRESS endpoints[0].addresses[0]'],
    ['{ addresses: [db.example.com] }', 'E_ADDRESS endpoints[0].addresses[0]'],
    ['{ addresses: ["2001:db8::1"] }', 'E_ADDRESS endpoints[0].addresses[0]'],
    ['{ addresses: [1] }', 'E_ADDRESS endpoints[0].addresses[0]'],
    ['{ addresses: 10.0.0.1 }', 'E_FIELD_TYPE endpoints[0].addresses'],
    ['{}', 'E_FIELD_MISSING endpoints[0].addresses'],
    ['10.0.0.1', 'E_FIELD_TYPE endpoints[0]'],
    ['{ addresses: [10.0.0.1], conditions: { ready: "yes" } }', 'E_FIELD_TYPE endpoints[0].conditions.ready'],
  ];
  for (const [endpoint, problem] of table) {
    test(endpoint, () => {
      assert.deepEqual(targets(slice({ endpoints: `[${endpoint}, ${good}]` })), {
        targets: ['10.0.0.9:8080 ready'],
        problems: [problem],
      });
    });
  }

  test('a name that is no name is left out, the endpoint stays', () => {
    const result = targets(slice({ endpoints: '[{ addresses: [10.0.0.1], nodeName: "a\\nb", zone: "z z" }]' }));
    assert.deepEqual(result, {
      targets: ['10.0.0.1:8080 ready'],
      problems: ['E_NAME endpoints[0].nodeName', 'E_NAME endpoints[0].zone'],
    });
  });

  test('FQDN slices are refused, others of the service go on', () => {
    const result = targets(
      slice({ name: 'web-f', type: 'FQDN', endpoints: '[{ addresses: [db.example.com] }]' }) +
        slice({ endpoints: `[${good}]` }),
    );
    assert.deepEqual(result, { targets: ['10.0.0.9:8080 ready'], problems: ['E_ADDRESS addressType'] });
  });

  for (const port of ['0', '70000', '-1', '"http"', '1.5']) {
    test(`port ${port}`, () => {
      const result = targets(slice({ ports: `[{ name: http, port: ${port} }]`, endpoints: `[${good}]` }));
      assert.deepEqual(result, { targets: [], problems: ['W_NO_TARGETS spec.ports[0]', 'E_PORT ports[0].port'] });
    });
  }

  test('loopback is allowed where the source says so', () => {
    const result = readYaml(service() + slice({ endpoints: '[{ addresses: [127.0.0.5] }]' }), {
      allowTargets: ['127.0.0.0/8'],
    });
    assert.deepEqual(targetsOf(result.service('shop/web'), 'http'), ['127.0.0.5:8080 ready']);
  });

  test('a slice without the label of its Service is told and not used', () => {
    const orphan = slice({ endpoints: `[${good}]` }).replace(', labels: { kubernetes.io/service-name: web }', '');
    assert.deepEqual(targets(orphan).problems, [
      'W_OBJECT_IGNORED metadata.labels["kubernetes.io/service-name"]',
      'W_NO_TARGETS spec.ports[0]',
    ]);
  });
});

describe('other forms', () => {
  test('EndpointSlice v1beta1: node and zone from topology', () => {
    const text = slice({
      version: 'v1beta1',
      endpoints:
        '[{ addresses: [10.0.0.1], topology: { kubernetes.io/hostname: n1, topology.kubernetes.io/zone: z1 } }]',
    });
    const [target] = readYaml(service() + text).service('shop/web').backends.http?.targets ?? [];
    assert.deepEqual([target?.node, target?.zone], ['n1', 'z1']);
  });

  const endpoints = (more = ''): string => `
apiVersion: v1
kind: Endpoints
metadata: { name: web, namespace: shop }
subsets:
  - { addresses: [{ ip: 10.0.1.1, nodeName: n1 }], notReadyAddresses: [{ ip: 10.0.1.2 }], ports: [{ name: http, port: 8080 }] }
  - { addresses: [{ ip: 10.0.1.3 }], ports: [{ name: http, port: 9090 }] }${more}
---`;

  test('Endpoints are used where no slice exists', () => {
    assert.deepEqual(targets(endpoints()), { targets: ['10.0.1.1:8080 ready', '10.0.1.3:9090 ready'], problems: [] });
    assert.deepEqual(targets(endpoints() + slice({ endpoints: '[{ addresses: [10.0.0.1] }]' })).targets, [
      '10.0.0.1:8080 ready',
    ]);
  });

  test('a headless Service without ports takes the port that the backend names from the slices', () => {
    const headless =
      'apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: shop }\nspec: { clusterIP: None }\n---';
    const front = (port: string): string => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: front, namespace: shop }
spec: { defaultBackend: { service: { name: web, port: ${port} } } }
---`;
    for (const [port, key] of [
      ['{ number: 8080 }', 'web:8080'],
      ['{ name: http }', 'web:http'],
    ] as const) {
      const result = readYaml(headless + slice({ endpoints: '[{ addresses: [10.0.0.1] }]' }) + front(port));
      assert.deepEqual(
        targetsOf(
          result.service('ingress/shop/front'),
          Object.keys(result.service('ingress/shop/front').backends)[0] ?? '',
        ),
        ['10.0.0.1:8080 ready'],
        key,
      );
    }
  });
});
