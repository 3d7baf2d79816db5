import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Action, ExportedService, Front, Json, Route } from '../../../src/model/index.ts';
import { backend, exact, http, prefix, route, service } from '../../front/make-service.ts';
import { desire, environment, find, tags, told, type Wish } from './desire.ts';

const arn = (name: string) => `arn:aws:acm:eu-west-1:123456789012:certificate/${name}`;
const certificate = (name: string, ...names: string[]) => ({
  CertificateArn: arn(name),
  DomainName: names[0] ?? '',
  SubjectAlternativeNames: names.slice(1),
});
const secured = (routes: readonly Route[]): Front => ({
  key: 'https',
  port: 443,
  protocol: 'https',
  tls: { mode: 'terminate', certs: [] },
  routes,
});
const act = (action: Action, more: Partial<Route> = {}) => route(['a.test'], prefix('/'), { action, ...more });

function ingress(
  name: string,
  fronts: readonly Front[],
  settings: Json = {},
  more: Partial<Omit<ExportedService, 'origin'>> = {},
): ExportedService {
  const plain = service(`shop/${name}`, fronts, { settings: { awselb: settings }, ...more });
  return { ...plain, id: `ingress/shop/${name}`, origin: { ...plain.origin, kind: 'Ingress' } };
}
const rulesOf = (services: readonly ExportedService[], wish: Wish = {}) =>
  desire(services, wish)
    .resources.filter(({ kind }) => kind === 'Rule')
    .sort((a, b) => Number(a.attrs.Priority) - Number(b.attrs.Priority));
const values = (attrs: { readonly Conditions?: Json }) =>
  (Array.isArray(attrs.Conditions) ? attrs.Conditions : []).map((one) =>
    Object.values(Object(one))
      .map((part) => (typeof part === 'string' ? part : Object.values(Object(part)).flat().join(' ')))
      .join(' '),
  );

