import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { annotationTable } from '../../../src/sources/kubernetes/index.ts';
import { backing, brief, ingress, readYaml } from './read-yaml.ts';

function service(annotations: string, ports = '[{ name: http, port: 80 }]', more = ''): string {
  return `
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  annotations:
${annotations}
spec: { type: LoadBalancer, ports: ${ports}${more} }
---
apiVersion: v1
kind: Endpoints
metadata: { name: web, namespace: shop }
subsets: [{ addresses: [{ ip: 10.0.0.1 }], ports: [{ name: http, port: 8080 }] }]
---`;
}

/** A good value of every key. */
const good: Readonly<Record<string, string>> = {
  export: 'true',
  class: 'internal',
  groups: 'external, internal',
  balancers: 'edge',
  bundle: 'shared',
  'bundle-order': '-5',
  pool: 'public',
  addresses: '192.0.2.1,2001:db8::1',
  'share-key': 'k',
  'source-ranges': '10.0.0.1/8',
  protocol: 'http',
  hosts: 'a.test',
  'tls-secret': 'cert',
  'proxy-protocol': 'true',
  'http-port': '8080',
  'https-port': '8443',
  'ssl-redirect': 'false',
  'max-connections': '100',
  'timeout-connect': '1s',
  'timeout-client': '2s',
  'timeout-server': '3s',
  'timeout-queue': '4s',
  'timeout-request': '5s',
  'timeout-keep-alive': '6s',
  'timeout-tunnel': '1h',
  balance: 'leastconn',
  affinity: 'cookie',
  'affinity-cookie': 'SRV',
  'affinity-timeout': '10m',
  drain: '30s',
  'backend-protocol': 'https',
  'backend-tls-verify': 'true',
  'backend-tls-server-name': 'in.test',
  'backend-max-connections': '50',
  'health-check': 'http',
  'health-check-path': '/healthz',
  'health-check-host': 'in.test',
  'health-check-method': 'head',
  'health-check-expect': '200-299, 404',
  'health-check-port': '9000',
  'health-check-interval': '2s',
  'health-check-timeout': '500ms',
  'health-check-rise': '2',
  'health-check-fall': '3',
};

const all = (kind: 'Service' | 'Ingress'): string =>
  Object.entries(annotationTable)
    .filter(([, { on }]) => on.includes(kind))
    .map(([key]) => `    weir-lb.dev/${key}: "${good[key]}"`)
    .join('\n');

