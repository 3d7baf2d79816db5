/** Whole plans for AWS as people read them: the words are those of the provider, the layout is the command's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../../providers/awselb/kinds.ts';
import { planReport } from '../../../src/app/preview.ts';
import { createPaint } from '../../../src/cli/text/paint.ts';
import { planText } from '../../../src/cli/text/plan-text.ts';
import type { ExportedService, Json, Observed, Resource } from '../../../src/model/index.ts';
import { nameHandles, plan, units } from '../../../src/plan/index.ts';
import { backend, exact, http, https, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { converge } from '../../providers/awselb/converge.ts';
import { desire, environment } from '../../providers/awselb/desire.ts';

const arn = 'arn:aws:acm:eu-west-1:123456789012:certificate/shop';
const world = {
  ...environment,
  Certificates: [
    {
      CertificateArn: arn,
      DomainName: 'shop.test',
      SubjectAlternativeNames: [],
      Status: 'ISSUED',
      CreatedAt: '2026-01-01T00:00:00Z',
    },
  ],
};

function textOf(desired: readonly Resource[], observed: readonly Observed[]): readonly string[] {
  const report = planReport(
    units(kinds, desired, observed).map((group) => {
      const made = plan(kinds, group.desired, group.observed, { policy: 'sync', incomplete: () => false });
      const names = nameHandles(made.steps, group.observed);
      return { balancer: 'edge', unit: group.unit, ...made, names, kinds, desired: group.desired.length };
    }),
    [],
    [],
  );
  return planText(report, createPaint(false), { kinds: () => kinds })
    .trimEnd()
    .split('\n');
}

/** The plan from what serves `before` to what shall serve `after`. */
function change(before: readonly ExportedService[], after: readonly ExportedService[]): readonly string[] {
  const observed = before.length === 0 ? [] : converge(before, { environment: world }).cloud.observe();
  const { resources, problems } = desire(after, { environment: world, present: observed });
  assert.deepEqual(
    problems.filter(({ severity }) => severity === 'error'),
    [],
  );
  return textOf(resources, observed);
}

interface Shop {
  readonly redirect: boolean;
  readonly weights: readonly [number, number];
  readonly check: string;
  readonly idle: string;
}

/** An Ingress with a canary, a moved page, and a redirect from port 80 or none. */
function shop({ redirect, weights, check, idle }: Shop): ExportedService {
  const check0 = { type: 'http', path: check, intervalMs: 15_000, rise: 2, fall: 2 } as const;
  const to = [
    { backend: 'web', weight: weights[0] },
    { backend: 'next', weight: weights[1] },
  ];
  const routes = [
    route(['shop.test'], exact('/old'), { action: { type: 'redirect', code: 302, host: 'new.test' } }),
    route(['shop.test'], prefix('/'), { action: { type: 'forward', to } }),
  ];
  const settings: Json = {
    attributes: { 'idle_timeout.timeout_seconds': idle },
    ...(redirect ? { sslRedirectPort: 443 } : {}),
  };
  return service('shop/web', [http(routes), https(routes, [])], {
    backends: {
      web: backend({ targets: [target('10.0.0.1', 8080)], health: check0 }),
      next: backend({ targets: [target('10.0.0.2', 8080)], health: check0 }),
    },
    settings: { awselb: settings },
  });
}

const first: Shop = { redirect: true, weights: [9, 1], check: '/ready', idle: '60' };

