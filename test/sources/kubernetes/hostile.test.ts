import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LocatedObject } from '../../../src/model/index.ts';
import { readObjects } from '../../../src/sources/kubernetes/index.ts';
import { options } from './read-yaml.ts';
import { certificateFor } from './tls-secret.ts';

const cert = certificateFor(['a.test']);
const keyLine = cert.keyPem.split('\n')[1] ?? '';
const labels = { 'kubernetes.io/service-name': 'web' };

/** Objects of every kind with every field that is read. */
const attacked: readonly unknown[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: '00000000-0000-4000-8000-000000000001',
      creationTimestamp: '2026-01-01T00:00:00Z',
      resourceVersion: '1',
      labels: { app: 'web' },
      annotations: {
        'weir-lb.dev/groups': 'a,b',
        'weir-lb.dev/protocol': 'http=http',
        'weir-lb.dev/hosts': 'a.test',
        'weir-lb.dev/balance': 'random',
        'weir-lb.dev/affinity-cookie': 'SRV',
        'weir-lb.dev/affinity': 'cookie',
        'weir-lb.dev/health-check-path': '/x',
        'weir-lb.dev/health-check-host': 'a.test',
        'weir-lb.dev/backend-tls-server-name': 'a.test',
        'weir-lb.dev/backend-protocol': 'https',
        'weir-lb.dev/pool': 'p',
        'weir-lb.dev/bundle': 'b',
        'weir-lb.dev/settings.haproxy': '{"a": "b"}',
        'bcs-loadbalance.bk': '{"BCSVHost": "a.test", "BCSGROUP": ["g"]}',
      },
    },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'c',
      loadBalancerIP: '192.0.2.1',
      externalIPs: ['192.0.2.2'],
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      ipFamilies: ['IPv4'],
      sessionAffinity: 'ClientIP',
      externalTrafficPolicy: 'Local',
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'web', appProtocol: 'http' }],
    },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', hostname: 'lb.test' }] } },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'shop', labels },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      {
        addresses: ['10.0.0.1'],
        conditions: { ready: true },
        nodeName: 'n1',
        zone: 'z1',
        targetRef: { kind: 'Pod', name: 'web-a' },
      },
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'web', namespace: 'shop' },
    subsets: [{ addresses: [{ ip: '10.0.0.2', nodeName: 'n1' }], ports: [{ name: 'http', port: 1 }] }],
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: 'front',
      namespace: 'shop',
      annotations: { 'weir-lb.dev/groups': 'a', 'kubernetes.io/ingress.class': 'weir' },
    },
    spec: {
      ingressClassName: 'weir',
      defaultBackend: { service: { name: 'web', port: { name: 'http' } } },
      tls: [{ hosts: ['a.test'], secretName: 'cert' }],
      rules: [
        {
          host: 'a.test',
          http: {
            paths: [{ path: '/a', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
  {
    apiVersion: 'extensions/v1beta1',
    kind: 'Ingress',
    metadata: { name: 'old', namespace: 'shop' },
    spec: {
      ingressClassName: 'weir',
      rules: [
        { host: 'b.test', http: { paths: [{ path: '/b', backend: { serviceName: 'web', servicePort: 'http' } }] } },
      ],
    },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'weir' },
    spec: { controller: 'weir-lb.dev/ingress' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name: 'cert', namespace: 'shop' },
    stringData: { 'tls.crt': cert.certPem, 'tls.key': cert.keyPem },
  },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } },
    spec: { providerID: 'aws:///z/i-1' },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.9' }] },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b' } },
];

