import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Front } from '../../../src/model/index.ts';
import { sha256 } from '../../../src/sources/kubernetes/index.ts';
import { backing, brief, ingress, nowMs, readYaml } from './read-yaml.ts';
import { certificateFor, tlsSecret } from './tls-secret.ts';

const cert = certificateFor(['a.test', '*.w.test']);
const secret = tlsSecret('cert', cert.certPem, cert.keyPem);
const web = '{ service: { name: web, port: { number: 80 } } }';
const rule = (host: string, path = '/'): string =>
  `{ host: "${host}", http: { paths: [{ path: ${path}, pathType: Prefix, backend: ${web} }] } }`;
const redirecting = '  annotations: { weir-lb.dev/ssl-redirect: "true" }';

function lines(front: Front | undefined): string[] {
  return (
    front?.routes.map(({ hosts, path, action }) => `${hosts.join() || '*'} ${path?.value ?? 'all'} ${action.type}`) ??
    []
  );
}

function fronts(
  spec: string,
  metadata = '',
  secrets = secret,
): { http: string[]; https: string[] | undefined; problems: string[]; https_: Front | undefined } {
  const { service, problems } = readYaml(secrets + backing('web') + ingress(spec, metadata));
  const [http, https] = service('ingress/shop/front').fronts;
  return {
    http: lines(http),
    https: https === undefined ? undefined : lines(https),
    problems: brief(problems),
    https_: https,
  };
}

describe('which hosts are served with TLS', () => {
  const table: [string, string, string[]][] = [
    [
      'hosts named',
      `  tls: [{ hosts: [a.test], secretName: cert }]\n  rules: [${rule('a.test')}, ${rule('b.test')}]`,
      ['a.test / forward'],
    ],
    [
      'no hosts: those of all rules',
      `  tls: [{ secretName: cert }]\n  rules: [${rule('a.test')}, ${rule('x.w.test')}]`,
      ['a.test / forward', 'x.w.test / forward'],
    ],
    ['no hosts and a rule for every host', `  tls: [{ secretName: cert }]\n  rules: [${rule('')}]`, ['* / forward']],
    [
      'a wildcard names a host of one label',
      `  tls: [{ hosts: ["*.w.test"], secretName: cert }]\n  rules: [${rule('x.w.test')}, ${rule('y.x.w.test')}]`,
      ['x.w.test / forward'],
    ],
    [
      'a rule for every host is narrowed to the hosts named',
      `  tls: [{ hosts: [a.test], secretName: cert }]\n  rules: [${rule('')}]`,
      ['a.test / forward'],
    ],
    [
      'but not to a host that has its own rule',
      `  tls: [{ hosts: [a.test], secretName: cert }]\n  rules: [${rule('')}, ${rule('a.test', '/own')}]`,
      ['a.test /own forward'],
    ],
    [
      'a wildcard rule is narrowed too',
      `  tls: [{ hosts: [x.w.test], secretName: cert }]\n  rules: [${rule('*.w.test')}]`,
      ['x.w.test / forward'],
    ],
  ];
  for (const [name, spec, https] of table) {
    test(name, () => {
      const result = fronts(spec);
      assert.deepEqual(result.https, https);
      assert.equal(result.http.length, spec.match(/path:/g)?.length);
    });
  }

  test('the reference names content, names and hosts; the key travels apart', () => {
    const { service, secrets } = readYaml(
      secret + backing('web') + ingress(`  tls: [{ hosts: [a.test], secretName: cert }]\n  rules: [${rule('a.test')}]`),
    );
    const [, https] = service('ingress/shop/front').fronts;
    const bundle = cert.certPem + cert.keyPem;
    assert.deepEqual(https, {
      key: 'https',
      port: 443,
      protocol: 'https',
      tls: {
        mode: 'terminate',
        certs: [
          {
            sha256: sha256(bundle),
            origin: 'Secret shop/cert',
            names: ['a.test', '*.w.test'],
            hosts: ['a.test'],
            notAfterMs: nowMs + 86_400_000,
          },
        ],
      },
      routes: [
        {
          hosts: ['a.test'],
          path: { type: 'prefix', value: '/' },
          filters: [],
          action: { type: 'forward', to: [{ backend: 'web:80', weight: 1 }] },
          order: 0,
        },
      ],
    });
    assert.deepEqual([...secrets], [[sha256(bundle), bundle]]);
  });
});

