import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { report } from '../../../providers/awselb/report.ts';
import type { Health, Member, Observed } from '../../../src/model/index.ts';
import { service, tcp } from '../../front/make-service.ts';

const lbArn = 'arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/k8s-shop-web/1';
const object = (kind: string, handle: string, more: Partial<Observed> = {}): Observed => ({
  kind,
  id: handle,
  unit: 'u',
  serves: ['shop/web'],
  attrs: {},
  refs: {},
  sets: {},
  handle,
  owned: true,
  facts: {},
  ...more,
});
const balancer = (facts: Observed['facts'] = { addresses: ['web.elb.amazonaws.com'], state: 'active' }) =>
  object('LoadBalancer', lbArn, { attrs: { Name: 'k8s-shop-web', Type: 'network' }, facts });
const listener = (port: number, group: string, more: Partial<Observed> = {}) =>
  object('Listener', `listener-${port}`, {
    attrs: { Port: port },
    refs: { LoadBalancerArn: lbArn, TargetGroupArn: group },
    ...more,
  });
const member: Member = { attrs: {} };
const group = (handle: string, health: Readonly<Record<string, Health>>, more: Partial<Observed> = {}) =>
  object('TargetGroup', handle, {
    sets: { Targets: new Map(Object.keys(health).map((key) => [key, member])) },
    health: { Targets: new Map(Object.entries(health)) },
    ...more,
  });
const services = [service('shop/web', [tcp(80)])];
const none = { health: new Map() };
const condition = (observed: readonly Observed[], type: string, account: Parameters<typeof report>[2] = none) =>
  report(services, observed, account)[0]?.conditions.find((one) => one.type === type);

describe('the report of a service on AWS', () => {
  it('tells the DNS name with the ports that serve it', () => {
    const other = listener(90, 'tg-2', { serves: ['shop/other'] });
    const [told] = report(services, [balancer(), listener(443, 'tg'), listener(80, 'tg'), other], none);
    assert.deepEqual(told?.addresses, [{ host: 'web.elb.amazonaws.com', ports: [80, 443] }]);
  });

  it('a rule of the service makes its listener count', () => {
    const shared = listener(80, 'tg', { serves: ['shop/other'] });
    const rule = object('Rule', 'rule', { refs: { ListenerArn: 'listener-80' } });
    assert.deepEqual(report(services, [balancer(), shared, rule], none)[0]?.addresses[0]?.ports, [80]);
    assert.deepEqual(report(services, [balancer(), shared], none)[0]?.addresses[0]?.ports, []);
  });

  it('knows who came to a load balancer that was there by its rule, as long as the load balancer was not read again', () => {
    const before = { ...balancer(), serves: ['shop/other'] };
    const shared = listener(80, 'tg', { serves: ['shop/other'] });
    const rule = object('Rule', 'rule', { refs: { ListenerArn: 'listener-80' } });
    const [told] = report(services, [before, shared, rule], none);
    assert.deepEqual(told?.addresses, [{ host: 'web.elb.amazonaws.com', ports: [80] }]);
    assert.equal(condition([before, shared, rule], 'Programmed')?.status, true);
    assert.equal(condition([before, shared], 'Programmed')?.reason, 'NoLoadBalancer');
  });

  it('says why a load balancer does not serve yet', () => {
    const said = (observed: readonly Observed[]) => {
      const { status, reason, message } = condition(observed, 'Programmed') ?? {};
      return [status, reason, message];
    };
    assert.deepEqual(said([]), [false, 'NoLoadBalancer', 'the load balancer does not exist yet']);
    assert.deepEqual(said([balancer({ state: 'provisioning' }), listener(80, 'tg')]), [
      false,
      'Provisioning',
      'load balancer k8s-shop-web is being set up (provisioning), which takes minutes',
    ]);
    assert.deepEqual(said([balancer({ state: 'failed', reason: 'no capacity' }), listener(80, 'tg')]), [
      false,
      'Failed',
      'load balancer k8s-shop-web could not be set up: no capacity',
    ]);
    assert.deepEqual(said([balancer()]).slice(0, 2), [false, 'NoListener']);
    assert.deepEqual(said([balancer({ state: 'active_impaired', reason: 'no addresses' }), listener(80, 'tg')]), [
      true,
      'Impaired',
      'load balancer k8s-shop-web serves, but cannot grow: no addresses',
    ]);
    assert.deepEqual(said([balancer(), listener(80, 'tg')]), [true, 'Programmed', '']);
  });

  it("gives each target's health with the reason code of the API", () => {
    const health = new Map([
      [
        'tg',
        [
          {
            Target: { Id: '10.0.0.1', Port: 80 },
            TargetHealth: {
              State: 'unhealthy',
              Reason: 'Target.ResponseCodeMismatch',
              Description: 'Health checks failed with these codes: [502]',
            },
          },
        ],
      ],
    ] as const);
    const observed = [
      balancer(),
      listener(80, 'tg'),
      group('tg', { '10.0.0.1:80': 'unhealthy', '10.0.0.2:80': 'ready' }),
    ];
    const reason = 'Target.ResponseCodeMismatch: Health checks failed with these codes: [502]';
    const account = { health: new Map([...health].map(([arn, list]) => [arn, [...list]])) };
    assert.deepEqual(report(services, observed, account)[0]?.targets, [
      { key: '10.0.0.1:80', health: 'unhealthy', reason },
      { key: '10.0.0.2:80', health: 'ready' },
    ]);
    assert.deepEqual(condition(observed, 'Healthy', account), {
      type: 'Healthy',
      status: true,
      reason: 'Healthy',
      message: `1 of 2 targets are healthy: ${reason}`,
    });
  });

  it('a target that drains in a replaced group and serves in the new one serves', () => {
    const observed = [
      balancer(),
      listener(80, 'new'),
      group('new', { '10.0.0.1:80': 'ready' }),
      group('old', { '10.0.0.1:80': 'unhealthy' }),
    ];
    assert.deepEqual(report(services, observed, none)[0]?.targets, [{ key: '10.0.0.1:80', health: 'ready' }]);
  });

  it('targets in a group of somebody else are told without a load balancer', () => {
    const bound = group('tg', { '10.0.0.1:80': 'ready' }, { id: 'bound|tg', attrs: { Foreign: true } });
    const [told] = report(services, [bound], none);
    assert.deepEqual(told?.addresses, []);
    assert.deepEqual(
      told?.conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
      ['Accepted true Accepted', 'Programmed true Bound', 'Healthy true Healthy'],
    );
  });

  it('foreign objects are nothing to a service', () => {
    const [told] = report(services, [{ ...balancer(), owned: false }, listener(80, 'tg')], none);
    assert.deepEqual(told?.addresses, []);
  });
});