/** Another tenant, whose services must stay as they are whatever happens above. */
const calm: readonly unknown[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'calm' },
    spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80 }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'calm', labels },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [{ addresses: ['10.1.0.1'] }],
  },
];

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, item]) =>
      pathsOf(item, [...path, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

/** A copy with the value at a path replaced, or with the key itself renamed. */
function mutate(value: unknown, path: Path, change: (old: unknown) => unknown, rename?: string): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return change(value);
  if (Array.isArray(value))
    return value.map((item: unknown, i) => (i === head ? mutate(item, rest, change, rename) : item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      key === head ? [rest.length === 0 ? (rename ?? key) : key, mutate(item, rest, change, rename)] : [key, item],
    ),
  );
}

/** Written anew here, so that the check does not lean on what it checks. */
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200b\ufeff]/;

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsOf(item)]);
}

function read(objects: readonly unknown[]): ReturnType<typeof readObjects> {
  const located = objects.map((object, i): LocatedObject => ({ object, file: 'a.yaml', document: i + 1, line: 1 }));
  return readObjects(located, options);
}

const calmBefore = read(calm).services.map(({ origin, ...service }) => ({ ...service, namespace: origin.namespace }));

function check(objects: readonly unknown[]): void {
  const result = read([...objects, ...calm]);
  for (const text of textsOf([result.services, result.nodes, result.problems])) assert.doesNotMatch(text, control);
  const calmNow = result.services
    .filter(({ origin }) => origin.namespace === 'calm')
    .map(({ origin, ...service }) => ({ ...service, namespace: origin.namespace }));
  assert.deepEqual(calmNow, calmBefore);
  assert.ok(!JSON.stringify([result.services, result.problems]).includes(keyLine));
}

const leaves = attacked.flatMap((object, i) => pathsOf(object).map((path) => ({ i, path })));
const hostile = fc.oneof(
  fc.constantFrom(
    '\n',
    '\r',
    '\u0000',
    '\u0085',
    '\u2028',
    '\u202e',
    '\u200b',
    '\ufeff',
    "'",
    '"',
    '\\',
    ' ',
    '#',
    ';',
    '{',
    '}',
    '%[env(X)]',
    '$(x)',
    '..',
    '../../etc',
    '/*',
    '*',
    '',
    '\ud800',
    'x'.repeat(5000),
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const leaf = fc.constantFrom(...leaves);

describe('hostile objects', () => {
  test('the base is read without a problem but for a pool that nobody has, and uses every kind', () => {
    const { services, nodes, problems, secrets } = read(attacked);
    assert.deepEqual(
      services.map(({ id }) => id),
      ['shop/web', 'ingress/shop/front', 'ingress/shop/old'],
    );
    const told = problems.map(({ code, field }) => `${code} ${field}`);
    assert.deepEqual([nodes.length, told, secrets.size], [1, ['W_ANNOTATION_IGNORED weir-lb.dev/pool'], 1]);
  });

  test('text of every field, whole or inside: nothing throws, no control character passes, other tenants stay', () => {
    fc.assert(
      fc.property(leaf, hostile, fc.constantFrom('whole', 'before', 'inside', 'after'), ({ i, path }, text, where) => {
        const change = (old: unknown): unknown => {
          if (typeof old !== 'string' || where === 'whole') return text;
          const at = where === 'before' ? 0 : where === 'after' ? old.length : old.length >> 1;
          return old.slice(0, at) + text + old.slice(at);
        };
        check(attacked.map((object, k) => (k === i ? mutate(object, path, change) : object)));
      }),
      { numRuns: 2000 },
    );
  });

  test('hostile keys', () => {
    fc.assert(
      fc.property(leaf, hostile, ({ i, path }, text) => {
        check(
          attacked.map((object, k) =>
            k === i ? mutate(object, path, (old) => old, `${path.at(-1) ?? ''}${text}`) : object,
          ),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('values of any type', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(undefined, Number.NaN, Number.POSITIVE_INFINITY, -0, 2 ** 53, new Date(0)),
      fc.constant(Object.create(null)),
    );
    fc.assert(
      fc.property(leaf, anything, ({ i, path }, value) => {
        check(attacked.map((object, k) => (k === i ? mutate(object, path, () => value) : object)));
      }),
      { numRuns: 1000 },
    );
  });
});
