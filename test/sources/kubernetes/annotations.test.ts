import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { annotationTable, renderAnnotations, sha256 } from '../../../src/sources/kubernetes/index.ts';
import { good, hostile, secrets, usersText } from './annotation-values.ts';
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

const all = (kind: 'Service' | 'Ingress'): string =>
  Object.entries(annotationTable)
    .filter(([, { on }]) => on.includes(kind))
    .map(([key]) => `    weir-lb.dev/${key}: "${good[key]}"`)
    .join('\n');

describe('our annotations', () => {
  test('every key of the table has a good value here', () => {
    assert.deepEqual(Object.keys(good).sort(), Object.keys(annotationTable).sort());
  });

  test('the reference has every key', () => {
    const text = renderAnnotations();
    for (const key of Object.keys(annotationTable)) assert.ok(text.includes(`| \`weir-lb.dev/${key}\` |`), key);
    assert.equal(text.trim().split('\n').length, Object.keys(annotationTable).length + 3);
  });

  test('all of them on a Service', () => {
    const { services, problems, secrets: kept } = readYaml(secrets + service(all('Service')));
    const secretsOf = (sha256 = ''): string => kept.get(sha256) ?? '';
    const expectedFilters = [
      { type: 'rateLimit', requestsPerSecond: 0.5, burst: 5 },
      { type: 'bodyLimit', bytes: 10_485_760 },
      { type: 'basicAuth', realm: 'Shop (staff)', users: { sha256: sha256(usersText), origin: 'Secret shop/users' } },
      {
        type: 'cors',
        origins: ['https://shop.test', 'https://*.shop.test:8443'],
        methods: ['GET', 'PUT'],
        headers: ['X-A', 'X-B'],
        exposeHeaders: ['X-Total'],
        credentials: true,
        maxAgeMs: 600_000,
      },
      { type: 'requestHeader', op: 'set', name: 'X-A', value: 'a: b' },
      { type: 'requestHeader', op: 'set', name: 'X-C', value: '' },
      { type: 'requestHeader', op: 'add', name: 'X-D', value: 'd' },
      { type: 'requestHeader', op: 'remove', name: 'Cookie' },
      { type: 'requestHeader', op: 'remove', name: 'X-E' },
      { type: 'responseHeader', op: 'set', name: 'X-Frame-Options', value: 'DENY' },
      { type: 'responseHeader', op: 'add', name: 'X-F', value: 'f' },
      { type: 'responseHeader', op: 'remove', name: 'Server' },
      { type: 'rewritePrefix', from: '/api', to: '/' },
      { type: 'rewriteRegex', pattern: '^/a b/(.*)', to: '/$1' },
      { type: 'host', value: 'in.test' },
    ];
    assert.equal(kept.get(sha256(usersText)), usersText);
    // Nobody gives addresses out of pools here.
    assert.deepEqual(brief(problems), ['W_ANNOTATION_IGNORED weir-lb.dev/pool']);
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
      backendKey: 'team-a',
      held: [],
    });
    assert.deepEqual(found?.fronts, [
      {
        key: 'http',
        port: 80,
        protocol: 'http',
        sourceRanges: ['10.0.0.0/8'],
        deniedRanges: ['192.0.2.0/24', '2001:db8::/32'],
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
        filters: expectedFilters,
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
      tls: {
        verify: true,
        ca: { sha256: found?.backends.http?.tls?.ca?.sha256, origin: 'Secret shop/authority', names: [] },
        serverName: 'in.test',
      },
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
      sendProxy: 'v2',
      retries: 5,
      reuse: 'never',
    });
    assert.match(secretsOf(found?.backends.http?.tls?.ca?.sha256), /BEGIN CERTIFICATE/);
  });

  test('all of them on an Ingress; the Service says more about its backend', () => {
    const own = backing('web').replace(
      'name: web, namespace: shop }',
      'name: web, namespace: shop, annotations: { weir-lb.dev/balance: random } }',
    );
    const { service: find, problems } = readYaml(
      secrets +
        own +
        ingress(
          '  defaultBackend: { service: { name: web, port: { number: 80 } } }',
          `  annotations:\n${all('Ingress')}`,
        ),
    );
    assert.deepEqual(brief(problems), ['W_ANNOTATION_IGNORED weir-lb.dev/pool']);
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

  for (const [key, entry] of Object.entries(annotationTable)) {
    test(`hostile texts in ${key}: refused, or as harmless in the model as they were written`, () => {
      const [kind] = entry.on;
      for (const text of hostile) {
        const bad = `weir-lb.dev/${key}: ${JSON.stringify(text)}`;
        const { services } = readYaml(
          kind === 'Service'
            ? service(`    ${bad}`)
            : backing('web') +
                ingress(
                  '  defaultBackend: { service: { name: web, port: { number: 80 } } }',
                  `  annotations: { ${bad} }`,
                ),
        );
        for (const { fronts, backends, groups, address } of services)
          assert.doesNotMatch(JSON.stringify([fronts, backends, groups, address]), /\\[nrt]|\\u00|\u202e|evil|passwd/);
      }
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
    assert.match(problems[0]?.message ?? '', /did you mean "weir-lb.dev\/balance"\?/);
  });

  for (const key of ['auth-secrt', 'denied-range', 'source-rnages', 'client-ca-secrets', 'rate-limits']) {
    test(`a misspelt key that says who gets in takes the object out of service: ${key}`, () => {
      const { services, problems } = readYaml(service(`    weir-lb.dev/${key}: "1"`));
      assert.deepEqual(services, []);
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['E_ANNOTATION_VALUE'],
      );
      assert.match(
        problems[0]?.message ?? '',
        /^Service shop\/web: .* is not known; "weir-lb\.dev\/[a-z-]+" is, and may be meant; the object is not served/,
      );
    });
  }

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
