import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Announcing, additionOf, planAcceptance, removalOf } from '../../../../providers/l2/kernel/acceptance.ts';
import type { Link } from '../../../../providers/l2/kernel/interfaces.ts';

const face = (name: string, more: Partial<Announcing> = {}): Announcing => ({
  name,
  index: 2,
  mac: '02:00:5e:00:53:01',
  usable: true,
  port: false,
  addresses: [{ address: '10.0.0.11', prefix: 24 }],
  arpIgnore: 0,
  ipv6: true,
  ...more,
});
const [v4, v6] = ['10.0.0.100', '2001:db8::100'];

function commands(
  vips: readonly string[],
  faces: readonly Announcing[],
  present: { links?: readonly Link[]; routes?: readonly string[]; ours?: readonly string[] } = {},
) {
  const plan = planAcceptance(vips, () => faces, {
    links: present.links ?? faces,
    routes: new Set(present.routes),
    ours: new Set(present.ours),
  });
  return {
    add: plan.add.map((hold) =>
      hold.kind === 'route' ? additionOf(hold) : `${hold.vip}/${hold.prefix} on ${hold.face}`,
    ),
    remove: plan.remove.map(removalOf),
    problems: Object.fromEntries(plan.problems),
  };
}

describe('acceptance of addresses', () => {
  it('is a local route for IPv4 and a deprecated address on each interface for IPv6', () => {
    assert.deepEqual(commands([v4, v6], [face('eth0'), face('eth1')]), {
      add: ['route add local 10.0.0.100 dev lo proto 119', '2001:db8::100/128 on eth0', '2001:db8::100/128 on eth1'],
      remove: [],
      problems: {},
    });
  });

  it('is an address where arp_ignore lets the kernel answer for no other', () => {
    assert.deepEqual(commands([v4], [face('eth0', { arpIgnore: 1 }), face('eth1')]).add, ['10.0.0.100/32 on eth0']);
    assert.deepEqual(commands([v4], [face('eth0', { arpIgnore: 2 })]).add, ['10.0.0.100/24 on eth0']);
    assert.match(
      commands(['10.9.0.1'], [face('eth0', { arpIgnore: 2 })]).problems['10.9.0.1'] ?? '',
      /arp_ignore is 2 on eth0/,
    );
    assert.match(commands([v4], [face('eth0', { arpIgnore: 8 })]).problems[v4] ?? '', /arp_ignore is 8 on eth0/);
  });

  it('uses what others hold, and adds what is missing beside it', () => {
    const ipvs: Link = { ...face('kube-ipvs0'), addresses: [{ address: v4, prefix: 32 }] };
    const links = [face('eth0'), ipvs];
    assert.deepEqual(commands([v4], [face('eth0')], { links }).add, [], 'the kernel answers for kube-ipvs0 on eth0');
    assert.deepEqual(commands([v4], [face('eth0', { arpIgnore: 1 })], { links }).add, ['10.0.0.100/32 on eth0']);
    const own = [face('eth0', { arpIgnore: 1, addresses: [{ address: v4, prefix: 24 }] })];
    assert.deepEqual(
      commands([v4], own),
      { add: [], remove: [], problems: {} },
      'somebody gave it to the interface itself',
    );
  });

  it('takes away what is ours and no longer wanted, and nothing else', () => {
    const links: Link[] = [
      {
        ...face('eth0'),
        addresses: [
          { address: v6, prefix: 128 },
          { address: '2001:db8::200', prefix: 128 },
          { address: '10.0.0.11', prefix: 24 },
        ],
      },
    ];
    const present = { links, routes: [v4, '10.0.0.101'], ours: [`${v6} eth0`] };
    assert.deepEqual(commands([v4], [face('eth0')], present), {
      add: [],
      remove: ['route del local 10.0.0.101 dev lo proto 119', 'address del 2001:db8::100/128 dev eth0'],
      problems: {},
    });
  });

  it('says why an address cannot be taken', () => {
    assert.deepEqual(commands([v4], []).problems, { [v4]: 'there is no interface to announce it on' });
    assert.deepEqual(commands([v6], [face('eth0', { ipv6: false })]).problems, { [v6]: 'IPv6 is disabled on eth0' });
  });
});