describe('certificates that cannot be used: http goes on, the other hosts too', () => {
  const other = certificateFor(['b.test']);
  const old = certificateFor(['b.test'], { notAfterMs: nowMs - 1000 });
  const spec = `  tls: [{ hosts: [a.test], secretName: cert }, { hosts: [b.test], secretName: bad }]\n  rules: [${rule('a.test')}, ${rule('b.test')}]`;
  const table: [string, string, string, RegExp][] = [
    ['missing', '', 'E_CERT_MISSING', /Secret shop\/bad, which does not exist.*b\.test is not served with TLS/],
    [
      'of another type',
      tlsSecret('bad', other.certPem, other.keyPem, 'kubernetes.io/dockerconfigjson'),
      'E_CERT_MISSING',
      /not of a type/,
    ],
    ['expired', tlsSecret('bad', old.certPem, old.keyPem), 'E_CERT_EXPIRED', /expired on 2026-05-31/],
    [
      'key of another certificate',
      tlsSecret('bad', other.certPem, cert.keyPem),
      'E_CERT_INVALID',
      /key that does not belong/,
    ],
    ['no PEM', tlsSecret('bad', 'hello', other.keyPem), 'E_CERT_INVALID', /no certificate/],
    ['key missing', tlsSecret('bad', other.certPem, other.certPem), 'E_CERT_INVALID', /no key/],
    ['cut off', tlsSecret('bad', other.certPem.slice(0, 200), other.keyPem), 'E_CERT_INVALID', /cut off/],
    [
      'no DER',
      tlsSecret('bad', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', other.keyPem),
      'E_CERT_INVALID',
      /certificate 1 cannot be decoded/,
    ],
    ['no base64', tlsSecret('bad', 'x', 'y').replace(/tls\.crt: "[^"]*"/, 'tls.crt: "*"'), 'E_CERT_INVALID', /base64/],
  ];
  for (const [name, bad, code, message] of table) {
    test(name, () => {
      const result = readYaml(secret + bad + backing('web') + ingress(spec));
      const [http, https] = result.service('ingress/shop/front').fronts;
      assert.deepEqual(lines(http), ['a.test / forward', 'b.test / forward']);
      assert.deepEqual(lines(https), ['a.test / forward']);
      assert.deepEqual(brief(result.problems), [`${code} spec.tls[1].secretName`]);
      assert.match(result.problems[0]?.message ?? '', message);
      assert.equal(result.secrets.size, 1);
      const keyLine = other.keyPem.split('\n')[1] ?? '?';
      assert.ok(
        !JSON.stringify([result.problems, result.services]).includes(keyLine),
        'key material in a problem or service',
      );
    });
  }

  test('an expired certificate in service stays, and is told', () => {
    const text = tlsSecret('bad', old.certPem, old.keyPem) + secret + backing('web') + ingress(spec);
    const result = readYaml(text, { inService: () => true });
    assert.deepEqual(lines(result.service('ingress/shop/front').fronts[1]), ['a.test / forward', 'b.test / forward']);
    assert.deepEqual(result.codes, ['E_CERT_EXPIRED']);
  });

  test('no usable certificate at all: no https front', () => {
    const { service } = readYaml(
      backing('web') + ingress(`  tls: [{ hosts: [a.test], secretName: gone }]\n  rules: [${rule('a.test')}]`),
    );
    assert.deepEqual(
      service('ingress/shop/front').fronts.map(({ key }) => key),
      ['http'],
    );
  });

  test('a certificate without the host is served and told', () => {
    const result = fronts(`  tls: [{ hosts: [c.test], secretName: cert }]\n  rules: [${rule('c.test')}]`);
    assert.deepEqual([result.https, result.problems], [['c.test / forward'], ['W_CERT_HOST spec.tls[0].secretName']]);
  });

  test('a bad host in tls.hosts never becomes every host', () => {
    const result = fronts(`  tls: [{ hosts: ["a b"], secretName: cert }]\n  rules: [${rule('')}]`);
    assert.deepEqual([result.https, result.problems], [undefined, ['E_HOST spec.tls[0].hosts[0]']]);
  });

  test('an entry without secretName', () => {
    assert.deepEqual(fronts(`  tls: [{ hosts: [a.test] }]\n  rules: [${rule('a.test')}]`).problems, [
      'E_CERT_MISSING spec.tls[0].secretName',
    ]);
  });
});

describe('ssl-redirect', () => {
  test('only hosts with a certificate; ACME challenges go on', () => {
    const result = fronts(
      `  tls: [{ hosts: [a.test], secretName: cert }]\n  rules: [${rule('a.test')}, ${rule('b.test')}]`,
      redirecting,
    );
    assert.deepEqual(result.http, [
      'a.test / redirect',
      'a.test /.well-known/acme-challenge forward',
      'b.test / forward',
    ]);
    assert.deepEqual(result.https, ['a.test / forward']);
  });

  test('no redirect without the annotation', () => {
    assert.deepEqual(fronts(`  tls: [{ hosts: [a.test], secretName: cert }]\n  rules: [${rule('a.test')}]`).http, [
      'a.test / forward',
    ]);
  });

  test('a challenge path of its own is not redirected', () => {
    const result = fronts(
      `  tls: [{ hosts: [a.test], secretName: cert }]\n  rules: [${rule('a.test', '/.well-known/acme-challenge/x')}, ${rule('a.test', '/shop')}]`,
      redirecting,
    );
    assert.deepEqual(result.http, ['a.test /.well-known/acme-challenge/x forward', 'a.test /shop redirect']);
  });

  test('no redirect to a host whose certificate cannot be used', () => {
    const result = fronts(`  tls: [{ hosts: [a.test], secretName: gone }]\n  rules: [${rule('a.test')}]`, redirecting);
    assert.deepEqual(result.http, ['a.test / forward']);
  });

  test('the default backend is redirected only where every host has a certificate', () => {
    const read = (tls: string): string[] =>
      readYaml(secret + backing('web') + ingress(`  tls: [${tls}]\n  defaultBackend: ${web}`, redirecting))
        .service('ingress/shop/front')
        .fronts.map((front) => `${front.key} ${front.default?.type}`);
    assert.deepEqual(read('{ secretName: cert }'), ['http redirect', 'https forward']);
    assert.deepEqual(read('{ hosts: [a.test], secretName: cert }'), ['http forward', 'https forward']);
  });

  test('other ports', () => {
    const { service } = readYaml(
      secret +
        backing('web') +
        ingress(
          `  tls: [{ secretName: cert }]\n  rules: [${rule('a.test')}]`,
          '  annotations: { weir-lb.dev/ssl-redirect: "true", weir-lb.dev/http-port: "8080", weir-lb.dev/https-port: "8443" }',
        ),
    );
    const [http, https] = service('ingress/shop/front').fronts;
    assert.deepEqual([http?.port, https?.port], [8080, 8443]);
    assert.deepEqual(http?.routes[0]?.action, { type: 'redirect', code: 308, scheme: 'https', port: 8443 });
  });
});
