import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubernetesReadOptions } from '../../../src/sources/kubernetes/index.ts';
import { brief, readYaml } from './read-yaml.ts';

interface Parts {
  readonly spec?: string;
  readonly ports?: string;
  readonly metadata?: string;
  readonly type?: string;
  readonly status?: string;
}

function manifest({
  spec = '',
  ports = '[{ port: 80 }]',
  metadata = '',
  type = 'LoadBalancer',
  status = '',
}: Parts): string {
  return `
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
${metadata}
spec:
  type: ${type}
  ports: ${ports}
${spec}
${status}
---
apiVersion: v1
kind: Endpoints
metadata: { name: web, namespace: shop }
subsets: [{ addresses: [{ ip: 10.0.0.1 }], ports: [{ port: 8080 }, { name: http, port: 8080 }, { name: db, port: 5432 }, { name: dns, port: 53, protocol: UDP }] }]
`;
}

const annotated = (text: string): string => `  annotations: { ${text} }`;

describe('which Services are exported', () => {
  interface Row {
    readonly name: string;
    readonly parts: Parts;
    readonly options?: Partial<KubernetesReadOptions>;
    readonly exported: boolean;
    readonly class?: string;
  }
  const rows: readonly Row[] = [
    { name: 'LoadBalancer', parts: {}, exported: true },
    { name: 'ClusterIP', parts: { type: 'ClusterIP' }, exported: false },
    { name: 'NodePort', parts: { type: 'NodePort' }, exported: false },
    { name: 'ExternalName unused', parts: { type: 'ExternalName' }, exported: false },
    {
      name: 'ClusterIP with export',
      parts: { type: 'ClusterIP', metadata: annotated('weir-lb.dev/export: "true"') },
      exported: true,
    },
    { name: 'LoadBalancer kept out', parts: { metadata: annotated('weir-lb.dev/export: "false"') }, exported: false },
    { name: 'being deleted', parts: { metadata: '  deletionTimestamp: "2026-01-01T00:00:00Z"' }, exported: false },
    {
      name: 'loadBalancerClass',
      parts: { spec: '  loadBalancerClass: example.com/internal' },
      exported: true,
      class: 'example.com/internal',
    },
    {
      name: 'class annotation',
      parts: { type: 'ClusterIP', metadata: annotated('weir-lb.dev/export: "true", weir-lb.dev/class: internal') },
      exported: true,
      class: 'internal',
    },
    {
      name: 'class that is configured',
      parts: { spec: '  loadBalancerClass: a' },
      options: { classes: ['a'] },
      exported: true,
      class: 'a',
    },
    {
      name: 'class of another',
      parts: { spec: '  loadBalancerClass: b' },
      options: { classes: ['a'] },
      exported: false,
    },
    { name: 'no class where classes are configured', parts: {}, options: { classes: ['a'] }, exported: false },
    {
      name: 'no class, watchWithoutClass',
      parts: {},
      options: { classes: ['a'], watchWithoutClass: true },
      exported: true,
    },
  ];
  for (const row of rows) {
    test(row.name, () => {
      const { services, problems } = readYaml(manifest(row.parts), row.options);
      assert.equal(services.length, row.exported ? 1 : 0);
      assert.equal(services[0]?.class, row.class);
      assert.deepEqual(problems, []);
    });
  }

  test('ExternalName that asks for export is refused by name', () => {
    const { services, problems } = readYaml(
      manifest({ type: 'ExternalName', metadata: annotated('weir-lb.dev/export: "true"') }),
    );
    assert.deepEqual([services.length, brief(problems)], [0, ['E_FEATURE spec.type']]);
  });
});

