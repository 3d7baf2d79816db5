import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { open, type Pool } from '../../src/alloc/index.ts';
import { claim, stateOf } from './claims.ts';

const problemsOf = (pools: readonly Pool[]) => open(pools).outcome.problems;

describe('ranges of a pool', () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['10.0.0.7', /write 10\.0\.0\.7\/32 for this one address/],
    ['fd00::7', /write fd00::7\/128/],
    ['0.0.0.0/0', /whole family/],
    ['::/0', /whole family/],
    ['0.0.0.0-255.255.255.255', /whole family/],
    ['10.0.0.9-10.0.0.5', /write 10\.0\.0\.5-10\.0\.0\.9/],
    ['10.0.0.5-fd00::1', /same family/],
    ['::ffff:10.0.0.0/120', /mapped/],
    ['::ffff:10.0.0.1-::ffff:10.0.0.9', /mapped/],
    ['::/64', /unspecified|mapped/],
    ['::2-::ffff:ffff:ffff', /mapped/],
    ['10.0.0.0/33', /from 0 to 32/],
    ['010.0.0.0/24', /leading zeros/],
    ['224.0.0.0/24', /multicast/],
    ['ff02::/64', /multicast/],
    ['0.0.0.0/8', /this network/],
    ['255.255.255.254-255.255.255.255', /broadcast/],
    ['10.0.0.1-10.0.0.3-10.0.0.5', /must be a range/],
    ['10.0.0.1-', /last address/],
    ['-10.0.0.1', /first address/],
    ['', /must be a range/],
    ['pool\n-evil', /must be a range/],
  ];
  for (const [text, why] of bad) {
    it(`are refused with pool, entry, value and remedy: ${JSON.stringify(text)}`, () => {
      const [problem, ...others] = problemsOf([
        { name: 'public', ranges: ['192.0.2.0/24', text], source: 'IPAddressPool/m/public' },
      ]);
      assert.deepEqual(others, []);
      assert.equal(problem?.code, 'E_POOL');
      assert.equal(problem.severity, 'error');
      assert.equal(problem.source, 'IPAddressPool/m/public');
      assert.equal(problem.field, 'ranges[1]');
      assert.match(problem.message, /^pool public: ranges\[1\] must /);
      assert.match(problem.message, why);
      assert.doesNotMatch(problem.message, /\n/);
    });
  }

  it('that are refused take nothing from the rest', () => {
    const allocator = open([
      { name: 'public', ranges: ['10.0.0.7', '192.0.2.8/31'] },
      { name: 'other', ranges: [] },
    ]);
    assert.equal(stateOf(allocator.set(claim('a')), 'a'), '192.0.2.8');
    assert.equal(allocator.outcome.problems.length, 2);
  });

  it('are given out as listed, lowest first, every address of a CIDR; host bits and blanks do not count', () => {
    const allocator = open([{ name: 'p', ranges: [' 10.0.9.3/31', '10.0.0.1 - 10.0.0.2 ', '10.0.5.0/32'] }]);
    const given = ['a', 'b', 'c', 'd', 'e'].map((id) => stateOf(allocator.set(claim(id)), id));
    assert.deepEqual(given, ['10.0.9.2', '10.0.9.3', '10.0.0.1', '10.0.0.2', '10.0.5.0']);
    assert.equal(stateOf(allocator.set(claim('f')), 'f'), 'waits: full');
  });

  it('that overlap are told on both sides; the first by name of pool has the addresses, whatever the order', () => {
    const pools = [
      { name: 'b', ranges: ['10.0.0.0/24'] },
      { name: 'a', ranges: ['10.0.0.128-10.0.1.5', '10.0.1.4/31'] },
    ];
    for (const order of [pools, pools.toReversed()]) {
      const problems = problemsOf(order);
      assert.deepEqual(
        problems.map(({ code, field, message }) => [code, field, message]),
        [
          [
            'E_POOL_OVERLAP',
            'ranges[1]',
            'pool a: ranges[1] overlaps 10.0.0.128-10.0.1.5 of pool a (10.0.1.4-10.0.1.5 is in both); cut one of them (is "10.0.1.4/31")',
          ],
          [
            'E_POOL_OVERLAP',
            'ranges[0]',
            'pool b: ranges[0] overlaps 10.0.0.128-10.0.1.5 of pool a (10.0.0.128-10.0.0.255 is in both); cut one of them (is "10.0.0.0/24")',
          ],
        ],
      );
    }
  });

  it('of two pools of one name are those of one of them', () => {
    const problems = problemsOf([
      { name: 'a', ranges: ['10.0.0.0/24'] },
      { name: 'a', ranges: ['10.0.1.0/24'] },
    ]);
    assert.deepEqual(
      problems.map(({ code, field }) => [code, field]),
      [['E_POOL', 'name']],
    );
  });

  it('as large as a /64 cost what is used', () => {
    const allocator = open([{ name: 'p', ranges: ['2001:db8::/64'] }]);
    const last = claim('z', { families: ['ipv6'], list: ['2001:db8::ffff:ffff:ffff:ffff'] });
    assert.equal(stateOf(allocator.set(last), 'z'), '2001:db8::ffff:ffff:ffff:ffff');
    assert.equal(stateOf(allocator.set(claim('a', { families: ['ipv6'] })), 'a'), '2001:db8::');
    allocator.remove('z');
    assert.equal(allocator.usage().get('p')?.available.ipv6, (1n << 63n) - 1n);
    assert.equal(allocator.usage().get('p')?.assigned.ipv6, 1);
  });
});

