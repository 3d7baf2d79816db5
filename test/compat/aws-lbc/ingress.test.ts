import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  alb,
  backing,
  errorsOf,
  ingress,
  ingressClass,
  oidcSecret,
  path,
  read,
  routesOf,
  serviceOf,
  settingsOf,
} from './world.ts';

const id = 'ingress/shop/front';
const web = backing('web');
const both = '[{"HTTP": 80}, {"HTTPS": 443}]';
const certificate = 'arn:aws:acm:eu-west-1:123456789012:certificate/0a1b';

describe('which Ingresses are claimed', () => {
  const other = { ...ingressClass, metadata: { name: 'nginx' }, spec: { controller: 'k8s.io/ingress-nginx' } };
  it('those of a class of its controller, or of the old annotation', () => {
    assert.equal(serviceOf(read(ingressClass, ...web, ingress()), id).class, 'alb');
    const legacy = ingress({ 'kubernetes.io/ingress.class': 'alb' }, undefined, { ingressClassName: undefined });
    assert.equal(serviceOf(read(other, ...web, legacy), id).class, 'alb');
    assert.equal(settingsOf(serviceOf(read(...web, legacy), id)).type, 'application');
  });
  it('no others', () => {
    const result = read(
      other,
      ingressClass,
      ...web,
      ingress({ scheme: 'nonsense' }, undefined, { ingressClassName: 'nginx' }),
    );
    assert.deepEqual([result.services, result.problems], [[], []]);
  });
});

describe('listeners', () => {
  const keys = (annotations: Record<string, string>) =>
    serviceOf(read(ingressClass, ...web, ingress(annotations)), id).fronts.map(({ key }) => key);
  it('HTTP, or HTTPS where a certificate is named, or as they are listed', () => {
    assert.deepEqual(keys({}), ['http-80']);
    assert.deepEqual(keys({ 'certificate-arn': certificate }), ['https-443']);
    assert.deepEqual(keys({ 'listen-ports': '[{"HTTPS": 8443}, {"HTTP": 8080}]' }), ['https-8443', 'http-8080']);
  });

  it('ssl-redirect turns every HTTP listener', () => {
    const service = serviceOf(read(ingressClass, ...web, ingress({ 'listen-ports': both, 'ssl-redirect': '443' })), id);
    assert.deepEqual(routesOf(service), [
      'http-80: else -> 301 https::443',
      'https-443: shop.test prefix / -> web:80*1',
    ]);
    const missing = read(ingressClass, ...web, ingress({ 'ssl-redirect': '443' }));
    assert.match(
      errorsOf(missing)[0]?.message ?? '',
      /ssl-redirect must be a port of an HTTPS listener; listen-ports has none at 443/,
    );
  });

  it('hosts of spec.tls find certificates where none is named', () => {
    const tls = { tls: [{ hosts: ['shop.test', 'www.shop.test'], secretName: 'not-used' }] };
    const result = read(ingressClass, ...web, ingress({ 'listen-ports': both }, undefined, tls));
    assert.deepEqual(settingsOf(serviceOf(result, id)).certificateHosts, ['shop.test', 'www.shop.test']);
    assert.deepEqual(errorsOf(result), []);
  });

  it('inbound-cidrs, mutual authentication and attributes of listeners', () => {
    const service = serviceOf(
      read(
        ingressClass,
        ...web,
        ingress({
          'listen-ports': both,
          'inbound-cidrs': '10.1.2.3/8, 2001:db8::/32',
          'mutual-authentication': '[{"port": 443, "mode": "verify", "trustStore": "clients"}]',
          'listener-attributes.HTTPS-443': 'routing.http.response.server.enabled=false',
        }),
      ),
      id,
    );
    assert.deepEqual(
      service.fronts.map(({ sourceRanges }) => sourceRanges),
      Array(2).fill(['10.0.0.0/8', '2001:db8::/32']),
    );
    assert.deepEqual(settingsOf(service).listeners?.['HTTPS-443'], {
      attributes: { 'routing.http.response.server.enabled': 'false' },
      mutualAuthentication: { mode: 'verify', trustStore: 'clients' },
    });
  });
});