describe('an application load balancer', () => {
  it('has the names, tags and defaults of aws-load-balancer-controller', () => {
    const settings = {
      targetGroup: { identity: { namespace: 'shop', name: 'svc', uid: 'u', port: 'http', targetPort: '8080' } },
    };
    const { resources, problems } = desire([ingress('web', [http([route(['a.test'], prefix('/x'))])], settings)]);
    assert.deepEqual(problems, []);
    const lb = find(resources, 'LoadBalancer');
    assert.deepEqual(
      [lb.id, lb.attrs.Type, tags(lb)['ingress.k8s.aws/stack']],
      ['ingress/shop/web', 'application', 'shop/web'],
    );
    const group = find(resources, 'TargetGroup');
    assert.equal(tags(group)['ingress.k8s.aws/resource'], 'shop/web-svc:http');
    const {
      Protocol,
      ProtocolVersion,
      Port,
      HealthCheckIntervalSeconds,
      HealthCheckTimeoutSeconds,
      HealthyThresholdCount,
      Matcher,
      HealthCheckPath,
    } = group.attrs;
    assert.deepEqual(
      [
        Protocol,
        ProtocolVersion,
        Port,
        HealthCheckIntervalSeconds,
        HealthCheckTimeoutSeconds,
        HealthyThresholdCount,
        Matcher,
        HealthCheckPath,
      ],
      ['HTTP', 'HTTP1', 8080, 15, 5, 2, { HttpCode: '200' }, '/'],
    );
    assert.deepEqual(find(resources, 'Listener').attrs.DefaultActions, [
      { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain' } },
    ]);
    assert.deepEqual(values(find(resources, 'Rule').attrs), ['host-header a.test', 'path-pattern /x /x/*']);
  });

  it('speaks gRPC and HTTP/2 to targets', () => {
    const group = (protocol: 'grpc' | 'grpcs' | 'h2c') =>
      find(
        desire([ingress('web', [http([route([], prefix('/'))])], {}, { backends: { web: backend({ protocol }) } })])
          .resources,
        'TargetGroup',
      ).attrs;
    const grpc = group('grpc');
    assert.deepEqual(
      [grpc.Protocol, grpc.ProtocolVersion, grpc.Matcher, grpc.HealthCheckPath],
      ['HTTP', 'GRPC', { GrpcCode: '12' }, '/AWS.ALB/healthcheck'],
    );
    assert.deepEqual(
      [group('grpcs').Protocol, group('grpcs').ProtocolVersion, group('h2c').ProtocolVersion],
      ['HTTPS', 'GRPC', 'HTTP2'],
    );
  });

  it('finds certificates by host: exact before wildcard, the newest; named ones win', () => {
    const wish = {
      environment: {
        ...environment,
        Certificates: [
          certificate('b', '*.a.test'),
          certificate('c', 'x.a.test'),
          certificate('a', 'other.test'),
          { ...certificate('z', 'y.a.test'), Status: 'PENDING_VALIDATION' },
        ],
      },
    };
    const certs = (front: Front, settings: Json = {}) => {
      const made = desire([ingress('web', [front], settings)], wish);
      return [
        [...(made.resources.find(({ kind }) => kind === 'Listener')?.sets.Certificates?.keys() ?? [])].map(
          (key) => key.split('/')[1],
        ),
        told(made),
      ];
    };
    assert.deepEqual(certs(secured([route(['x.a.test', 'y.a.test'])])), [['b', 'c'], []]);
    assert.deepEqual(certs(secured([route(['x.a.test'])]), { certificateArns: [arn('a')] }), [['a'], []]);
    assert.deepEqual(certs(secured([route(['no.test'])])), [
      [],
      ['E_DISCOVERY ingress/shop/web alb.ingress.kubernetes.io/certificate-arn no.test'],
    ]);
    assert.deepEqual(certs(secured([route(['x.a.test'])]), { certificateArns: [arn('gone')] }), [
      [],
      [`E_DISCOVERY ingress/shop/web settings.awselb.certificateArns ${arn('gone')}`],
    ]);
  });

  it('keeps group order, namespace and name, then the order written, where that is declared', () => {
    const declared = { ruleOrder: 'declared' };
    const at = (path: string, order: number) => route([], prefix(path), { order });
    const member = (name: string, order: number, paths: string[]) =>
      ingress(name, [http(paths.map((path, i) => at(path, i)))], declared, { bundle: { key: 'edge', order } });
    const paths = rulesOf([
      member('b', 0, ['/b', '/bb']),
      member('a', 0, ['/a']),
      member('first', -1, ['/long/path']),
    ]).map(({ attrs }) => values(attrs)[0]?.split(' ')[1]);
    assert.deepEqual(paths, ['/long/path', '/a', '/b', '/bb']);
    const lb = find(desire([member('b', 0, ['/b'])]).resources, 'LoadBalancer');
    assert.equal(lb.id, 'ingress/edge');
  });

  it('splits a rule with more than five values', () => {
    const hosts = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `${name}.test`);
    const rules = rulesOf([ingress('web', [http([route(hosts, exact('/x'))])])]);
    assert.deepEqual(
      rules.map(({ attrs }) => values(attrs)[0]),
      ['host-header a.test b.test c.test d.test', 'host-header e.test f.test g.test'],
    );
    const settings = {
      rules: {
        r: {
          conditions: [
            { field: 'source-ip', values: ['10.0.0.0/8'] },
            { field: 'query-string', values: [{ key: 'a', value: '1' }] },
            { field: 'http-header', name: 'X-A', values: ['1'] },
            { field: 'http-request-method', values: ['GET'] },
          ],
        },
      },
    };
    const many = desire([ingress('web', [http([route(['a.test'], exact('/x'), { rule: 'r' })])], settings)]);
    assert.deepEqual(told(many), ['E_QUOTA ingress/shop/web fronts[0].routes[0] 6']);
  });

  it('says conditions of routes and of settings in one rule', () => {
    const settings = {
      rules: { canary: { conditions: [{ field: 'http-header', name: 'X-Canary', values: ['yes', 'on'] }] } },
    };
    const canary = route(['a.test'], prefix('/'), { rule: 'canary', order: 0 });
    const plain = route(['a.test'], prefix('/'), {
      order: 1,
      methods: ['GET'],
      headers: [{ name: 'X-A', type: 'present' }],
      query: [{ name: 'q', type: 'exact', value: 'a*b' }],
    });
    const [first, second] = rulesOf([ingress('web', [http([canary, plain])], { ...settings, ruleOrder: 'declared' })]);
    assert.deepEqual(values(first?.attrs ?? {}), [
      'host-header a.test',
      'http-header x-canary on yes',
      'path-pattern /*',
    ]);
    assert.match(JSON.stringify(second?.attrs.Conditions), /"Key":"q","Value":"a\\\\\*b"/);
  });

  it('redirects, answers itself, rewrites and shares by weight', () => {
    const settings = {
      rules: {
        sticky: { stickySeconds: 600 },
        moved: { redirect: { host: 'new.test', query: 'x=1', statusCode: 'HTTP_302' } },
      },
    };
    const weighted: Action = {
      type: 'forward',
      to: [
        { backend: 'web', weight: 80 },
        { backend: 'next', weight: 20 },
      ],
    };
    const rewrite = { type: 'rewritePrefix', from: '/api', to: '/' } as const;
    const fronts = [
      http([
        act({ type: 'redirect', code: 301, scheme: 'https' }, { path: exact('/tls') }),
        act({ type: 'fixed', status: 503, body: 'closed' }, { path: exact('/closed') }),
        act(weighted, { path: exact('/shared'), rule: 'sticky' }),
        act(weighted, { path: exact('/moved'), rule: 'moved' }),
        act(weighted, { path: prefix('/api'), filters: [rewrite] }),
      ]),
    ];
    const web = ingress('web', fronts, settings, { backends: { web: backend(), next: backend() } });
    const by = new Map(rulesOf([web]).map(({ attrs, sets }) => [values(attrs)[1]?.split(' ')[1], { attrs, sets }]));
    assert.deepEqual(by.get('/tls')?.attrs.Actions, [
      {
        Type: 'redirect',
        RedirectConfig: {
          Protocol: 'HTTPS',
          Host: '#{host}',
          Port: '443',
          Path: '/#{path}',
          Query: '#{query}',
          StatusCode: 'HTTP_301',
        },
      },
    ]);
    assert.deepEqual(by.get('/closed')?.attrs.Actions, [
      {
        Type: 'fixed-response',
        FixedResponseConfig: { StatusCode: '503', ContentType: 'text/plain', MessageBody: 'closed' },
      },
    ]);
    assert.deepEqual(
      [...(by.get('/shared')?.sets.TargetGroups?.values() ?? [])].map(({ attrs }) => attrs.Weight),
      [80, 20],
    );
    assert.deepEqual(by.get('/shared')?.attrs.TargetGroupStickinessConfig, { Enabled: true, DurationSeconds: 600 });
    assert.match(
      JSON.stringify(by.get('/moved')?.attrs.Actions),
      /"Host":"new.test".*"Query":"x=1","StatusCode":"HTTP_302"/,
    );
    assert.deepEqual(by.get('/api')?.attrs.Transforms, [
      { Type: 'url-rewrite', UrlRewriteConfig: { Rewrites: [{ Regex: '^/api(/.*)?$', Replace: '$1' }] } },
    ]);
  });

  it('asks who comes in, on HTTPS only, and keeps the secret out of the plan', () => {
    const auth = {
      type: 'oidc',
      issuer: 'https://id.test',
      authorizationEndpoint: 'https://id.test/a',
      tokenEndpoint: 'https://id.test/t',
      userInfoEndpoint: 'https://id.test/u',
      clientId: 'weir',
      clientSecret: { sha256: 'a'.repeat(64), origin: 'Secret shop/oidc' },
    };
    const routes = [route(['a.test'], prefix('/'))];
    const settings = { targetGroup: { auth }, certificateArns: [arn('a')] };
    const plainly = ingress('web', [http(routes), secured(routes)], settings);
    const own = { ...plainly, origin: { ...plainly.origin, kind: 'ExportedService' } };
    const desired = desire([own]);
    const { resources } = desired;
    assert.deepEqual(told(desired), ['W_FEATURE ingress/shop/web settings.awselb … auth port 80']);
    assert.match(desired.problems[0]?.message ?? '', /at port 80 everybody is let in without/);
    const redirect = route(['a.test'], prefix('/'), { action: { type: 'redirect', scheme: 'https', code: 301 } });
    assert.deepEqual(told(desire([ingress('web', [http([redirect]), secured(routes)], settings)])), []);
    const [plain, secure] = ['|80|', '|443|'].map((part) => find(resources, 'Rule', part));
    assert.deepEqual(plain?.attrs.Actions, []);
    assert.match(
      JSON.stringify(secure?.attrs.Actions),
      /"Type":"authenticate-oidc".*"Scope":"openid","SessionCookieName":"AWSELBAuthSessionCookie","SessionTimeout":604800,"OnUnauthenticatedRequest":"authenticate"/,
    );
    assert.deepEqual(secure?.attrs.ClientSecret, auth.clientSecret);
    assert.equal(secure?.sets.TargetGroups?.size, 1);
  });

  it('verifies clients by a trust store', () => {
    const settings = {
      certificateArns: [arn('a')],
      listeners: { 'HTTPS-443': { mutualAuthentication: { mode: 'verify', trustStore: 'clients' } } },
    };
    const TrustStores = [
      { Name: 'clients', Arn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:truststore/clients/1' },
    ];
    const made = (stores: typeof TrustStores) =>
      desire([ingress('web', [secured([route(['a.test'])])], settings)], {
        environment: { ...environment, TrustStores: stores },
      });
    const { attrs } = find(made(TrustStores).resources, 'Listener');
    assert.deepEqual(attrs.MutualAuthentication, {
      Mode: 'verify',
      TrustStoreArn: TrustStores[0]?.Arn,
      IgnoreClientCertificateExpiry: false,
      AdvertiseTrustStoreCaNames: 'off',
    });
    assert.deepEqual(told(made([])), [
      'E_DISCOVERY ingress/shop/web settings.awselb.listeners.HTTPS-443.mutualAuthentication.trustStore clients',
    ]);
  });

  it('answers 503 for a backend that does not exist', () => {
    const [rule] = rulesOf([ingress('web', [http([act({ type: 'forward', to: [{ backend: 'none', weight: 1 }] })])])]);
    assert.match(JSON.stringify(rule?.attrs.Actions), /"StatusCode":"503"/);
  });
});