describe('selectors of a pool', () => {
  it('that cannot be read open it to nobody', () => {
    const pool = {
      name: 'p',
      ranges: ['10.0.0.0/24'],
      allocation: { serviceSelectors: ['not a selector'], priority: -1 },
    };
    const allocator = open([pool]);
    assert.deepEqual(
      allocator.outcome.problems.map(({ field }) => field),
      ['allocation.priority', 'allocation.serviceSelectors[0]'],
    );
    assert.equal(stateOf(allocator.set(claim('a')), 'a'), 'waits: no-pool');
  });
});

describe('selectors of namespaces', () => {
  it('of which nobody knows any open the pool to nobody, and that is told', () => {
    const allocation = { namespaces: [], namespaceSelectors: ['team=a'] };
    const [problem, ...none] = problemsOf([{ name: 'a', ranges: ['10.0.0.0/24'], allocation }]);
    assert.deepEqual(none, []);
    assert.deepEqual([problem?.code, problem?.severity], ['W_FEATURE', 'warning']);
    assert.match(
      problem?.message ?? '',
      /^pool a: allocation\.namespaceSelectors selects nothing: no Namespace is known/,
    );
  });
});

describe('addresses of machines', () => {
  it('in a pool are told, and never given out', () => {
    const reserved = [
      { address: '10.0.0.0', owner: 'node n1' },
      { address: '10.9.9.9', owner: 'the gateway' },
      { address: 'not.an.address', owner: 'node n2' },
    ];
    const allocator = open([{ name: 'p', ranges: ['10.0.0.0/31'] }], new Map(), { reserved });
    const [problem, ...others] = allocator.outcome.problems;
    assert.deepEqual(others, []);
    assert.equal(problem?.code, 'W_POOL_RESERVED');
    assert.match(problem.message, /^pool p: ranges\[0\] contains 10\.0\.0\.0, the address of node n1.*take it out/);
    assert.equal(stateOf(allocator.set(claim('a')), 'a'), '10.0.0.1');
    const asked = allocator.set(claim('b', { list: ['10.0.0.0'] }));
    assert.equal(asked.waiting.get('b')?.code, 'E_ADDRESS_RESERVED');
    assert.match(asked.waiting.get('b')?.message ?? '', /10\.0\.0\.0 is the address of node n1.*another address/);
  });

  it('that a service holds are taken from it, and it gets another', () => {
    const pools = [{ name: 'p', ranges: ['10.0.0.0/31'] }];
    const allocator = open(pools);
    allocator.set(claim('a'));
    const { moved } = allocator.repool(pools, [{ address: '10.0.0.0', owner: 'node n1' }]);
    assert.deepEqual(moved, [{ service: 'a', from: ['10.0.0.0'], to: ['10.0.0.1'] }]);
    const again = allocator.repool(
      pools,
      ['10.0.0.0', '10.0.0.1'].map((address) => ({ address, owner: 'node' })),
    );
    assert.deepEqual(again.moved, [{ service: 'a', from: ['10.0.0.1'], to: [] }]);
    assert.match(again.waiting.get('a')?.message ?? '', /none of its IPv4 addresses may be given out/);
  });
});
