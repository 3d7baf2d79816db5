import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { open, type Pool, type PoolAllocation } from '../../src/alloc/index.ts';
import { claim, stateOf } from './claims.ts';

const pool = (name: string, ranges: string, allocation?: PoolAllocation): Pool => ({
  name,
  ranges: [ranges],
  ...(allocation === undefined ? {} : { allocation }),
});

describe('which pool a service gets its address from', () => {
  const pools = [
    pool('plain', '10.0.0.0/32'),
    pool('last', '10.0.1.0/32', {}),
    pool('second', '10.0.2.0/32', { priority: 2, namespaces: ['shop'] }),
    pool('first', '10.0.3.0/32', { priority: 1, serviceSelectors: ['tier in (web, api)'] }),
    { ...pool('named', '10.0.4.0/32', { priority: 1 }), autoAssign: false },
  ];

  it('pinned ones by priority, 0 the last of them, then the others; one that must be named never by itself', () => {
    const allocator = open(pools);
    const web = { labels: { tier: 'web' } };
    const given = ['a', 'b', 'c', 'd', 'e'].map((id) => stateOf(allocator.set(claim(id, web)), id));
    assert.deepEqual(given, ['10.0.3.0', '10.0.2.0', '10.0.1.0', '10.0.0.0', 'waits: full']);
    assert.equal(stateOf(allocator.set(claim('f', { pool: 'named' })), 'f'), '10.0.4.0');
  });

  it('only those that admit its namespace and its labels', () => {
    const allocator = open(pools);
    assert.equal(stateOf(allocator.set(claim('a')), 'a'), '10.0.2.0');
    assert.equal(stateOf(allocator.set(claim('b', { namespace: 'bank' })), 'b'), '10.0.1.0');
  });

  it('the one that it names and no other, full or not', () => {
    const allocator = open(pools);
    allocator.set(claim('a', { pool: 'plain' }));
    const { waiting } = allocator.set(claim('b', { pool: 'plain' }));
    assert.equal(waiting.get('b')?.code, 'E_POOL_EXHAUSTED');
    assert.match(
      waiting.get('b')?.message ?? '',
      /^pool plain is full: the only IPv4 address that it may give out is held; add a range/,
    );
  });

  it('and says why none does', () => {
    const allocator = open(pools);
    const why = (id: string, more: Parameters<typeof claim>[1]) => {
      const { code, rule, message } = allocator.set(claim(id, more)).waiting.get(id) ?? {};
      return `${code} ${rule} ${message}`;
    };
    assert.match(
      why('a', { pool: 'nowhere' }),
      /^E_POOL_UNKNOWN unknown-pool pool nowhere does not exist; there are first, /,
    );
    assert.match(
      why('b', { pool: 'second', namespace: 'bank' }),
      /^E_POOL_DENIED namespace pool second is open to shop, not to namespace bank; add/,
    );
    assert.match(
      why('c', { pool: 'first' }),
      /^E_POOL_DENIED labels pool first is open to services with other labels; give/,
    );
    assert.match(
      why('d', { families: ['ipv6'] }),
      /^E_POOL_FAMILY no-family .*pool second has no IPv6 addresses; add a range of IPv6/,
    );
    assert.match(why('e', { list: ['10.9.9.9'] }), /^E_ADDRESS_OUTSIDE outside 10\.9\.9\.9 lies in no pool; add it/);
    assert.match(
      why('f', { list: ['10.0.2.0'], namespace: 'bank' }),
      /^E_POOL_DENIED namespace 10\.0\.2\.0: pool second is open to shop/,
    );
    assert.match(
      why('g', { list: ['10.0.2.0'], pool: 'plain' }),
      /^E_ADDRESS_OUTSIDE other-pool .*pool plain is asked for too/,
    );
    assert.match(why('h', { list: ['010.0.2.0'] }), /^E_ADDRESS syntax 010\.0\.2\.0 .*leading zeros/);
    assert.match(why('i', { list: ['fd00::1'] }), /^E_ADDRESS_FAMILY families fd00::1 .*exactly one IPv4 address/);
    assert.match(why('j', { list: ['10.0.0.0', '10.0.1.0'] }), /^E_ADDRESS_FAMILY families /);
    const closed = open([{ ...pool('p', '10.0.0.0/24'), autoAssign: false }]);
    assert.match(
      closed.set(claim('a')).waiting.get('a')?.message ?? '',
      /pool p gives addresses only to services that name it\. Name a pool/,
    );
    assert.match(open([]).set(claim('a')).waiting.get('a')?.message ?? '', /there is no pool; create one/);
  });

  it('never one that ends in .0 or .255 where the pool avoids them, asked for or not', () => {
    const allocator = open([{ name: 'p', ranges: ['10.0.0.254-10.0.1.1', 'fd00::/128'], avoidBuggy: true }]);
    const given = ['a', 'b', 'c'].map((id) => stateOf(allocator.set(claim(id)), id));
    assert.deepEqual(given, ['10.0.0.254', '10.0.1.1', 'waits: full']);
    const asked = allocator.set(claim('d', { list: ['10.0.1.0'] })).waiting.get('d');
    assert.equal(asked?.code, 'E_ADDRESS_RESERVED');
    assert.match(asked.message, /ends in \.0 or \.255, which pool p avoids/);
    assert.equal(stateOf(allocator.set(claim('e', { families: ['ipv6'] })), 'e'), 'fd00::');
  });
});

describe('what becomes free', () => {
  it('goes to the oldest that waits; whoever waits never takes what another holds, in whatever order they are read again', () => {
    const pools = [pool('p', '10.0.0.0/31')];
    const allocator = open(pools);
    for (const [i, id] of ['a', 'b', 'young', 'old'].entries())
      allocator.set(claim(id, { bornMs: id === 'old' ? 0 : 10 + i }));
    const held = new Map([...allocator.outcome.assigned].map(([id, { addresses }]) => [id, addresses]));
    const again = open(pools, held);
    for (const id of ['old', 'young', 'b', 'a']) again.set(claim(id, { bornMs: id === 'old' ? 0 : 10 }));
    assert.deepEqual(
      ['a', 'b', 'old', 'young'].map((id) => stateOf(again.complete(), id)),
      ['10.0.0.0', '10.0.0.1', 'waits: full', 'waits: full'],
    );
    assert.equal(stateOf(allocator.remove('a'), 'old'), '10.0.0.0');
    assert.equal(stateOf(allocator.outcome, 'young'), 'waits: full');
  });

  it('because a service that held it never came back, is given away when all have been read', () => {
    const allocator = open([pool('p', '10.0.0.0/32')], new Map([['gone', ['10.0.0.0']]]));
    const before = allocator.set(claim('a', { list: ['10.0.0.0'] })).waiting.get('a');
    assert.deepEqual([before?.code, before?.rule, before?.holder], ['E_ADDRESS_TAKEN', 'unread', 'gone']);
    assert.equal(stateOf(allocator.complete(), 'a'), '10.0.0.0');
  });
});
