import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Route } from '../../../src/model/index.ts';
import { backing, brief, ingress, readYaml, targetsOf } from './read-yaml.ts';

const web = '{ service: { name: web, port: { number: 80 } } }';

function line({ hosts, path, action }: Route): string {
  const to = action.type === 'forward' ? action.to.map(({ backend }) => backend).join() : action.type;
  return `${hosts.join() || '*'} ${path === undefined ? 'all' : `${path.type} ${path.value}`} -> ${to}`;
}

function routes(rules: string): { routes: string[]; problems: string[] } {
  const { service, problems } = readYaml(backing('web') + ingress(rules));
  return { routes: service('ingress/shop/front').fronts[0]?.routes.map(line) ?? [], problems: brief(problems) };
}

function onePath(path: string): ReturnType<typeof routes> {
  const good = `{ path: /keep, pathType: Exact, backend: ${web} }`;
  return routes(`  rules: [{ host: a.test, http: { paths: [${path}, ${good}] } }]`);
}

describe('path types', () => {
  const table: [string, string][] = [
    ['path: /a, pathType: Exact', 'a.test exact /a'],
    ['path: /a/, pathType: Exact', 'a.test exact /a/'],
    ['path: /a, pathType: Prefix', 'a.test prefix /a'],
    ['path: /a/b/, pathType: Prefix', 'a.test prefix /a/b'],
    ['path: /, pathType: Prefix', 'a.test prefix /'],
    ['path: /Case, pathType: Prefix', 'a.test prefix /Case'],
    ['path: /a/, pathType: ImplementationSpecific', 'a.test stringPrefix /a/'],
    ['pathType: ImplementationSpecific', 'a.test stringPrefix /'],
    ['path: "", pathType: ImplementationSpecific', 'a.test stringPrefix /'],
    ['path: /a%20b, pathType: Exact', 'a.test exact /a%20b'],
  ];
  for (const [path, expected] of table) {
    test(path, () => {
      const result = onePath(`{ ${path}, backend: ${web} }`);
      assert.deepEqual(result, { routes: [`${expected} -> web:80`, 'a.test exact /keep -> web:80'], problems: [] });
    });
  }

  const refused: [string, string][] = [
    ['pathType: Exact, path: a', 'E_PATH spec.rules[0].http.paths[0].path'],
    ['pathType: Prefix, path: /a//b', 'E_PATH spec.rules[0].http.paths[0].path'],
    ['pathType: Prefix, path: /a/../b', 'E_PATH spec.rules[0].http.paths[0].path'],
    ['pathType: Exact, path: /a%2fb', 'E_PATH spec.rules[0].http.paths[0].path'],
    ['pathType: Exact, path: "/a b"', 'E_PATH spec.rules[0].http.paths[0].path'],
    [`pathType: Exact, path: '/a"b'`, 'E_PATH spec.rules[0].http.paths[0].path'],
    ['pathType: Exact, path: "/a\\nb"', 'E_TEXT_UNSAFE spec.rules[0].http.paths[0].path'],
    ['pathType: Exact, path: 7', 'E_FIELD_TYPE spec.rules[0].http.paths[0].path'],
    ['pathType: Exact', 'E_FIELD_MISSING spec.rules[0].http.paths[0].path'],
    ['path: /a', 'E_FIELD_MISSING spec.rules[0].http.paths[0].pathType'],
    ['path: /a, pathType: prefix', 'E_FIELD_VALUE spec.rules[0].http.paths[0].pathType'],
  ];
  for (const [path, problem] of refused) {
    test(`left out: ${path}`, () => {
      const result = onePath(`{ ${path}, backend: ${web} }`);
      assert.deepEqual(result, { routes: ['a.test exact /keep -> web:80'], problems: [problem] });
    });
  }

  test('a repeated host and path: the first counts, a Prefix with a trailing slash is the same', () => {
    const result = onePath(
      `{ path: /x, pathType: Prefix, backend: ${web} }, { path: /x/, pathType: Prefix, backend: ${web} }`,
    );
    assert.deepEqual(result.routes, ['a.test prefix /x -> web:80', 'a.test exact /keep -> web:80']);
    assert.deepEqual(result.problems, ['E_ROUTE_CONFLICT spec.rules[0].http.paths[1].path']);
  });
});

