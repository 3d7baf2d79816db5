import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adoptedTag } from '../../../providers/awselb/names.ts';
import type { ExportedService, Observed } from '../../../src/model/index.ts';
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

  it('count what goes on though nobody asks for it: protected, let go, under a policy without deletes, or until the next one serves', () => {
    const limits = limited({ 'network-load-balancers': 2 });
    const [a, b, c] = ['shop/a', 'shop/b', 'shop/c'].map((id, i) => nlb(id, { createdMs: i }));
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const { cloud } = converge([a, b], limits);
    const present = cloud.observe();
    const changed = (change: (lb: Observed) => Observed) => ({
      ...limits,
      present: present.map((one) => (one.kind === 'LoadBalancer' && one.serves.includes('shop/b') ? change(one) : one)),
    });
    const refusal = ['E_QUOTA shop/c network-load-balancers 3'];
    // It goes, and makes room.
    assert.deepEqual(told(desire([a, c], { ...limits, present })), []);
    const guarded = changed((lb) => ({ ...lb, attrs: { ...lb.attrs, 'deletion_protection.enabled': 'true' } }));
    assert.deepEqual(told(desire([a, c], guarded)), refusal);
    const adopted = changed((lb) => ({
      ...lb,
      sets: { ...lb.sets, Tags: new Map([...(lb.sets.Tags ?? []), [adoptedTag, { attrs: { Value: 'true' } }]]) },
    }));
    assert.deepEqual(told(desire([a, c], adopted)), refusal);
    assert.deepEqual(told(desire([a, c], { ...limits, present, policy: 'upsert-only' })), refusal);
    const outside = nlb('shop/b', { createdMs: 1, settings: { awselb: { scheme: 'internet-facing' } } });
    const replaced = desire([a, outside], { ...limits, options: { allow: { replace: true } }, present });
    assert.deepEqual(
      replaced.problems.filter(({ code }) => code === 'E_QUOTA').map(({ service }) => service),
      ['shop/b'],
    );
    // What exists of it stays.
    assert.equal(kindsOf(replaced.resources, 'LoadBalancer'), 2);
  });

  it('of rules refuse the member that passes them, the others go on', () => {
    const desired = desire([member('shop/a', 60), member('shop/b', 30), member('shop/c', 20)]);
    assert.deepEqual(told(desired), ['E_QUOTA shop/c rules-per-application-load-balancer 110']);
    // Who passes two is told of one.
    const both = { 'rules-per-application-load-balancer': 1, 'listeners-per-application-load-balancer': 0 };
    const problems = told(desire([member('shop/a', 2)], limited(both)));
    assert.equal(problems.filter((one) => one.startsWith('E_QUOTA')).length, 1, problems.join());
    assert.equal(kindsOf(desired.resources, 'Rule'), 90);
  });

  it('of targets hold for a group, a load balancer, and every zone with cross-zone load balancing', () => {
    const anyZone = limited({ 'targets-per-availability-zone-per-network-load-balancer': 5000 });
    assert.deepEqual(told(desire([nlb('shop/a', {}, 1001)], anyZone)), [
      'E_QUOTA shop/a targets-per-target-group 1001',
    ]);
    const cross = { settings: { awselb: { attributes: { 'load_balancing.cross_zone.enabled': 'true' } } } };
    assert.deepEqual(told(desire([nlb('shop/a', cross, 501)])), [
      'E_QUOTA shop/a targets-per-availability-zone-per-network-load-balancer 501',
    ]);
  });

  it('of targets hold for each zone by itself without cross-zone load balancing, by subnet or instance', () => {
    const name = 'targets-per-availability-zone-per-network-load-balancer';
    const limits = limited({ [name]: 2 });
    const of = (id: string, ...addresses: readonly string[]) =>
      nlb(id, {
        backends: { web: backend({ protocol: 'tcp', targets: addresses.map((address) => target(address, 80)) }) },
        bundle: { key: 'edge', order: 0 },
        fronts: [{ ...tcp(Number(id.slice(-1)) + 80), key: 'tcp' }],
      });
    // 10.0.0.0/24, 10.0.1.0/24 and 10.0.2.0/24 are in one zone each.
    const spread = of('shop/1', '10.0.0.1', '10.0.0.2', '10.0.1.1', '10.0.1.2');
    assert.deepEqual(told(desire([spread], limits)), []);
    const more = desire([spread, of('shop/2', '10.0.2.1'), of('shop/3', '10.0.1.3')], limits);
    assert.deepEqual(told(more), [`E_QUOTA shop/3 ${name} 3`]);
    assert.match(more.problems[0]?.message ?? '', /needs 3 targets in eu-west-1b/);
    // Out of the VPC: every zone sends to it.
    assert.deepEqual(told(desire([spread, of('shop/2', '192.168.0.1')], limits)), [`E_QUOTA shop/2 ${name} 3`]);
    const Instances = ['i-1', 'i-2', 'i-3'].map((InstanceId) => ({ InstanceId, AvailabilityZone: 'eu-west-1a' }));
    const byInstance = nlb('shop/a', {
      backends: {
        web: backend({
          protocol: 'tcp',
          targetKind: 'instance',
          nodePort: 30080,
          targets: Instances.map(({ InstanceId }) => target(InstanceId, 30080)),
        }),
      },
    });
    assert.deepEqual(told(desire([byInstance], limited({ [name]: 2 }, { Instances }))), [`E_QUOTA shop/a ${name} 3`]);
  });

  it('of network interfaces of the VPC count every subnet of a network load balancer, those of others too', () => {
    const name = 'network-load-balancer-enis-per-vpc';
    const others = { Counts: { NetworkLoadBalancers: 1, NetworkInterfaces: 3 } };
    const wish = limited({ [name]: 9 }, others);
    const [a, b, c] = ['shop/a', 'shop/b', 'shop/c'].map((id, i) => nlb(id, { createdMs: i }));
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const { last, cloud } = converge([a, b], wish);
    assert.deepEqual(told(last), []);
    const more = desire([a, b, c, member('shop/web', 1)], { ...wish, present: cloud.observe() });
    assert.deepEqual(told(more), [`E_QUOTA shop/c ${name} 12`]);
    assert.equal(kindsOf(more.resources, 'LoadBalancer'), 3);
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