describe('fronts', () => {
  const fronts = (parts: Parts): string[] =>
    readYaml(manifest(parts)).services.flatMap(({ fronts }) =>
      fronts.map(({ key, port, protocol }) => `${key} ${port} ${protocol}`),
    );

  const table: [string, Parts, string[]][] = [
    [
      'transport',
      { ports: '[{ name: db, port: 5432 }, { name: dns, port: 53, protocol: UDP }]' },
      ['db 5432 tcp', 'dns 53 udp'],
    ],
    ['no name', {}, ['80/tcp 80 tcp']],
    [
      'TCP and UDP on one port',
      { ports: '[{ name: a, port: 53 }, { name: b, port: 53, protocol: UDP }]' },
      ['a 53 tcp', 'b 53 udp'],
    ],
    ['appProtocol http', { ports: '[{ port: 80, appProtocol: http }]' }, ['80/tcp 80 http']],
    [
      'appProtocol https without a certificate passes through',
      { ports: '[{ port: 443, appProtocol: https }]' },
      ['443/tcp 443 tcp'],
    ],
    ['appProtocol h2c', { ports: '[{ port: 80, appProtocol: kubernetes.io/h2c }]' }, ['80/tcp 80 tcp']],
    ['annotation for all', { metadata: annotated('weir-lb.dev/protocol: http') }, ['80/tcp 80 http']],
    [
      'annotation by name and number',
      {
        metadata: annotated('weir-lb.dev/protocol: "http=http, 443=tls"'),
        ports: '[{ name: http, port: 80 }, { name: x, port: 443 }, { name: db, port: 1 }]',
      },
      ['http 80 http', 'x 443 tls', 'db 1 tcp'],
    ],
  ];
  for (const [name, parts, expected] of table) test(name, () => assert.deepEqual(fronts(parts), expected));

  test('hosts of an http Service', () => {
    const { services } = readYaml(
      manifest({ metadata: annotated('weir-lb.dev/protocol: http, weir-lb.dev/hosts: "A.test, *.b.test"') }),
    );
    const [front] = services[0]?.fronts ?? [];
    assert.deepEqual(
      front?.routes.map(({ hosts }) => hosts),
      [['a.test', '*.b.test']],
    );
    assert.equal(front?.default, undefined);
  });

  test('tls without a certificate passes through by name', () => {
    const { services } = readYaml(
      manifest({ metadata: annotated('weir-lb.dev/protocol: tls, weir-lb.dev/hosts: a.test') }),
    );
    assert.deepEqual(services[0]?.fronts[0]?.tls, { mode: 'passthrough', certs: [] });
  });

  test('https without a certificate is told and not served, other ports are', () => {
    const { services, problems } = readYaml(
      manifest({
        metadata: annotated('weir-lb.dev/protocol: 443=https'),
        ports: '[{ name: db, port: 80 }, { name: http, port: 443 }]',
      }),
    );
    assert.deepEqual(
      services[0]?.fronts.map(({ key }) => key),
      ['db'],
    );
    assert.deepEqual(brief(problems), ['E_CERT_MISSING spec.ports[1]']);
  });

  const bad: [string, string][] = [
    ['{ name: x, port: 0 }', 'E_PORT spec.ports[1].port'],
    ['{ name: x, port: 70000 }', 'E_PORT spec.ports[1].port'],
    ['{ name: x, port: -1 }', 'E_PORT spec.ports[1].port'],
    ['{ name: x }', 'E_FIELD_MISSING spec.ports[1].port'],
    ['{ name: x, port: 81, protocol: SCTP }', 'E_PROTOCOL spec.ports[1].protocol'],
    ['{ name: x, port: 81, protocol: HTTP }', 'E_FIELD_VALUE spec.ports[1].protocol'],
    ['{ name: db, port: 81 }', 'E_FIELD_VALUE spec.ports[1].name'],
    ['{ name: x, port: 80 }', 'E_PORT_CONFLICT spec.ports[1].port'],
    ['{ name: "x y", port: 81 }', 'E_NAME spec.ports[1].name'],
    ['{ name: x, port: 81, targetPort: "a b" }', 'E_PORT spec.ports[1].targetPort'],
    ['{ name: x, port: 81, nodePort: 99999 }', 'E_PORT spec.ports[1].nodePort'],
    ['80', 'E_FIELD_TYPE spec.ports[1]'],
  ];
  for (const [port, problem] of bad) {
    test(`left out: ${port}`, () => {
      const { services, problems } = readYaml(manifest({ ports: `[{ name: db, port: 80 }, ${port}]` }));
      assert.deepEqual(
        services[0]?.fronts.map(({ key }) => key),
        ['db'],
      );
      assert.deepEqual(brief(problems), [problem]);
    });
  }
});

