import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createText,
  familiesOf,
  markOf,
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

  it('leave out tokens of a family of which there is nothing to guard', () => {
    assert.deepEqual(familiesOf(shape.pools.slice(0, 4)), ['ipv4']);
    assert.deepEqual(familiesOf(shape.pools), ['ipv4', 'ipv6']);
  });

  it('never have mark 0, which a packet without a token has', () => {
    for (const token of [1, 0xffff_ffff, 0x1_0000_0000, 0x1_ffff_fffe + 1]) assert.notEqual(markOf(token), 0);
    assert.equal(markOf(0x1_0000_0000), 1);
  });

  it('make tables of one incarnation in one line', () => {
    const text = createText({ inc: 7, ...shape, token: undefined, owned: [] });
    assert.doesNotMatch(text, /\n/);
    assert.equal(tableInc(tableName(7)), 7);
    for (const foreign of ['weir', 'weir-', 'weir-7x', 'weird-7', 'filter']) assert.equal(tableInc(foreign), undefined);
  });
});