describe('our annotations', () => {
  test('every key of the table has a good value here', () => {
    assert.deepEqual(Object.keys(good).sort(), Object.keys(annotationTable).sort());
  });

  test('all of them on a Service', () => {
    const { services, problems } = readYaml(service(all('Service')));
    assert.deepEqual(problems, []);
    const [found] = services;
    assert.deepEqual(
      [found?.class, found?.groups, found?.balancers, found?.bundle],
      ['internal', ['external', 'internal'], ['edge'], { key: 'shared', order: -5 }],
    );
    assert.deepEqual(found?.address, {
      pool: 'public',
      list: ['192.0.2.1', '2001:db8::1'],
      families: ['ipv4', 'ipv6'],
      shareKey: 'k',
      held: [],
    });
    assert.deepEqual(found?.fronts, [
      {
        key: 'http',
        port: 80,
        protocol: 'http',
        sourceRanges: ['10.0.0.0/8'],
        proxyProtocol: true,
        timeouts: {
          connectMs: 1000,
          clientMs: 2000,
          serverMs: 3000,
          queueMs: 4000,
          requestMs: 5000,
          keepAliveMs: 6000,
          tunnelMs: 3_600_000,
        },
        maxConnections: 100,
        routes: [
          {
            hosts: ['a.test'],
            filters: [],
            action: { type: 'forward', to: [{ backend: 'http', weight: 1 }] },
            order: 0,
          },
        ],
      },
    ]);
    assert.deepEqual(found?.backends.http, {
      targets: [{ address: '10.0.0.1', port: 8080, weight: 1, state: 'ready' }],
      targetKind: 'ip',
      protocol: 'https',
      tls: { verify: true, serverName: 'in.test' },
      balance: 'leastconn',
      affinity: { type: 'cookie', cookie: 'SRV', timeoutMs: 600_000 },
      health: {
        type: 'http',
        port: 9000,
        path: '/healthz',
        host: 'in.test',
        method: 'HEAD',
        expect: [
          { from: 200, to: 299 },
          { from: 404, to: 404 },
        ],
        intervalMs: 2000,
        timeoutMs: 500,
        rise: 2,
        fall: 3,
      },
      drainMs: 30_000,
      maxConnections: 50,
    });
  });

  test('all of them on an Ingress; the Service says more about its backend', () => {
    const own = backing('web').replace(
      'name: web, namespace: shop }',
      'name: web, namespace: shop, annotations: { weir-lb.dev/balance: random } }',
    );
    const { service: find, problems } = readYaml(
      own +
        ingress(
          '  defaultBackend: { service: { name: web, port: { number: 80 } } }',
          `  annotations:\n${all('Ingress')}`,
        ),
    );
    assert.deepEqual(problems, []);
    const found = find('ingress/shop/front');
    assert.equal(found.fronts[0]?.port, 8080);
    assert.deepEqual(
      [found.backends['web:80']?.balance, found.backends['web:80']?.protocol, found.backends['web:80']?.drainMs],
      ['random', 'https', 30_000],
    );
  });

  for (const [key, entry] of Object.entries(annotationTable)) {
    test(`a bad ${key} ${'strict' in entry ? 'takes the object out of service' : 'falls back to the default'}`, () => {
      const [kind] = entry.on;
      const bad = `weir-lb.dev/${key}: "?, *"`;
      const text =
        kind === 'Service'
          ? service(`    ${bad}`)
          : backing('web') +
            ingress('  defaultBackend: { service: { name: web, port: { number: 80 } } }', `  annotations: { ${bad} }`);
      const { services, problems } = readYaml(text);
      assert.deepEqual(brief(problems), [`E_ANNOTATION_VALUE weir-lb.dev/${key}`]);
      assert.equal(services.length, 'strict' in entry ? 0 : 1);
    });
  }

  test('a value that is no text', () => {
    const { services, problems } = readYaml(
      service('    weir-lb.dev/ssl-redirect: true\n    weir-lb.dev/proxy-protocol: true'),
    );
    assert.deepEqual(services, []);
    assert.match(problems.map(({ message }) => message).join('\n'), /proxy-protocol must be a text; put it in quotes/);
  });

  test('unknown keys and keys of another kind warn', () => {
    const { services, problems } = readYaml(
      service('    weir-lb.dev/balanc: random\n    weir-lb.dev/http-port: "81"\n    example.com/other: x'),
    );
    assert.equal(services.length, 1);
    assert.deepEqual(
      problems.map(({ code, severity, field }) => `${code} ${severity} ${field}`),
      ['W_ANNOTATION_IGNORED warning weir-lb.dev/balanc', 'W_ANNOTATION_IGNORED warning weir-lb.dev/http-port'],
    );
    assert.match(problems[0]?.message ?? '', /did you mean "balance"\?/);
  });

  test('settings of a provider, with their origin', () => {
    const { services } = readYaml(service(`    weir-lb.dev/settings.haproxy: '{"a": {"b": [1, "x"]}}'`));
    assert.deepEqual(services[0]?.settings, { haproxy: { a: { b: [1, 'x'] } } });
    assert.deepEqual(services[0]?.settingsOrigin, { haproxy: 'weir-lb.dev/settings.haproxy' });
  });

  for (const bad of [
    '{',
    '[]',
    '"x"',
    '{"a": "\\\\n"}',
    '{"__proto__": {}}',
    `${'{"a":'.repeat(20)}1${'}'.repeat(20)}`,
  ]) {
    test(`settings refused: ${bad.slice(0, 20)}`, () => {
      const { services, codes } = readYaml(
        service(`    weir-lb.dev/settings.haproxy: ${JSON.stringify(bad.replaceAll('\\\\', '\\'))}`),
      );
      assert.deepEqual([services, codes], [[], ['E_ANNOTATION_VALUE']]);
    });
  }

  test('source ranges in field and annotation: neither is guessed', () => {
    const { services, codes } = readYaml(
      service('    weir-lb.dev/source-ranges: 10.0.0.0/8', undefined, ', loadBalancerSourceRanges: [10.1.0.0/16]'),
    );
    assert.deepEqual([services, codes], [[], ['E_FIELD_VALUE']]);
  });
});