describe('hosts', () => {
  const rule = (host: string): string =>
    `{ host: ${host}, http: { paths: [{ path: /, pathType: Prefix, backend: ${web} }] } }`;
  const table: [string, string][] = [
    ['Shop.TEST', 'shop.test'],
    ['"*.shop.test"', '*.shop.test'],
    ['""', '*'],
  ];
  for (const [host, expected] of table) {
    test(host, () =>
      assert.deepEqual(routes(`  rules: [${rule(host)}]`), {
        routes: [`${expected} prefix / -> web:80`],
        problems: [],
      }),
    );
  }
  for (const host of [
    '10.0.0.1',
    '"*"',
    '"a.*.test"',
    '"*.*.test"',
    'a..test',
    'a.test:80',
    'a.test.',
    '"a.test\\u2028"',
    '5',
    '"ä.test"',
  ]) {
    test(`left out: ${host}`, () => {
      const result = routes(`  rules: [${rule(host)}, ${rule('b.test')}]`);
      assert.deepEqual(result.routes, ['b.test prefix / -> web:80']);
      assert.match(result.problems.join(), /^E_(HOST|TEXT_UNSAFE|FIELD_TYPE) spec\.rules\[0\]\.host$/);
    });
  }
});

describe('default backend', () => {
  test('without rules it takes everything', () => {
    const { service, problems } = readYaml(backing('web') + ingress(`  defaultBackend: ${web}`));
    const [front] = service('ingress/shop/front').fronts;
    assert.deepEqual(front?.routes, []);
    assert.deepEqual(front?.default, { type: 'forward', to: [{ backend: 'web:80', weight: 1 }] });
    assert.deepEqual(problems, []);
  });

  test('with rules it takes the rest, and the hosts of rules without paths', () => {
    const { service } = readYaml(backing('web') + ingress(`  defaultBackend: ${web}\n  rules: [{ host: a.test }]`));
    const [front] = service('ingress/shop/front').fronts;
    assert.deepEqual(front?.routes.map(line), ['a.test all -> web:80']);
    assert.equal(front?.default?.type, 'forward');
  });

  test('neither rules nor default backend: refused and told', () => {
    const { services, problems } = readYaml(ingress('  tls: []'));
    assert.deepEqual(services, []);
    assert.deepEqual(brief(problems), ['E_FIELD_MISSING spec.rules']);
  });
});