describe('fields', () => {
  test('everything that the model carries', () => {
    const { services, problems } = readYaml(
      manifest({
        ports: '[{ name: http, port: 80, nodePort: 30080 }]',
        metadata:
          '  uid: 0A1B2C3D-0000-4000-8000-000000000001\n  creationTimestamp: "2026-01-02T03:04:05Z"\n  resourceVersion: "77"\n  labels: { app: web, n: 7 }',
        spec: `  loadBalancerIP: 192.0.2.7
  externalIPs: [192.0.2.8, 192.0.2.7]
  loadBalancerSourceRanges: [198.51.100.9/24, " 2001:db8::/32"]
  sessionAffinity: ClientIP
  sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } }
  externalTrafficPolicy: Local
  healthCheckNodePort: 32000`,
        status: 'status: { loadBalancer: { ingress: [{ hostname: lb.example.com }, { ip: 192.0.2.7 }] } }',
      }),
      { cluster: 'prod', idPrefix: 'prod:' },
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(services, [
      {
        id: 'prod:shop/web',
        origin: {
          source: 'files',
          cluster: 'prod',
          kind: 'Service',
          namespace: 'shop',
          name: 'web',
          uid: '0a1b2c3d-0000-4000-8000-000000000001',
          createdMs: Date.parse('2026-01-02T03:04:05Z'),
          revision: '77',
          labels: { app: 'web', n: '7' },
          file: 'a.yaml',
          line: 1,
        },
        groups: [],
        address: { list: ['192.0.2.7', '192.0.2.8'], families: ['ipv4'], held: ['192.0.2.7', 'lb.example.com'] },
        fronts: [
          {
            key: 'http',
            port: 80,
            protocol: 'tcp',
            sourceRanges: ['198.51.100.0/24', '2001:db8::/32'],
            routes: [],
            default: { type: 'forward', to: [{ backend: 'http', weight: 1 }] },
          },
        ],
        backends: {
          http: {
            targets: [{ address: '10.0.0.1', port: 8080, weight: 1, state: 'ready' }],
            targetKind: 'ip',
            nodePort: 30080,
            localOnly: true,
            healthCheckNodePort: 32000,
            protocol: 'tcp',
            balance: 'roundrobin',
            affinity: { type: 'source', timeoutMs: 60_000 },
          },
        },
        settings: {},
        settingsOrigin: {},
      },
    ]);
  });

  test('labels that could not be labels are told and left out; the Service is served', () => {
    const { services, problems } = readYaml(
      manifest({ metadata: '  labels: { app: web, bad: "a\\nb", "x y": z, list: [] }' }),
    );
    assert.deepEqual(services[0]?.origin.labels, { app: 'web' });
    assert.deepEqual(brief(problems), [
      'E_TEXT_UNSAFE metadata.labels.bad',
      'E_NAME metadata.labels["x y"]',
      'E_FIELD_TYPE metadata.labels.list',
    ]);
  });

  test('a UID that is none does not exist', () => {
    const { services } = readYaml(manifest({ metadata: '  uid: "../../etc"' }));
    assert.equal(services[0]?.origin.uid, undefined);
  });

  const closed: [string, Parts, string][] = [
    [
      'bad source range',
      { spec: '  loadBalancerSourceRanges: [10.0.0.0/8, 10.0.0.0/33]' },
      'E_ADDRESS spec.loadBalancerSourceRanges[1]',
    ],
    [
      'source ranges of the wrong type',
      { spec: '  loadBalancerSourceRanges: 10.0.0.0/8' },
      'E_FIELD_TYPE spec.loadBalancerSourceRanges',
    ],
    [
      'empty source range',
      { spec: '  loadBalancerSourceRanges: [null]' },
      'E_FIELD_MISSING spec.loadBalancerSourceRanges[0]',
    ],
    [
      'bad annotation source range',
      { metadata: annotated('weir-lb.dev/source-ranges: "10.0.0.0/8,x"') },
      'E_ANNOTATION_VALUE weir-lb.dev/source-ranges',
    ],
    [
      'bad legacy source range',
      { metadata: annotated('service.beta.kubernetes.io/load-balancer-source-ranges: x') },
      'E_ADDRESS metadata.annotations["service.beta.kubernetes.io/load-balancer-source-ranges"]',
    ],
    ['bad address', { spec: '  loadBalancerIP: 010.0.0.1' }, 'E_ADDRESS spec.loadBalancerIP'],
    ['bad class', { spec: '  loadBalancerClass: "a b"' }, 'E_NAME spec.loadBalancerClass'],
    ['bad type', { type: 'LoadBalancr' }, 'E_FIELD_VALUE spec.type'],
  ];
  for (const [name, parts, problem] of closed) {
    test(`not served: ${name}`, () => {
      const { services, problems } = readYaml(manifest(parts));
      assert.deepEqual(services, []);
      assert.deepEqual(
        problems.map(({ code, field, service }) => `${code} ${field} ${service}`),
        [`${problem} shop/web`],
      );
    });
  }

  test('the legacy annotation of source ranges counts', () => {
    const { services } = readYaml(
      manifest({
        metadata: annotated('service.beta.kubernetes.io/load-balancer-source-ranges: "10.0.0.0/8, 192.0.2.0/24"'),
      }),
    );
    assert.deepEqual(services[0]?.fronts[0]?.sourceRanges, ['10.0.0.0/8', '192.0.2.0/24']);
  });
});
