import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExportedService } from '../../../src/model/index.ts';
import { backend, exact, http, route, service, target, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire, environment, told, type Wish } from './desire.ts';

const nlb = (id: string, more: Partial<Omit<ExportedService, 'origin'>> & { createdMs?: number } = {}, count = 1) =>
  service(id, [tcp(80)], {
    backends: {
      web: backend({
        protocol: 'tcp',
        targets: Array.from({ length: count }, (_, i) => target(`10.0.${Math.floor(i / 250)}.${(i % 250) + 1}`, 80)),
      }),
    },
    ...more,
  });
const member = (id: string, paths: number) =>
  service(
    id,
    [http(Array.from({ length: paths }, (_, i) => route([`${id.replace('/', '-')}.test`], exact(`/${i}`))))],
    { bundle: { key: 'edge', order: 0 } },
  );
const limited = (Limits: Readonly<Record<string, number>>, more = {}): Wish => ({
  environment: { ...environment, ...more, Limits },
});
const kindsOf = (resources: readonly { readonly kind: string }[], kind: string) =>
  resources.filter((one) => one.kind === kind).length;

describe('quotas', () => {
  it('of load balancers refuse the newcomer by name; those that exist stay', () => {
    const limits = limited({ 'network-load-balancers': 2 });
    const [a, b, c] = ['shop/a', 'shop/b', 'shop/c'].map((id, i) => nlb(id, { createdMs: 10 - i }));
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const before = converge([a, b], limits);
    before.cloud.tick();
    const after = converge([a, b, c], limits, { cloud: before.cloud });
    assert.deepEqual(after.plans, []);
    assert.deepEqual(told(after.last), ['E_QUOTA shop/c network-load-balancers 3']);
  });

  it('count what others have in the region', () => {
    const desired = desire(
      [nlb('shop/a')],
      limited({ 'network-load-balancers': 5 }, { Counts: { NetworkLoadBalancers: 5 } }),
    );
    assert.deepEqual(told(desired), ['E_QUOTA shop/a network-load-balancers 6']);
    assert.equal(kindsOf(desired.resources, 'LoadBalancer'), 0);
  });

  it('of rules refuse the member that passes them, the others go on', () => {
    const desired = desire([member('shop/a', 60), member('shop/b', 30), member('shop/c', 20)]);
    assert.deepEqual(told(desired), ['E_QUOTA shop/c rules-per-application-load-balancer 110']);
    assert.equal(kindsOf(desired.resources, 'Rule'), 90);
  });

  it('of targets hold for a group, a load balancer, and every zone with cross-zone load balancing', () => {
    assert.deepEqual(told(desire([nlb('shop/a', {}, 1001)])), ['E_QUOTA shop/a targets-per-target-group 1001']);
    const cross = { settings: { awselb: { attributes: { 'load_balancing.cross_zone.enabled': 'true' } } } };
    assert.deepEqual(told(desire([nlb('shop/a', cross, 501)])), [
      'E_QUOTA shop/a targets-per-availability-zone-per-network-load-balancer 501',
    ]);
    assert.deepEqual(told(desire([nlb('shop/a', {}, 501)])), []);
  });

  it('may be set by hand', () => {
    const desired = desire([member('shop/a', 3)], {
      options: { quotas: { 'rules-per-application-load-balancer': 2 } },
    });
    assert.deepEqual(told(desired), ['E_QUOTA shop/a rules-per-application-load-balancer 3']);
  });

  it('of certificates, listeners and tags', () => {
    const arn = (i: number) => `arn:aws:acm:eu-west-1:123456789012:certificate/${i}`;
    const many = { certificateArns: Array.from({ length: 27 }, (_, i) => arn(i)) };
    const tls = service('shop/a', [{ ...tcp(443), protocol: 'tls', tls: { mode: 'terminate', certs: [] } }], {
      backends: { web: backend({ protocol: 'tcp' }) },
      settings: { awselb: many },
    });
    assert.deepEqual(told(desire([tls])), ['E_QUOTA shop/a certificates-per-network-load-balancer 26']);
    const ports = service(
      'shop/a',
      Array.from({ length: 51 }, (_, i) => tcp(1000 + i)),
      { backends: { web: backend({ protocol: 'tcp' }) } },
    );
    assert.deepEqual(told(desire([ports])), ['E_QUOTA shop/a listeners-per-network-load-balancer 51']);
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`tag${i}`, 'x']));
    assert.match(
      told(desire([nlb('shop/a', { settings: { awselb: { tags } } })]))[0] ?? '',
      /^E_QUOTA shop\/a tags 5\d/,
    );
  });
});
