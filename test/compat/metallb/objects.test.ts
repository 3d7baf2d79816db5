import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readMetallb } from '../../../src/compat/metallb/index.ts';
import { object, read } from './world.ts';

type Spec = Readonly<Record<string, unknown>>;

interface Case {
  readonly kind: string;
  /** One that is right. */
  readonly good: Spec;
  /** What is put over it → what is told. */
  readonly bad: readonly (readonly [Spec, RegExp])[];
}

const selector = (...expressions: readonly Spec[]) => ({ matchExpressions: expressions });

const cases: readonly Case[] = [
  {
    kind: 'IPAddressPool',
    good: { addresses: ['192.0.2.0/24'], serviceAllocation: { priority: 5, namespaces: ['a', 'b'] } },
    bad: [
      [{ addresses: undefined }, /^E_FIELD_MISSING x spec\.addresses is missing/],
      [{ addresses: null }, /^E_FIELD_MISSING x spec\.addresses is missing/],
      [{ addresses: [] }, /spec\.addresses must have at least one entry/],
      [{ addresses: '192.0.2.0/24' }, /^E_FIELD_TYPE x spec\.addresses must be a list/],
      [{ addresses: [7] }, /spec\.addresses\[0\] must be a text/],
      [{ autoAssign: 'no' }, /spec\.autoAssign must be true or false/],
      [{ avoidBuggyIPs: 1 }, /spec\.avoidBuggyIPs must be true or false/],
      [{ autoassign: false }, /^E_FIELD_UNKNOWN x spec\.autoassign is not known .*did you mean "autoAssign"/],
      [{ serviceAllocation: { namespaces: ['a', 'a'] } }, /namespaces\[1\] is named twice/],
      [{ serviceAllocation: { priority: -1 } }, /priority must be at least 0/],
      [{ serviceAllocation: { priority: 1.5 } }, /priority must be a whole number/],
      [
        { serviceAllocation: { serviceSelectors: [selector({ key: 'a', operator: 'Is' })] } },
        /operator must be one of/,
      ],
      [
        { serviceAllocation: { serviceSelectors: [selector({ key: 'a', operator: 'In' })] } },
        /values must have a value/,
      ],
      [
        { serviceAllocation: { serviceSelectors: [selector({ key: 'a', operator: 'Exists', values: ['b'] })] } },
        /values must be empty/,
      ],
      [{ serviceAllocation: { namespaceSelectors: [{ matchLabels: { 'a b': 'c' } }] } }, /labels can have/],
      [{ serviceAllocation: { serviceSelectors: [{ matchLabels: { a: 'b,c' } }] } }, /labels can have/],
      [
        { serviceAllocation: { serviceSelectors: [selector({ key: 'a', operator: 'In', values: ['b)'] })] } },
        /can have/,
      ],
    ],
  },
  {
    kind: 'L2Advertisement',
    good: {
      ipAddressPoolSelectors: [{}],
      interfaces: ['eth0'],
      nodeSelectors: [{ matchLabels: { rack: '1' } }],
      preferredNodeSelectors: [{ weight: 100, preference: { matchLabels: { zone: 'a' } } }],
    },
    bad: [
      [{ ipAddressPools: ['none'] }, /^W_FEATURE x spec\.ipAddressPools\[0\] names a pool that does not exist/],
      [{ interfaces: ['eth0', 'eth0'] }, /interfaces\[1\] is named twice/],
      [{ interfaces: ['eth0\n'] }, /interfaces\[0\] must not have control characters/],
      [{ preferredNodeSelectors: [{ weight: 0, preference: {} }] }, /weight must be at least 1/],
      [{ preferredNodeSelectors: [{ weight: 101, preference: {} }] }, /weight must be at most 100/],
      [{ preferredNodeSelectors: [{ weight: 1 }] }, /preference is missing/],
    ],
  },
  {
    kind: 'BGPPeer',
    good: { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1', holdTime: '90s' },
    bad: [
      [{ myASN: 0 }, /spec\.myASN must be at least 1/],
      [{ peerASN: undefined }, /spec\.peerASN or dynamicASN must be given/],
      [{ dynamicASN: 'external' }, /exactly one/],
      [{ peerASN: undefined, dynamicASN: 'both' }, /must be one of internal, external/],
      [{ peerAddress: undefined }, /spec\.peerAddress or interface must be given/],
      [{ interface: 'eth0' }, /spec\.interface cannot stand beside peerAddress/],
      [{ peerAddress: '010.0.0.1' }, /spec\.peerAddress must be an IPv4 or IPv6 address/],
      [{ sourceAddress: '2001:db8::1' }, /spec\.sourceAddress must be of the family/],
      [{ routerID: '2001:db8::1' }, /spec\.routerID must be an IPv4 address/],
      [{ peerPort: 16_385 }, /spec\.peerPort must be at most 16384/],
      [{ holdTime: '2s' }, /spec\.holdTime must be 0s or at least 3s/],
      [{ holdTime: '10' }, /spec\.holdTime must be a duration/],
      [{ keepaliveTime: '91s' }, /spec\.keepaliveTime must not be longer/],
      [{ connectTime: '500ms' }, /spec\.connectTime must be whole seconds/],
      [{ password: 'x', passwordSecret: { name: 's' } }, /spec\.passwordSecret cannot stand beside password/],
      [{ peerASN: 64512, ebgpMultiHop: true }, /spec\.ebgpMultiHop has no meaning/],
      [{ bfdProfile: 'none' }, /^W_FEATURE x spec\.bfdProfile names a BFDProfile that does not exist/],
    ],
  },
  {
    kind: 'BFDProfile',
    good: { receiveInterval: 300, detectMultiplier: 3, minimumTtl: 254 },
    bad: [
      [{ receiveInterval: 9 }, /must be at least 10/],
      [{ transmitInterval: 60_001 }, /must be at most 60000/],
      [{ detectMultiplier: 1 }, /must be at least 2/],
      [{ minimumTtl: 255 }, /must be at most 254/],
      [{ echoMode: 'on' }, /must be true or false/],
    ],
  },
  {
    kind: 'BGPAdvertisement',
    good: { aggregationLength: 32, communities: ['65000:1', 'large:1:2:3'], localPref: 100 },
    bad: [
      [{ aggregationLength: 33 }, /must be at most 32/],
      [{ aggregationLengthV6: 0 }, /must be at least 1/],
      [{ communities: ['65536:1'] }, /^W_FEATURE x spec\.communities\[0\] is no alias/],
      [{ aggregationLength: 24, serviceSelectors: [{}] }, /serviceSelectors cannot stand beside an aggregation/],
    ],
  },
  {
    kind: 'Community',
    good: { communities: [{ name: 'no-export', value: '65535:65281' }] },
    bad: [
      [{ communities: [{ name: 'a', value: '1:2:3' }] }, /communities\[0\]\.value must be 65000:100/],
      [{ communities: [{ value: '1:2' }] }, /communities\[0\]\.name is missing/],
      [
        {
          communities: [
            { name: 'a', value: '1:2' },
            { name: 'a', value: '1:3' },
          ],
        },
        /communities\[1\]\.name is the alias of another/,
      ],
    ],
  },
];

describe('the objects of MetalLB', () => {
  for (const { kind, good, bad } of cases) {
    it(`${kind}: what is right is read without a word; what is wrong is told with its field`, () => {
      assert.deepEqual(read([object(kind, 'x', good)]).told, []);
      for (const [over, told] of bad) {
        const found = read([object(kind, 'x', { ...good, ...over })]).told;
        assert.match(found.join('\n'), told, JSON.stringify(over));
      }
    });

    it(`${kind}: values of any shape are findings, never a throw`, () => {
      const hostile = [null, 7, 'x', [], {}, { length: 3 }, JSON.parse('{"__proto__": {"x": 1}}'), '\u0000', 1e300, -0];
      for (const spec of hostile) read([object(kind, 'x', spec)]);
      for (const key of Object.keys(good))
        for (const value of hostile) read([object(kind, 'x', { ...good, [key]: value })]);
    });
  }

  it('outside the namespace of MetalLB are not used', () => {
    const { intent, told } = read([
      object('IPAddressPool', 'x', { addresses: ['192.0.2.0/24'] }, { namespace: 'shop' }),
    ]);
    assert.deepEqual(intent.pools, []);
    assert.match(told.join(), /^E_FIELD_VALUE x metadata\.namespace is not where the objects of MetalLB stand/);
  });

  it('for which nobody here announces are told', () => {
    const objects = [object('L2Advertisement', 'l2', {}), object('BGPPeer', 'p', cases[2]?.good)];
    const options = { namespaces: [], announces: ['layer2'] as const, placeOf: () => ({}) };
    const { findings } = readMetallb(objects, options);
    assert.deepEqual(
      findings.map(({ about, code }) => `${about.meta.name} ${code}`),
      ['p W_FEATURE'],
    );
  });
});

describe('a pool of MetalLB', () => {
  it('is read with its selectors as text, and those of namespaces resolved to names', () => {
    const spec = {
      addresses: ['192.0.2.0/24', '2001:db8::1-2001:db8::9'],
      autoAssign: false,
      serviceAllocation: {
        namespaces: ['z'],
        namespaceSelectors: [
          { matchLabels: { team: 'shop' } },
          selector({ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['c'] }),
        ],
        serviceSelectors: [
          {
            matchLabels: { tier: 'web', gone: '' },
            ...selector(
              { key: 'a', operator: 'In', values: ['x', 'y'] },
              { key: 'b', operator: 'NotIn', values: ['z'] },
              { key: 'c', operator: 'Exists' },
              { key: 'd', operator: 'DoesNotExist' },
            ),
          },
        ],
      },
    };
    const namespaces = [
      { name: 'a', labels: { team: 'shop' } },
      { name: 'b', labels: { team: 'other' } },
      { name: 'c', labels: {} },
    ];
    const { intent, told } = read([object('IPAddressPool', 'public', spec)], namespaces);
    assert.deepEqual(told, []);
    const [pool] = intent.pools;
    assert.deepEqual(
      { ...pool, fields: undefined },
      {
        name: 'public',
        ranges: spec.addresses,
        autoAssign: false,
        avoidBuggy: false,
        byRule: true,
        allocation: {
          priority: 0,
          namespaces: ['a', 'c', 'z'],
          serviceSelectors: ['tier=web,gone=,a in (x,y),b notin (z),c,!d'],
        },
        source: 'IPAddressPool/metallb-system/public',
        fields: undefined,
      },
    );
  });

  it('whose selectors of namespaces meet nobody, because none is known, stays closed and keeps them for who knows some', () => {
    const serviceAllocation = { namespaceSelectors: [{ matchLabels: { team: 'a' } }] };
    const { intent, told } = read([object('IPAddressPool', 'x', { addresses: ['192.0.2.0/24'], serviceAllocation })]);
    const { namespaces, namespaceSelectors } = intent.pools[0]?.allocation ?? {};
    assert.deepEqual([namespaces, namespaceSelectors, told], [[], ['team=a'], []]);
  });
});

describe('advertisements', () => {
  const pools = [
    object(
      'IPAddressPool',
      'a',
      { addresses: ['192.0.2.0/24', '198.51.100.4-198.51.100.9'] },
      { labels: { net: 'x' } },
    ),
    object('IPAddressPool', 'b', { addresses: ['2001:db8::/64'] }),
  ];

  it('name pools, or select them by their labels', () => {
    const all = [
      object('L2Advertisement', 'all', {}),
      object('L2Advertisement', 'both', {
        ipAddressPools: ['b'],
        ipAddressPoolSelectors: [{ matchLabels: { net: 'x' } }],
      }),
    ];
    const { intent } = read([...pools, ...all]);
    assert.deepEqual(
      intent.layer2.map(({ name, pools: of }) => [name, of]),
      [
        ['all', undefined],
        ['both', ['a', 'b']],
      ],
    );
  });

  it('go on naming a pool that has gone: addresses out of it are kept and go by them', () => {
    const { intent, told } = read([
      ...pools.slice(1),
      object('L2Advertisement', 'all', { ipAddressPools: ['a', 'b'] }),
      object('L2Advertisement', 'gone', { ipAddressPools: ['a'] }),
    ]);
    assert.deepEqual(
      intent.layer2.map(({ pools: of }) => of),
      [['b', 'a'], ['a']],
    );
    assert.match(told.join(), /all spec\.ipAddressPools\[0\] names a pool that does not exist; there are b/);
  });

  it('are not wider than what their pools have', () => {
    const lengths = (more: Spec) => read([...pools, object('BGPAdvertisement', 'x', more)]).told;
    assert.deepEqual(lengths({ aggregationLength: 30, ipAddressPools: ['a'] }), []);
    assert.match(
      lengths({ aggregationLength: 29 }).join(),
      /aggregationLength is wider than 198\.51\.100\.4-.*at least 30/,
    );
    assert.match(lengths({ aggregationLengthV6: 63 }).join(), /aggregationLengthV6 is wider than 2001:db8::\/64/);
  });

  it('of the same addresses to the same peers agree on the local preference', () => {
    const one = object('BGPAdvertisement', 'one', { localPref: 100, peers: ['p'] });
    const other = (more: Spec) => read([...pools, one, object('BGPAdvertisement', 'two', more)]);
    assert.deepEqual(other({ localPref: 200, peers: ['q'] }).told, []);
    const { told, intent } = other({ localPref: 200 });
    assert.match(told.join(), /two spec\.localPref differs from that of BGPAdvertisement one/);
    assert.deepEqual(
      intent.bgp.advertisements.map(({ name }) => name),
      ['one'],
    );
  });

  it('take aliases of communities from everywhere, each alias once', () => {
    const { intent, told } = read([
      object('Community', 'c', { communities: [{ name: 'up', value: '65000:7' }] }),
      object('Community', 'd', { communities: [{ name: 'up', value: '65000:8' }] }),
      object('BGPAdvertisement', 'x', { communities: ['up'] }),
    ]);
    assert.deepEqual(intent.bgp.advertisements[0]?.communities, ['65000:7']);
    assert.match(told.join(), /^E_FIELD_VALUE d spec\.communities\[0\]\.name is the alias/);
  });
});

describe('peers', () => {
  const peer = (name: string, more: Spec = {}) =>
    object('BGPPeer', name, { myASN: 64512, peerASN: 64513, peerAddress: '192.0.2.1', ...more });

  it('of one node are one router', () => {
    const beside = (more: Spec) => read([peer('a'), peer('b', { peerAddress: '192.0.2.2', ...more })]).told.join();
    assert.equal(beside({}), '');
    assert.match(beside({ routerID: '10.0.0.1' }), /b spec\.routerID differs from that of BGPPeer a/);
    assert.match(beside({ myASN: 7 }), /b spec\.myASN differs/);
    assert.equal(beside({ myASN: 7, vrf: 'red' }), '');
    assert.match(beside({ peerAddress: '192.0.2.1' }), /b spec\.peerAddress is that of BGPPeer a too/);
  });

  it('have hold and keepalive times that follow from each other', () => {
    const times = (more: Spec) => {
      const [one] = read([peer('a', more)]).intent.bgp.peers;
      return [one?.holdMs, one?.keepaliveMs];
    };
    assert.deepEqual(times({}), [90_000, 30_000]);
    assert.deepEqual(times({ holdTime: '30s' }), [30_000, 10_000]);
    assert.deepEqual(times({ keepaliveTime: '5s' }), [15_000, 5_000]);
    assert.deepEqual(times({ holdTime: '0s' }), [0, 0]);
  });

  it('do not keep a password, and refuse echo with IPv6', () => {
    const profile = object('BFDProfile', 'fast', { echoMode: true });
    const pool = object('IPAddressPool', 'six', { addresses: ['2001:db8::/64'] });
    const all = [profile, pool, peer('a', { password: 'hidden', bfdProfile: 'fast' })];
    const { intent, told } = read([...all, object('BGPAdvertisement', 'x', { peers: ['b'] })]);
    assert.equal(told.join(), '');
    assert.ok(!JSON.stringify(intent.bgp.peers).includes('hidden'));
    assert.match(read([...all, object('BGPAdvertisement', 'x', {})]).told.join(), /bfdProfile has echoMode/);
  });
});