describe('rules', () => {
  it('come as the peer orders them: exact, long prefixes, then patterns as written', () => {
    const paths = [
      path('/img/*', 'web', 80, 'ImplementationSpecific'),
      path('/', 'web'),
      path('/api', 'web'),
      path('/exact', 'web', 80, 'Exact'),
      path('/v?/x', 'web', 80, 'ImplementationSpecific'),
      path('/plain', 'web', 80, 'ImplementationSpecific'),
    ];
    const service = serviceOf(read(ingressClass, ...web, ingress({}, paths)), id);
    assert.deepEqual(routesOf(service), [
      'http-80: shop.test exact /exact -> web:80*1',
      'http-80: shop.test prefix /api -> web:80*1',
      'http-80: shop.test prefix / -> web:80*1',
      'http-80: shop.test stringPrefix /img/ -> web:80*1',
      'http-80: shop.test -> web:80*1 [4]',
      'http-80: shop.test exact /plain -> web:80*1',
    ]);
    assert.deepEqual(settingsOf(service).rules?.['4']?.conditions, [{ field: 'path-pattern', values: ['/v?/x'] }]);
    assert.equal(settingsOf(service).ruleOrder, 'declared');
  });

  it('wildcards belong to patterns', () => {
    const result = read(ingressClass, ...web, ingress({}, [path('/a*', 'web')]));
    assert.deepEqual(result.services, []);
    assert.match(errorsOf(result)[0]?.message ?? '', /must not contain the wildcards/);
  });

  it('regular expressions where they are asked for', () => {
    const paths = [path('/^/api/v[0-9]+/', 'web', 80, 'ImplementationSpecific')];
    const service = serviceOf(read(ingressClass, ...web, ingress({ 'use-regex-path-match': 'true' }, paths)), id);
    assert.deepEqual(routesOf(service), ['http-80: shop.test regex ^/api/v[0-9]+/ -> web:80*1']);
  });

  it('a redirect of everything ends an HTTP listener and is left out where it leads to itself', () => {
    const redirect = '{"Type":"redirect","RedirectConfig":{"Protocol":"HTTPS","Port":"443","StatusCode":"HTTP_301"}}';
    const rules = [
      { http: { paths: [path('/*', 'to-tls', 'use-annotation', 'ImplementationSpecific')] } },
      { host: 'shop.test', http: { paths: [path('/', 'web')] } },
    ];
    const service = serviceOf(
      read(ingressClass, ...web, ingress({ 'listen-ports': both, 'actions.to-tls': redirect }, [], { rules })),
      id,
    );
    assert.deepEqual(routesOf(service), [
      'http-80: * stringPrefix / -> 301 https::443',
      'https-443: shop.test prefix / -> web:80*1',
    ]);
  });

  it('weighted canary, sticky, with a target group of others', () => {
    const arn = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/old/0123456789abcdef';
    const groups = [
      { serviceName: 'web', servicePort: '80', weight: 90 },
      { serviceName: 'next', servicePort: 'http', weight: 10 },
      { targetGroupARN: arn, weight: 5 },
    ];
    const action = {
      type: 'forward',
      forwardConfig: { targetGroups: groups, targetGroupStickinessConfig: { enabled: true, durationSeconds: 600 } },
    };
    const result = read(
      ingressClass,
      ...web,
      ...backing('next'),
      ingress({ 'actions.canary': JSON.stringify(action) }, [path('/', 'canary', 'use-annotation')]),
    );
    const service = serviceOf(result, id);
    assert.deepEqual(routesOf(service), ['http-80: shop.test prefix / -> web:80*90 next:http*10 [0]']);
    assert.deepEqual(settingsOf(service).rules?.['0'], {
      targetGroups: [{ targetGroup: arn, weight: 5 }],
      stickySeconds: 600,
    });
    assert.equal(service.settingsOrigin['awselb.rules.0.stickySeconds'], `${alb}actions.canary`);
    assert.equal(service.backends['next:http']?.targets.length, 1);
  });

  it('a redirect that changes nothing is refused with the reason that AWS gives', () => {
    const all = ['protocol', 'host', 'port', 'path', 'query'].map((one) => [
      one,
      `${one === 'path' ? '/' : ''}#{${one}}`,
    ]);
    for (const same of [{}, Object.fromEntries(all), { query: 'a=b' }]) {
      const config = JSON.stringify({ type: 'redirect', redirectConfig: { ...same, statusCode: 'HTTP_301' } });
      const rules = [path('/self', 'self', 'use-annotation'), path('/', 'web')];
      const result = read(ingressClass, ...web, ingress({ 'actions.self': config }, rules));
      assert.deepEqual(
        errorsOf(result).map(({ code, field }) => [code, field?.includes('actions.self')]),
        [['E_ANNOTATION_VALUE', true]],
      );
      assert.match(errorsOf(result)[0]?.message ?? '', /change the protocol, host, port or path.*creates a loop/);
    }
  });

  it('tags whose key objects would lose are refused by name, others are kept', () => {
    const lost = read(ingressClass, ...web, ingress({ tags: '__proto__=x,constructor=y,a=b' }));
    assert.match(errorsOf(lost)[0]?.message ?? '', /tags.*__proto__/);
    const kept = serviceOf(read(ingressClass, ...web, ingress({ tags: 'constructor=y,a=b' })), id);
    assert.deepEqual(settingsOf(kept).tags, { constructor: 'y', a: 'b' });
  });

  it('redirects and own answers', () => {
    const annotations = {
      'actions.away':
        '{"type":"redirect","redirectConfig":{"host":"#{host}","path":"/new/#{path}","query":"a=b","statusCode":"HTTP_302"}}',
      'actions.down':
        '{"type":"fixed-response","fixedResponseConfig":{"contentType":"text/plain","statusCode":"503","messageBody":"closed"}}',
    };
    const paths = [
      path('/away', 'away', 'use-annotation'),
      path('/down', 'down', 'use-annotation'),
      path('/gone', 'gone', 'use-annotation'),
      path('/miss', 'miss'),
    ];
    const result = read(ingressClass, ...web, ingress(annotations, paths));
    const service = serviceOf(result, id);
    assert.deepEqual(routesOf(service), [
      'http-80: shop.test prefix /away -> 302 ::/new/#{path} [0]',
      'http-80: shop.test prefix /down -> 503 closed',
      'http-80: shop.test prefix /gone -> 503 Backend action does not exist',
      'http-80: shop.test prefix /miss -> 503 Backend service does not exist',
    ]);
    assert.deepEqual(settingsOf(service).rules?.['0']?.redirect, {
      path: '/new/#{path}',
      query: 'a=b',
      statusCode: 'HTTP_302',
    });
    assert.deepEqual(
      errorsOf(result).map(({ code }) => code),
      ['E_BACKEND_MISSING', 'E_BACKEND_MISSING'],
    );
  });

  it('conditions: what a route can say stands there, the rest in settings; transforms', () => {
    const conditions = [
      { field: 'host-header', hostHeaderConfig: { values: ['www.shop.test', '*.shop.test'] } },
      { field: 'http-request-method', httpRequestMethodConfig: { Values: ['GET', 'HEAD'] } },
      { field: 'source-ip', sourceIPConfig: { values: ['10.0.0.0/8'] } },
      { field: 'query-string', queryStringConfig: { values: [{ key: 'v', value: '2' }, { value: 'beta' }] } },
    ];
    const transforms = [
      { type: 'url-rewrite', urlRewriteConfig: { rewrites: [{ regex: '^/api/(.*)$', replace: '/$1' }] } },
    ];
    const service = serviceOf(
      read(
        ingressClass,
        ...web,
        ingress({ 'conditions.web': JSON.stringify(conditions), 'transforms.web': JSON.stringify(transforms) }),
      ),
      id,
    );
    const [route] = service.fronts[0]?.routes ?? [];
    assert.deepEqual(
      [route?.hosts, route?.methods, route?.sourceIps],
      [['shop.test', 'www.shop.test', '*.shop.test'], ['GET', 'HEAD'], ['10.0.0.0/8']],
    );
    assert.deepEqual(settingsOf(service).rules?.['0'], {
      conditions: [{ field: 'query-string', values: [{ key: 'v', value: '2' }, { value: 'beta' }] }],
      transforms: [{ type: 'url-rewrite', rewrites: [{ regex: '^/api/(.*)$', replace: '/$1' }] }],
    });
  });
});