test('a new application load balancer: what an engineer looks for, and nothing that every one has', () => {
  assert.deepEqual(change([], [shop(first)]), [
    'edge  backend',
    '    + create  SecurityGroup  shared back end  named k8s-traffic-clustername-8550edc8b7',
    'edge  ingress/shop/web',
    '    + create  SecurityGroup  front end           named k8s-shop-web-c2e389cf9b',
    '        lets in  + 80/tcp from 0.0.0.0/0  + 443/tcp from 0.0.0.0/0',
    '    + create  TargetGroup    shop/web:web',
    '        HTTP to ip targets, port 8080, named k8s-shop-web-3887907e4b, check HTTP /ready every 15 s',
    '        targets  + 10.0.0.1:8080',
    '    + create  TargetGroup    shop/web:next',
    '        HTTP to ip targets, port 8080, named k8s-shop-web-9501378080, check HTTP /ready every 15 s',
    '        targets  + 10.0.0.2:8080',
    '    + create  LoadBalancer   ingress/shop/web',
    '        application, internal, named k8s-shop-web-d3616d07cd, subnets subnet-priva subnet-privb subnet-privc',
    '        security groups  + front end',
    '    + create  Listener       80                  HTTP, default action redirect 301 to https',
    '    + create  Listener       443',
    '        HTTPS, default action answer 404, policy ELBSecurityPolicy-2016-08',
    '        certificates  + arn:aws:acm:eu-west-1:123456789012:certificate/shop (default)',
    '    + create  Rule           443 shop.test /old  priority 1, action redirect 302 to new.test',
    '    + create  Rule           443 shop.test /*    priority 2',
    '        forward to  + shop/web:web weight 9  + shop/web:next weight 1',
    'Plan: 9 to create, 0 to update, 0 to replace, 0 to delete; 0 unchanged. 12 steps.',
  ]);
});

test('changes tell what was: a redirect that becomes a forward, shares, a check, an attribute', () => {
  assert.deepEqual(change([shop(first)], [shop({ redirect: false, weights: [5, 5], check: '/up', idle: '120' })]), [
    'edge  ingress/shop/web',
    '    + create        Rule          80 shop.test /old  priority 1, action redirect 302 to new.test',
    '    + create        Rule          80 shop.test /*    priority 2',
    '        forward to  + shop/web:web  + shop/web:next',
    '    > move members  Rule          443 shop.test /*   its share changed',
    '        forward to  ~ shop/web:web weight 9 -> 5  ~ shop/web:next weight 1 -> 5',
    '    ~ update        TargetGroup   shop/web:web',
    '        check path  /ready -> /up',
    '    ~ update        TargetGroup   shop/web:next',
    '        check path  /ready -> /up',
    '    ~ update        LoadBalancer  ingress/shop/web',
    '        idle_timeout.timeout_seconds  60 -> 120',
    '    ~ update        Listener      80',
    '        default action  redirect 301 to https -> answer 404',
    '  = 4 objects unchanged',
    'Plan: 2 to create, 5 to update, 0 to replace, 0 to delete; 4 unchanged. 7 steps.',
  ]);
});

test('a replacement tells what forces it, old beside new', () => {
  const db = (scheme: string) =>
    service('shop/db', [tcp(5432)], {
      backends: { web: backend({ protocol: 'tcp', targets: [target('10.0.0.3', 5432)] }) },
      settings: { awselb: { scheme } },
    });
  assert.deepEqual(change([db('internal')], [db('internet-facing')]), [
    'edge  service/shop/db',
    '  +/- replace  TargetGroup   shop/db:web      Name cannot be changed in place',
    '        targets  + 10.0.0.3:5432',
    '        named  k8s-shop-db-1d2b416c69 -> k8s-shop-db-1d2b416c6-1db12e172d',
    '        wait for ready targets: 1 of 1, at most 5 min',
    '  +/- replace  LoadBalancer  service/shop/db  Scheme cannot be changed in place',
    '        security groups  + front end',
    '        Scheme  internal -> internet-facing',
    '        named  k8s-shop-db-d28a07037b -> k8s-shop-db-1f1f7a47c7',
    '        subnets  subnet-priva subnet-privb subnet-privc -> subnet-puba subnet-pubb subnet-pubc',
    '  +/- replace  Listener      5432             LoadBalancerArn cannot be changed in place',
    '  = 2 objects unchanged',
    'Plan: 0 to create, 0 to update, 3 to replace, 0 to delete; 2 unchanged. 7 steps.',
  ]);
});

