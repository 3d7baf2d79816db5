import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Claim, open, type Pool } from '../../src/alloc/index.ts';
import { claim, stateOf } from './claims.ts';

const both: Partial<Claim> = { families: ['ipv4', 'ipv6'] };
const prefer: Partial<Claim> = { ...both, familyPolicy: 'prefer' };
const four: Pool = { name: 'a4', ranges: ['10.0.0.0/31'] };
const six: Pool = { name: 'a6', ranges: ['fd00::/127'] };
const dual: Pool = { name: 'dual', ranges: ['10.0.1.0/32', 'fd00:1::/127'] };

describe('a service of two families', () => {
  it('gets both from one pool, in the order of its families', () => {
    const allocator = open([four, six, dual]);
    assert.equal(stateOf(allocator.set(claim('a', { families: ['ipv6', 'ipv4'] })), 'a'), 'fd00:1::,10.0.1.0');
    const { waiting } = allocator.set(claim('b', both));
    assert.equal(waiting.get('b')?.code, 'E_POOL_EXHAUSTED');
    assert.match(waiting.get('b')?.message ?? '', /pool a4 has no IPv6 addresses.*pool dual is full: the only IPv4/);
  });

  it('that prefers both takes a pool with both first, else its first family', () => {
    const allocator = open([four, six, dual]);
    assert.equal(stateOf(allocator.set(claim('a', prefer)), 'a'), '10.0.1.0,fd00:1::');
    assert.equal(stateOf(allocator.set(claim('b', prefer)), 'b'), '10.0.0.0');
    assert.equal(stateOf(allocator.set(claim('c', { ...prefer, families: ['ipv6', 'ipv4'] })), 'c'), 'fd00::');
  });

  it('keeps its first address when the pool gets the other family, and is not moved by another pool that has both', () => {
    const allocator = open([four]);
    assert.equal(stateOf(allocator.set(claim('a', prefer)), 'a'), '10.0.0.0');
    assert.equal(stateOf(allocator.repool([four, dual]), 'a'), '10.0.0.0');
    const { moved, assigned } = allocator.repool([{ ...four, ranges: [...four.ranges, 'fd00::/127'] }, dual]);
    assert.deepEqual([assigned.get('a')?.addresses, moved], [['10.0.0.0', 'fd00::'], []]);
  });

  it('that needs both and has one keeps it, says so, and gets the other when it becomes free', () => {
    const allocator = open([dual]);
    allocator.set(claim('x', { families: ['ipv6'], list: ['fd00:1::'] }));
    allocator.set(claim('y', { families: ['ipv6'], list: ['fd00:1::1'] }));
    allocator.set(claim('a'));
    assert.equal(stateOf(allocator.set(claim('a', both)), 'a'), '10.0.1.0 (full)');
    assert.equal(stateOf(allocator.remove('y'), 'a'), '10.0.1.0,fd00:1::1');
  });

  it('that becomes one of one family keeps the address of that', () => {
    const allocator = open([dual]);
    allocator.set(claim('a', both));
    const { moved } = allocator.set(claim('a', { families: ['ipv6'] }));
    assert.deepEqual(moved, [{ service: 'a', from: ['10.0.1.0', 'fd00:1::'], to: ['fd00:1::'] }]);
    assert.equal(stateOf(allocator.set(claim('b')), 'b'), '10.0.1.0');
  });

  it('asks for exactly one address of each by name, of one pool', () => {
    const allocator = open([four, six, dual]);
    const ask = (list: readonly string[], more = both) => stateOf(allocator.set(claim('a', { ...more, list })), 'a');
    assert.equal(ask(['10.0.1.0']), 'waits: families');
    assert.equal(ask(['10.0.1.0', '10.0.0.0']), 'waits: families');
    assert.equal(ask(['10.0.0.0', 'fd00::']), 'waits: two-pools');
    assert.equal(ask(['FD00:1:0::1', ' 10.0.1.0 ']), '10.0.1.0,fd00:1::1');
    assert.equal(ask(['fd00:1::'], prefer), 'fd00:1::');
  });

  for (const families of [['ipv4'], ['ipv4', 'ipv6'], ['ipv6', 'ipv4']] as const) {
    it(`never goes to and fro, however often its status comes back: ${families.join(' and ')}, both preferred`, () => {
      const allocator = open([four, dual]);
      const asked: Partial<Claim> = { families, familyPolicy: 'prefer' };
      allocator.set(claim('a', asked));
      const first = stateOf(allocator.outcome, 'a');
      for (let pass = 0; pass < 8; pass++) {
        const held = allocator.outcome.assigned.get('a')?.addresses ?? [];
        const { changed } = allocator.set(claim('a', { ...asked, held, labels: { pass: String(pass) } }));
        const again = open([four, dual], new Map([['a', held]]));
        assert.equal(stateOf(again.set(claim('a', { ...asked, held })), 'a'), first);
        assert.equal(changed.size, 0);
      }
    });
  }
});