describe('JSON', () => {
  it('hides nothing in its escapes, and a body may have lines', () => {
    const body = (text: string) =>
      `{"type":"fixed-response","fixedResponseConfig":{"statusCode":"503","messageBody":"${text}"}}`;
    const of = (text: string) =>
      read(ingressClass, ingress({ 'actions.down': body(text) }, [path('/', 'down', 'use-annotation')]));
    for (const text of ['\\u202e', 'a\\u0000b', '\\ud800']) {
      const result = of(text);
      assert.deepEqual(result.services, [], text);
      assert.match(errorsOf(result)[0]?.message ?? '', /must not contain control characters/);
    }
    assert.deepEqual(routesOf(serviceOf(of('a\\nb'), id)), ['http-80: shop.test prefix / -> 503 a\nb']);
  });
});

describe('who may come in', () => {
  const idp =
    '{"issuer":"https://id.test","authorizationEndpoint":"https://id.test/a","tokenEndpoint":"https://id.test/t","userInfoEndpoint":"https://id.test/u","secretName":"oidc"}';
  const oidc = { 'auth-type': 'oidc', 'auth-idp-oidc': idp, 'auth-scope': 'openid email', 'listen-ports': both };

  it('OIDC at HTTPS, the secret by its digest alone', () => {
    const result = read(ingressClass, oidcSecret, ...web, ingress(oidc));
    const service = serviceOf(result, id);
    assert.deepEqual(routesOf(service), [
      'http-80: shop.test prefix / -> web:80*1',
      'https-443: shop.test prefix / -> web:80*1 [0-auth]',
    ]);
    const auth = settingsOf(service).rules?.['0-auth']?.auth;
    assert.ok(auth?.type === 'oidc');
    assert.deepEqual(
      [auth.clientId, auth.scope, auth.clientSecret.origin],
      ['shop-client', 'openid email', 'Secret shop/oidc'],
    );
    assert.deepEqual(
      result.problems.map(({ code, message }) => `${code} ${/auth-type.*at port 80 everybody/.test(message)}`),
      ['W_ANNOTATION_IGNORED true'],
    );
    const turned = read(ingressClass, oidcSecret, ...web, ingress({ ...oidc, 'ssl-redirect': '443' }));
    assert.deepEqual(turned.problems, []);
    assert.equal(result.secrets.get(auth.clientSecret.sha256), 'do-not-tell');
    assert.doesNotMatch(JSON.stringify(result.services), /do-not-tell/);
  });

  it('closed when the Secret is missing, whatever asks for it', () => {
    const result = read(ingressClass, ...web, ingress(oidc));
    assert.deepEqual(result.services, []);
    assert.match(errorsOf(result)[0]?.message ?? '', /auth-idp-oidc names Secret oidc, which must exist/);
    const alone = read(ingressClass, ...web, ingress({ 'auth-type': 'cognito' }));
    assert.match(errorsOf(alone)[0]?.message ?? '', /auth-type needs the annotation .*auth-idp-cognito beside it/);
  });

  it('the Service counts before the Ingress', () => {
    const open = backing('web', { 'auth-type': 'none', 'target-type': 'ip', 'healthcheck-path': '/ready' });
    const service = serviceOf(read(ingressClass, oidcSecret, ...open, ingress(oidc)), id);
    assert.equal(settingsOf(service).rules, undefined);
    assert.deepEqual(
      [service.backends['web:80']?.targetKind, service.backends['web:80']?.health?.path],
      ['ip', '/ready'],
    );
  });
});