test('what somebody else has made is released, not deleted', () => {
  const tags = new Map([['elbv2.k8s.aws/adopted', { attrs: { Value: 'true' } }]]);
  const adopted: Observed = {
    kind: 'LoadBalancer',
    id: 'service/shop/web',
    unit: 'edge/service/shop/web',
    serves: ['shop/web'],
    handle: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/tf/1',
    owned: true,
    facts: {},
    attrs: { Name: 'tf', Type: 'network', Scheme: 'internal' },
    refs: {},
    sets: { Tags: tags },
  };
  assert.deepEqual(textOf([], [adopted]), [
    'edge  service/shop/web',
    '    = release  LoadBalancer  service/shop/web  is no longer wanted; made by somebody else, stays',
    '        network, internal, named tf',
    'Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 1 to release; 0 unchanged. 1 step.',
  ]);
});

/** A network load balancer; `more`: settings besides. */
function db(port: number, more: Json = {}, ready = true, sourceRanges?: readonly string[]): ExportedService {
  const main = backend({ protocol: 'tcp', targets: ready ? [target('10.0.0.3', 5432)] : [] });
  const settings: Json = { scheme: 'internal', ...Object(more) };
  const front = sourceRanges === undefined ? tcp(port) : { ...tcp(port), sourceRanges };
  return service('shop/db', [front], { backends: { web: main }, settings: { awselb: settings } });
}

test('tags and ranges of addresses come and go in words, and no traffic is said to move', () => {
  assert.deepEqual(change([db(5432)], [db(5432, { tags: { team: 'shop' } }, true, ['10.1.0.0/16'])]), [
    'edge  service/shop/db',
    '    ~ update  SecurityGroup  front end',
    '        lets in  + 5432/tcp from 10.1.0.0/16  - 5432/tcp from 0.0.0.0/0',
    '        tags  + team=shop',
    '    ~ update  TargetGroup    shop/db:web',
    '        tags  + team=shop',
    '    ~ update  LoadBalancer   service/shop/db',
    '        tags  + team=shop',
    '    ~ update  Listener       5432',
    '        tags  + team=shop',
    '  = 1 object unchanged',
    'Plan: 0 to create, 4 to update, 0 to replace, 0 to delete; 1 unchanged. 6 steps.',
  ]);
});

test('a service that loses its last target is told as interrupted, with the reason', () => {
  assert.deepEqual(change([db(5432)], [db(5432, {}, false)]), [
    'edge  service/shop/db',
    '    > move members  TargetGroup  shop/db:web  is no longer wanted, and none is left to serve',
    '        targets  - 10.0.0.3:5432',
    '        GAP: interrupts shop/db',
    '  = 4 objects unchanged',
    'Plan: 0 to create, 1 to update, 0 to replace, 0 to delete, 1 gap; 4 unchanged. 1 step.',
  ]);
});

test('an old generation and a new one of the same name are told apart', () => {
  assert.deepEqual(change([shop(first)], [withVersion(shop(first))]), [
    'edge  ingress/shop/web',
    '  +/- replace       TargetGroup  shop/web:web      ProtocolVersion cannot be changed in place',
    '        targets  + 10.0.0.1:8080',
    '        protocol version  HTTP1 -> HTTP2',
    '        named  k8s-shop-web-3887907e4b -> k8s-shop-web-40023eeff1',
    '        wait for ready targets: 1 of 1, at most 5 min',
    '  +/- replace       TargetGroup  shop/web:next     ProtocolVersion cannot be changed in place',
    '        targets  + 10.0.0.2:8080',
    '        protocol version  HTTP1 -> HTTP2',
    '        named  k8s-shop-web-9501378080 -> k8s-shop-web-47dbc40b2a',
    '        wait for ready targets: 1 of 1, at most 5 min',
    '    > move members  Rule         443 shop.test /*  + enters without a share until it is ready, ~ its successor is ready',
    '        forward to  + shop/web:web (new) weight 9  + shop/web:next (new) weight 1  - shop/web:web (old)  - shop/web:next (old)',
    '  = 6 objects unchanged',
    'Plan: 0 to create, 1 to update, 2 to replace, 0 to delete; 6 unchanged. 8 steps.',
  ]);
});

function withVersion(from: ExportedService): ExportedService {
  return {
    ...from,
    settings: { awselb: { ...Object(from.settings.awselb), targetGroup: { protocolVersion: 'HTTP2' } } },
  };
}