describe('backends', () => {
  test('port name and number mean the Service port, never the target port', () => {
    const crossed = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { ports: [{ name: admin, port: 8080, targetPort: 80 }, { name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: admin, port: 80 }, { name: http, port: 8080 }]
endpoints: [{ addresses: [10.0.0.1] }]
---`;
    const path = (name: string, port: string): string =>
      `{ path: /${name}, pathType: Exact, backend: { service: { name: web, port: ${port} } } }`;
    const paths = [path('a', '{ number: 80 }'), path('b', '{ name: http }'), path('c', '{ number: 8080 }')];
    const service = readYaml(crossed + ingress(`  rules: [{ http: { paths: [${paths}] } }]`)).service(
      'ingress/shop/front',
    );
    assert.deepEqual(service.fronts[0]?.routes.map(line), [
      '* exact /a -> web:80',
      '* exact /b -> web:80',
      '* exact /c -> web:8080',
    ]);
    assert.deepEqual(targetsOf(service, 'web:80'), ['10.0.0.1:8080 ready']);
    assert.deepEqual(targetsOf(service, 'web:8080'), ['10.0.0.1:80 ready']);
  });

  const missing: [string, RegExp][] = [
    [
      '{ service: { name: wob, port: { number: 80 } } }',
      /names Service shop\/wob, which does not exist; its paths answer 503/,
    ],
    ['{ service: { name: web, port: { number: 81 } } }', /does not have; it has 80 \(http\)/],
    ['{ service: { name: web, port: { name: httpp } } }', /does not have; it has 80 \(http\)/],
  ];
  for (const [backend, message] of missing) {
    test(`answers 503: ${backend}`, () => {
      const { service, problems } = readYaml(
        backing('web') +
          ingress(`  rules: [{ http: { paths: [{ path: /, pathType: Prefix, backend: ${backend} }] } }]`),
      );
      const [name] = Object.keys(service('ingress/shop/front').backends);
      assert.deepEqual(targetsOf(service('ingress/shop/front'), name ?? ''), []);
      assert.deepEqual(brief(problems), ['E_BACKEND_MISSING spec.rules[0].http.paths[0].backend']);
      assert.match(problems[0]?.message ?? '', message);
    });
  }

  const refused: [string, string][] = [
    [
      '{ resource: { apiGroup: k8s.example.com, kind: Bucket, name: icons } }',
      'E_FEATURE spec.rules[0].http.paths[0].backend.resource',
    ],
    [
      '{ service: { name: web, port: { name: http, number: 80 } } }',
      'E_FIELD_VALUE spec.rules[0].http.paths[0].backend.service.port',
    ],
    ['{ service: { name: web } }', 'E_FIELD_MISSING spec.rules[0].http.paths[0].backend.service.port'],
    ['{ service: { name: web, port: {} } }', 'E_FIELD_MISSING spec.rules[0].http.paths[0].backend.service.port'],
    [
      '{ service: { name: web, port: { number: 70000 } } }',
      'E_PORT spec.rules[0].http.paths[0].backend.service.port.number',
    ],
    ['{ service: { name: ../web, port: { number: 80 } } }', 'E_NAME spec.rules[0].http.paths[0].backend.service.name'],
    ['{ serviceName: web, servicePort: 80 }', 'E_FIELD_UNKNOWN spec.rules[0].http.paths[0].backend.serviceName'],
    ['{}', 'E_FIELD_MISSING spec.rules[0].http.paths[0].backend.service'],
  ];
  for (const [backend, problem] of refused) {
    test(`left out: ${backend}`, () => {
      const result = onePath(`{ path: /a, pathType: Exact, backend: ${backend} }`);
      assert.deepEqual(result, { routes: ['a.test exact /keep -> web:80'], problems: [problem] });
    });
  }

  test('a Service of type ExternalName is refused as a backend', () => {
    const external =
      'apiVersion: v1\nkind: Service\nmetadata: { name: out, namespace: shop }\nspec: { type: ExternalName, externalName: localhost }\n---';
    const backend = '{ service: { name: out, port: { number: 80 } } }';
    const { service, problems } = readYaml(external + ingress(`  defaultBackend: ${backend}`));
    assert.deepEqual(targetsOf(service('ingress/shop/front'), 'out:80'), []);
    assert.match(problems[0]?.message ?? '', /ExternalName, which is refused/);
  });

  test('sessionAffinity of a Service is about its own address, not about Ingresses', () => {
    const sticky = backing('web').replace('spec: {', 'spec: { sessionAffinity: ClientIP,');
    const found = readYaml(sticky + ingress(`  defaultBackend: ${web}`)).service('ingress/shop/front');
    assert.equal(found.backends['web:80']?.affinity, undefined);
  });

  test('a Service of another namespace is out of reach', () => {
    const elsewhere = backing('web').replaceAll('namespace: shop', 'namespace: other');
    assert.deepEqual(readYaml(elsewhere + ingress(`  defaultBackend: ${web}`)).codes, ['E_BACKEND_MISSING']);
  });
});

describe('v1beta1', () => {
  for (const apiVersion of ['networking.k8s.io/v1beta1', 'extensions/v1beta1']) {
    test(`${apiVersion}: serviceName, servicePort as number, name or digits, pathType optional`, () => {
      const path = (name: string, port: string): string =>
        `{ path: /${name}, backend: { serviceName: web, servicePort: ${port} } }`;
      const spec = `  backend: { serviceName: web, servicePort: http }\n  rules: [{ host: a.test, http: { paths: [${[path('a', '80'), path('b', 'http'), path('c', '"80"')]}] } }]`;
      const { service, problems } = readYaml(backing('web') + ingress(spec, '', apiVersion));
      const [front] = service('ingress/shop/front').fronts;
      assert.deepEqual(front?.routes.map(line), [
        'a.test stringPrefix /a -> web:80',
        'a.test stringPrefix /b -> web:80',
        'a.test stringPrefix /c -> web:80',
      ]);
      assert.equal(front?.default?.type, 'forward');
      assert.deepEqual(problems, []);
    });
  }

  test('fields of the other version are told with the right spelling', () => {
    const { problems } = readYaml(
      backing('web') + ingress(`  backend: { service: { name: web, port: { number: 80 } } }`, '', 'extensions/v1beta1'),
    );
    assert.match(problems[0]?.message ?? '', /here write serviceName and servicePort/);
    const { problems: others } = readYaml(backing('web') + ingress(`  backend: { serviceName: web, servicePort: 80 }`));
    assert.match(others[0]?.message ?? '', /in networking\.k8s\.io\/v1 it is defaultBackend/);
  });
});
