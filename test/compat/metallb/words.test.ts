import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  annotationTable,
  convertConfigMap,
  metallb,
  metricNames,
  prefixes,
  readServiceWords,
  renderLayer2Status,
} from '../../../src/compat/metallb/index.ts';
import { object, read } from './world.ts';

const words = (annotations: Readonly<Record<string, unknown>>, ip?: string) =>
  readServiceWords(new Map(Object.entries(annotations)), ip);

const bad: Readonly<Record<keyof typeof annotationTable, readonly unknown[]>> = {
  'address-pool': ['-x', 'a b', 'a..b', 'a\nb', 7, ['a'], 'x'.repeat(2000)],
  loadBalancerIPs: [
    '192.0.2.1;192.0.2.2',
    '010.0.0.1',
    '::ffff:1.2.3.4',
    'host.test',
    '192.0.2.1,',
    '10.0.0.0/24',
    7,
    {},
  ],
  'allow-shared-ip': ['a\u0000b', 'x'.repeat(2000), true],
  // Written by MetalLB itself, and never read.
  'ip-allocated-from-pool': [],
};

describe('annotations of MetalLB', () => {
  for (const [key, { example }] of Object.entries(annotationTable)) {
    it(`${key}: both prefixes, the new one first`, () => {
      for (const prefix of prefixes) assert.deepEqual(words({ [prefix + key]: example }).findings, []);
      const [now, old] = prefixes;
      const both = words({ [old + key]: 7, [now + key]: example });
      assert.deepEqual([both.refused, both.findings], [false, []]);
    });
  }

  for (const [key, values] of Object.entries(bad)) {
    it(`${key}: what cannot be read is told and stops the Service`, () => {
      for (const value of values) {
        const { refused, findings } = words({ [`metallb.io/${key}`]: value });
        assert.equal(refused, true, JSON.stringify(value));
        assert.deepEqual(
          findings.map(({ name, code }) => `${code} ${name}`),
          [`E_ANNOTATION_VALUE metallb.io/${key}`],
        );
      }
    });
  }

  it('say pool, addresses and share key', () => {
    const { pool, list, shareKey } = words({
      'metallb.io/address-pool': 'public',
      'metallb.universe.tf/loadBalancerIPs': ' 192.0.2.1 , 2001:db8::1',
      'metallb.io/allow-shared-ip': 'any text, really',
    });
    assert.deepEqual([pool, list, shareKey], ['public', ['192.0.2.1', '2001:db8::1'], 'any text, really']);
    assert.deepEqual(words({}, '192.0.2.7').list, ['192.0.2.7']);
    assert.equal(words({ 'metallb.io/allow-shared-ip': '' }).shareKey, undefined);
  });

  it('and spec.loadBalancerIP together are an error', () => {
    const { refused, findings } = words({ 'metallb.io/loadBalancerIPs': '192.0.2.1' }, '192.0.2.1');
    assert.equal(refused, true);
    assert.match(findings[0]?.reason ?? '', /spec\.loadBalancerIP are both given/);
  });

  it('that nobody knows are told, with the likely spelling', () => {
    const { refused, findings } = words({ 'metallb.io/adress-pool': 'x' });
    assert.equal(refused, false);
    assert.match(findings[0]?.reason ?? '', /did you mean "metallb\.io\/address-pool"/);
  });

  it('stand in the reference', () => {
    assert.deepEqual(
      metallb.reference().map(({ name }) => name),
      Object.keys(annotationTable).map((key) => `metallb.io/${key}`),
    );
  });
});

const oldText = `
peers:
- my-asn: 64512
  peer-asn: 64513
  peer-address: 192.0.2.1
  hold-time: 120s
  node-selectors:
  - match-labels: { rack: one }
    match-expressions: [{ key: zone, operator: In, values: [a, b] }]
bgp-communities: { no-advertise: 65535:65282 }
address-pools:
- name: My_Pool
  protocol: layer2
  addresses: [198.51.100.0/25]
  avoid-buggy-ips: true
- name: routed
  protocol: bgp
  addresses: [203.0.113.0/24]
  auto-assign: false
  bgp-advertisements:
  - aggregation-length: 32
    localpref: 100
    communities: [no-advertise]
  - aggregation-length: 24
`;

describe('the ConfigMap of v0.7 to v0.12', () => {
  it('means what the objects of later versions mean', () => {
    const { objects, findings } = convertConfigMap(oldText, 'metallb-system');
    assert.deepEqual(findings, []);
    const { intent, told } = read(objects);
    assert.deepEqual(told, []);
    assert.deepEqual(
      intent.pools.map(({ name, autoAssign, avoidBuggy }) => [name, autoAssign, avoidBuggy]),
      [
        ['my-pool', true, true],
        ['routed', false, false],
      ],
    );
    assert.deepEqual(
      intent.layer2.map(({ pools }) => pools),
      [['my-pool']],
    );
    assert.deepEqual(
      intent.bgp.advertisements.map(({ pools, aggregation, localPref, communities }) => [
        pools,
        aggregation.ipv4,
        localPref,
        communities,
      ]),
      [
        [['routed'], 32, 100, ['65535:65282']],
        [['routed'], 24, undefined, []],
      ],
    );
    const [peer] = intent.bgp.peers;
    assert.deepEqual([peer?.holdMs, peer?.nodeSelectors], [120_000, ['rack=one,zone in (a,b)']]);
  });

  it('with protocol l2 is told: nobody would announce', () => {
    const { objects, findings } = convertConfigMap(oldText.replace('layer2', 'l2'), 'metallb-system');
    assert.match(
      findings.map(({ field, reason }) => `${field} ${reason}`).join(),
      /^address-pools\[0\]\.protocol .*"layer2"/,
    );
    assert.equal(objects.filter(({ type }) => type.endsWith('L2Advertisement')).length, 0);
  });

  it('that is no YAML, or something else, is told', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`;
    for (const text of ['a: [', 'peers: 7', 'a: 1\na: 2', bomb, '[]', 'x', 'adress-pools: []'])
      assert.ok(convertConfigMap(text, 'metallb-system').findings.length > 0, text);
  });
});

describe('what MetalLB shows', () => {
  it('is rendered as it has it', () => {
    const { object: made, status } = renderLayer2Status({
      node: 'n1',
      service: { namespace: 'shop', name: 'web' },
      interfaces: ['eth0'],
      home: 'metallb-system',
      owner: { name: 'weir-1', uid: 'u' },
    });
    assert.deepEqual(status, {
      node: 'n1',
      serviceName: 'web',
      serviceNamespace: 'shop',
      interfaces: [{ name: 'eth0' }],
    });
    assert.match(JSON.stringify(made), /"generateName":"l2-".*"metallb.io\/service-name":"web".*"uid":"u"/);
  });

  it('is measured under names of its own, each once', () => {
    const names = metricNames.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.every((name) => /^metallb_[a-z0-9_]+$/.test(name)));
  });

  it('and objects of other kinds do not meet', () => {
    assert.deepEqual(read([object('Widget', 'x', {})]).told, []);
  });
});