describe('target groups', () => {
  it('gRPC, attributes, nodes', () => {
    const grpc = {
      'backend-protocol-version': 'GRPC',
      'target-group-attributes': 'stickiness.enabled=true',
      'target-node-labels': 'pool=edge',
    };
    const service = serviceOf(read(ingressClass, ...backing('web', grpc), ingress({ 'listen-ports': both })), id);
    const backend = service.backends['web:80'];
    assert.deepEqual(
      [backend?.protocol, backend?.targetKind, backend?.nodePort, backend?.health?.path],
      ['grpc', 'instance', 31_080, '/AWS.ALB/healthcheck'],
    );
    const { identity: _, ...rest } = settingsOf(service).backends?.['web:80'] ?? {};
    assert.deepEqual(rest, {
      protocolVersion: 'GRPC',
      healthCheck: { successCodes: '12' },
      attributes: { 'stickiness.enabled': 'true' },
      nodeLabels: { pool: 'edge' },
    });
  });

  it('a port that the Service does not have stops the Ingress', () => {
    const result = read(ingressClass, ...web, ingress({}, [path('/', 'web', 81)]));
    assert.deepEqual(result.services, []);
    assert.match(errorsOf(result)[0]?.message ?? '', /does not have; it has 80 \(http\)/);
  });
});
