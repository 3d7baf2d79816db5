import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  armText,
  createText,
  familiesOf,
  ownText,
  readClaims,
  shapeText,
  tableInc,
  tableName,
} from '../../../../providers/l2/kernel/gate-text.ts';

const shape = {
  pools: [
    { first: '10.0.0.5', last: '10.0.0.9' },
    { first: '10.0.0.1', last: '10.0.0.4' },
    { first: '10.0.0.7', last: '10.0.0.7' },
    { first: '10.0.1.1', last: '10.0.1.1' },
    { first: '2001:db8::1', last: '2001:db8::ff' },
  ],
  interfaces: ['eth0', 'eth1.5'],
  bound: [
    ['10.0.0.2', ['eth0']],
    ['2001:db8::2', []],
  ] as const,
};

describe('the words of the gates', () => {
  it('join ranges that touch or overlap, a family each', () => {
    const text = shapeText(7, shape);
    assert.match(text, /add element arp weir-7 pool \{ 10\.0\.0\.1-10\.0\.0\.9, 10\.0\.1\.1 \}/);
    assert.match(
      text,
      /add element ip6 weir-7 pool \{ 0x20010db8000000000000000000000001-0x20010db80000000000000000000000ff \}/,
    );
    assert.match(text, /flush set arp weir-7 faces; add element arp weir-7 faces \{ "eth0", "eth1\.5" \}/);
  });

  it('bind addresses to interfaces, to none where there is none', () => {
    const text = shapeText(7, shape);
    assert.match(text, /add element arp weir-7 limited \{ 10\.0\.0\.2 \}/);
    assert.match(text, /add element arp weir-7 bound \{ 10\.0\.0\.2 \. "eth0" \}/);
    assert.match(text, /add element ip6 weir-7 limited \{ 0x20010db8000000000000000000000002 \}/);
    assert.match(text, /flush set ip6 weir-7 bound$/);
  });

  it('say a difference of the owned addresses, or all of them', () => {
    const before = new Set(['10.0.0.1', '10.0.0.2', '2001:db8::1']);
    const owned = new Set(['10.0.0.2', '10.0.0.3', '2001:db8::1']);
    assert.equal(
      ownText(7, undefined, owned, before),
      'delete element arp weir-7 owned { 10.0.0.1 }; add element arp weir-7 owned { 10.0.0.3 }',
    );
    assert.equal(ownText(7, undefined, owned, owned), '');
    assert.equal(
      ownText(7, undefined, owned, undefined),
      'flush set arp weir-7 owned; add element arp weir-7 owned { 10.0.0.2, 10.0.0.3 }; flush set ip6 weir-7 owned; add element ip6 weir-7 owned { 0x20010db8000000000000000000000001 }',
    );
  });

  it('of a renewal are as many for one address as for a thousand', () => {
    const owned = new Set(Array.from({ length: 1000 }, (_, at) => `10.0.${at >> 8}.${at & 255}`));
    assert.equal(ownText(7, 12, owned, owned), ownText(7, 12, new Set(['10.0.0.1']), new Set(['10.0.0.1'])));
  });

  it('of a token speak of the families in use only', () => {
    assert.deepEqual(familiesOf(shape.pools.slice(0, 4)), ['ipv4']);
    assert.equal(armText(7, 12, 300, ['ipv4']), 'add element arp weir-7 armed { 12 timeout 300ms }');
    assert.equal(
      ownText(7, 12, new Set(), new Set(), ['ipv4']),
      'flush map arp weir-7 cur; add element arp weir-7 cur { request : 12 }',
    );
  });

  it('never arm mark 0, which a packet without a token has', () => {
    for (const token of [1, 0xffff_ffff, 0x1_0000_0000, 0x1_ffff_fffe + 1]) {
      assert.doesNotMatch(armText(7, token, 300), /armed \{ 0 /, String(token));
    }
    assert.match(armText(7, 0x1_0000_0000, 300), /armed \{ 1 timeout 300ms \}/);
  });

  it('of those who claim what is owned here are read back', () => {
    const [arp, ip6] = [
      'elements = { 10.0.0.1 . 02:00:5e:00:53:02 timeout 10s expires 9s, 10.0.0.2 . 02:00:5e:00:53:03 timeout 10s expires 1s }',
      'elements = { 0x20010db8000000000000000000000001 . 02:00:5e:00:53:04 timeout 10s expires 9s816ms }',
    ];
    assert.deepEqual(readClaims(`table arp weir-7 { set claims { type ipv4_addr . ether_addr; ${arp} } } ${ip6}`), [
      { vip: '10.0.0.1', mac: '02:00:5e:00:53:02' },
      { vip: '10.0.0.2', mac: '02:00:5e:00:53:03' },
      { vip: '2001:db8::1', mac: '02:00:5e:00:53:04' },
    ]);
  });

  it('make tables of one incarnation in one line', () => {
    const text = createText({ inc: 7, ...shape, token: undefined, owned: [] });
    assert.doesNotMatch(text, /\n/);
    assert.equal(tableInc(tableName(7)), 7);
    for (const foreign of ['weir', 'weir-', 'weir-7x', 'weird-7', 'filter']) assert.equal(tableInc(foreign), undefined);
  });
});
