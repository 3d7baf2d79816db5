import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Addresses } from '../../src/app/addresses.ts';
import { createGather } from '../../src/app/gather.ts';
import { takersOf } from '../../src/app/render.ts';
import { configSchema } from '../../src/config/index.ts';
import type { AddressRequest, ExportedService, Pool, ServiceId, Snapshot } from '../../src/model/index.ts';
import { tcpService } from '../conformance/services.ts';

interface Parts {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly record?: Readonly<Record<ServiceId, readonly string[]>>;
}

const pool = { name: 'p', ranges: ['192.0.2.0/30'] };
const files = { type: 'file', paths: ['a'] };

/** One weir, as far as addresses go: `see` is what its sources say. */
function stage({ config = {}, record: written = {} }: Parts = {}) {
  const parsed = configSchema.parse({
    sources: [{ type: 'kubernetes' }, files],
    balancers: [{ name: 'edge', provider: 'haproxy', fromPools: true }],
    pools: [pool],
    ...config,
  });
  const gather = createGather(parsed.balancers);
  let held: ReadonlyMap<ServiceId, readonly string[]> = new Map(Object.entries(written));
  const record = {
    get held() {
      return held;
    },
    async put(now: typeof held) {
      held = now;
    },
  };
  let following = false;
  const addresses = new Addresses({
    config: parsed,
    record,
    follows: () => following,
    failed: (error) => assert.fail(String(error)),
  });
  return {
    record,
    usage: () => addresses.usage(),
    follow: (now: boolean) => {
      following = now;
    },
    see(services: readonly ExportedService[], more: Partial<Snapshot> = {}) {
      const snapshot = { services, nodes: [], problems: [], incomplete: [], ...more };
      return addresses.of(gather([snapshot]), [snapshot], snapshot.incomplete.length === 0);
    },
  };
}

/** A Service of type LoadBalancer of a cluster. */
function ofCluster(name: string, held: readonly string[] = [], address: Partial<AddressRequest> = {}): ExportedService {
  const made = tcpService(`shop/${name}`, 80, []);
  const origin = { ...made.origin, source: 'kubernetes', kind: 'Service', namespace: 'shop', name };
  return { ...made, origin, address: { families: ['ipv4'], fromPool: [], held, ...address } };
}

/** One of a file. */
function ofFile(name: string, address: Partial<AddressRequest> = { pool: 'p' }): ExportedService {
  const made = tcpService(`shop/${name}`, 80, []);
  const origin = { ...made.origin, source: 'files', namespace: 'shop', name, file: 'a.yaml' };
  return { ...made, origin, address: { families: ['ipv4'], held: [], ...address } };
}

const given = ({ taken }: ReturnType<ReturnType<typeof stage>['see']>) =>
  (taken.get('edge') ?? []).map(({ id, address }) => `${id} ${address?.list?.join() ?? '-'}`);
const codes = ({ problems }: ReturnType<ReturnType<typeof stage>['see']>) =>
  problems.map(({ code, service }) => `${code} ${service ?? ''}`);

describe('addresses out of pools', () => {
  it('go to who asks, and who has none is not served, with the reason', () => {
    const { see } = stage({ config: { pools: [{ name: 'p', ranges: ['192.0.2.0/31'] }] } });
    const plain = tcpService('shop/plain', 81, []);
    const seen = see([ofCluster('a'), plain, ofFile('b'), ofCluster('c')]);
    assert.deepEqual(given(seen), ['shop/a 192.0.2.0', 'shop/plain -', 'shop/b 192.0.2.1']);
    assert.deepEqual(codes(seen), ['E_POOL_EXHAUSTED shop/c']);
    assert.deepEqual(takersOf(seen).get('shop/c'), ['edge'], 'it waits for an address, not for a balancer');
    assert.deepEqual([...(seen.waiting?.keys() ?? [])], ['shop/c']);
    assert.deepEqual(
      [...(seen.addresses ?? [])],
      [
        ['shop/a', ['192.0.2.0']],
        ['shop/b', ['192.0.2.1']],
      ],
    );
    assert.equal(seen.services.find(({ id }) => id === 'shop/a')?.address?.list?.[0], '192.0.2.0');
  });

  it('are counted by pool and family while this weir gives them', () => {
    const { see, usage, follow } = stage({
      config: { pools: [{ name: 'p', ranges: ['192.0.2.0/30', '2001:db8::/64'] }] },
    });
    const services = [ofCluster('a'), ofCluster('b', [], { families: ['ipv4', 'ipv6'] })];
    see(services);
    assert.deepEqual(usage(), [
      { name: 'p', assigned: { ipv4: 2, ipv6: 1 }, available: { ipv4: 2, ipv6: Number(2n ** 63n) } },
    ]);
    follow(true);
    see(services);
    assert.deepEqual(usage(), []);
  });

  it('are a matter of balancers that say so', () => {
    const { see } = stage({ config: { balancers: [{ name: 'edge', provider: 'haproxy' }] } });
    const service = ofCluster('a');
    const seen = see([service]);
    assert.equal(seen.taken.get('edge')?.[0], service);
    assert.equal(seen.addresses, undefined);
  });

  it('are the same objects while nothing changes', () => {
    const { see } = stage();
    const services = [ofCluster('a'), ofFile('b')];
    const [first, second] = [see(services), see(services)];
    assert.equal(first.taken.get('edge'), second.taken.get('edge'));
    assert.equal(first.services, second.services);
  });

  it('stay over a restart: by the status in a cluster, by the record elsewhere', () => {
    const one = stage();
    one.see([ofCluster('a'), ofFile('b'), ofFile('c')]);
    assert.deepEqual([...one.record.held.keys()], ['shop/a', 'shop/b', 'shop/c'], 'its status does not say it yet');
    one.see([ofCluster('a', ['192.0.2.0']), ofFile('b'), ofFile('c')]);
    assert.deepEqual(
      [...one.record.held],
      [
        ['shop/b', ['192.0.2.1']],
        ['shop/c', ['192.0.2.2']],
      ],
    );
    one.see([ofCluster('a', ['192.0.2.0']), ofFile('c')]);
    assert.deepEqual([...one.record.held.keys()], ['shop/c']);
    const next = stage({ record: Object.fromEntries(one.record.held) });
    const seen = next.see([ofFile('new'), ofFile('c'), ofCluster('a', ['192.0.2.3'])]);
    assert.deepEqual(given(seen), ['shop/new 192.0.2.0', 'shop/c 192.0.2.2', 'shop/a 192.0.2.3']);
    // What stands in a file somebody has written: it does not take what a cluster has given.
    const both = stage().see([ofFile('x', { pool: 'p', held: ['192.0.2.1'] }), ofCluster('a', ['192.0.2.1'])]);
    assert.deepEqual(given(both), ['shop/x 192.0.2.0', 'shop/a 192.0.2.1']);
  });

  it('that no status says yet stay too, as between two runs of apply, which write none', () => {
    const one = stage();
    one.see([ofCluster('b')]);
    const written = Object.fromEntries(one.record.held);
    const next = stage({ record: written }).see([ofCluster('a'), ofCluster('b')]);
    assert.deepEqual(given(next), ['shop/a 192.0.2.1', 'shop/b 192.0.2.0']);
    // What the status says is newer.
    const later = stage({ record: written }).see([ofCluster('a', ['192.0.2.0']), ofCluster('b', ['192.0.2.3'])]);
    assert.deepEqual(given(later), ['shop/a 192.0.2.0', 'shop/b 192.0.2.3']);
    const both = { families: ['ipv6', 'ipv4'] } as const;
    const dual = stage({ config: { pools: [{ name: 'p', ranges: ['192.0.2.0/30', '2001:db8::/64'] }] } });
    dual.see([ofCluster('c', ['192.0.2.0', '2001:db8::'], both)]);
    assert.equal(dual.record.held.size, 0);
  });

  it('are not given to anybody new before every source was read, and nothing is taken away meanwhile', () => {
    const { see } = stage({ record: { 'shop/kept': ['192.0.2.1'] } });
    const incomplete = [{ source: 'kubernetes', part: 'Services', reason: 'no answer' }];
    const services = [ofCluster('new'), ofCluster('old', ['192.0.2.0']), ofFile('kept')];
    const early = see(services, { incomplete });
    assert.deepEqual(given(early), ['shop/old 192.0.2.0', 'shop/kept 192.0.2.1']);
    assert.deepEqual(codes(early), ['E_ADDRESS_WAITS shop/new']);
    assert.equal(early.couldExist('shop/new'), true);
    // One that turns up late has what its status says, also outside of all pools.
    const late = see([...services, ofCluster('late', ['198.51.100.7'])]);
    assert.deepEqual(given(late), [
      'shop/new 192.0.2.2',
      'shop/old 192.0.2.0',
      'shop/kept 192.0.2.1',
      'shop/late 198.51.100.7',
    ]);
    assert.deepEqual(codes(late), ['W_ADDRESS_KEPT shop/late']);
    assert.equal(late.couldExist('shop/new'), false);
    // Later on a source that cannot be read is no reason to wait.
    assert.deepEqual(codes(see([...services, ofCluster('more')], { incomplete })), []);
  });

  it('of a cluster are those of the status while another weir leads; who takes over goes on from there', () => {
    const { see, follow } = stage();
    follow(true);
    const followed = see([ofCluster('a', ['198.51.100.9']), ofCluster('b'), ofFile('c')]);
    assert.deepEqual(given(followed), ['shop/a 198.51.100.9', 'shop/c 192.0.2.0']);
    assert.deepEqual([codes(followed), [...(followed.waiting?.keys() ?? [])]], [[], ['shop/b']]);
    const moved = [ofCluster('a', ['192.0.2.3']), ofCluster('b', ['198.51.100.2'])];
    assert.deepEqual(given(see(moved)), ['shop/a 192.0.2.3', 'shop/b 198.51.100.2']);
    follow(false);
    const led = see([ofCluster('b', ['198.51.100.2']), ofCluster('new'), ofCluster('a', ['192.0.2.3'])]);
    assert.deepEqual(given(led), ['shop/b 198.51.100.2', 'shop/new 192.0.2.0', 'shop/a 192.0.2.3']);
    assert.deepEqual(codes(led), ['W_ADDRESS_KEPT shop/b']);
    // The status comes back as it was written, and nothing moves.
    assert.deepEqual(given(see([ofCluster('b', ['198.51.100.2']), ofCluster('new', ['192.0.2.0'])])), [
      'shop/b 198.51.100.2',
      'shop/new 192.0.2.0',
    ]);
  });

  it('that were given and could not be written any more stay until something else is read', () => {
    const { see, follow } = stage();
    const service = ofCluster('a');
    see([service]);
    follow(true);
    const carried = see([service]);
    assert.deepEqual([given(carried), codes(carried)], [['shop/a 192.0.2.0'], []]);
    assert.deepEqual(given(see([ofCluster('a')])), []);
  });

  it('that no pool would give any more are kept and told, or changed where that is asked for', () => {
    const held = () => [ofCluster('a', ['192.0.2.1'])];
    const edited = [{ name: 'p', ranges: ['198.51.100.0/24'] }];
    const kept = stage({ config: { pools: edited } }).see(held());
    assert.deepEqual([given(kept), codes(kept), kept.moves], [['shop/a 192.0.2.1'], ['W_ADDRESS_KEPT shop/a'], []]);
    const moved = stage({ config: { pools: edited, onPoolChange: 'reassign' } }).see(held());
    assert.deepEqual(moved.moves, [{ service: 'shop/a', from: ['192.0.2.1'], to: ['198.51.100.0'] }]);
  });

  it('of machines are not given out', () => {
    const node = { name: 'n1', addresses: ['192.0.2.0', 'fe80::1'], labels: {}, ready: true };
    const seen = stage().see([ofCluster('a'), ofCluster('b', [], { fromPool: ['192.0.2.0'] })], { nodes: [node] });
    assert.deepEqual(given(seen), ['shop/a 192.0.2.1']);
    assert.deepEqual(codes(seen), ['W_POOL_RESERVED ', 'E_ADDRESS_RESERVED shop/b']);
    assert.match(seen.problems.map(({ message }) => message).join(), /pools\[0\]\.ranges\[0\] contains 192\.0\.2\.0/);
  });

  it('beside those that are asked of a pool stay', () => {
    const seen = stage().see([ofCluster('a', [], { fromPool: ['192.0.2.2'], list: ['192.0.2.2', '203.0.113.9'] })]);
    assert.deepEqual(given(seen), ['shop/a 192.0.2.2,203.0.113.9']);
    assert.deepEqual(seen.addresses?.get('shop/a'), ['192.0.2.2']);
  });
});

describe('pools', () => {
  const ofObject = (ranges: readonly string[], more: Partial<Pool> = {}): Pool => ({
    name: 'shared',
    ranges,
    source: 'IPAddressPool/metallb-system/shared',
    ...more,
  });

  it('of the configuration and of the sources count together; one of a file stands for that of a cluster', () => {
    const { see } = stage({ config: { pools: [] } });
    const first = see([ofCluster('a')], { pools: [ofObject(['198.51.100.0/24'])] });
    assert.deepEqual(given(first), ['shop/a 198.51.100.0']);
    const pools = [ofObject(['198.51.100.0/24']), ofObject(['203.0.113.0/24'], { file: 'edited.yaml', line: 1 })];
    const edited = stage({ config: { pools: [], onPoolChange: 'reassign' } }).see([ofCluster('a', ['198.51.100.0'])], {
      pools,
    });
    assert.deepEqual(codes(edited), []);
    assert.deepEqual(edited.moves, [{ service: 'shop/a', from: ['198.51.100.0'], to: ['203.0.113.0'] }]);
  });

  it('that cannot be used are told with their fields; the others give addresses', () => {
    const seen = stage().see([ofCluster('a')], {
      pools: [ofObject(['192.0.2.2-192.0.2.9', '10.0.0.9-10.0.0.1'], { fields: { ranges: 'spec.addresses' } })],
    });
    assert.deepEqual(given(seen), ['shop/a 192.0.2.0']);
    assert.deepEqual(
      seen.problems.map(({ code, source, field }) => `${code} ${source} ${field}`),
      [
        'E_POOL_OVERLAP IPAddressPool/metallb-system/shared spec.addresses[0]',
        'E_POOL IPAddressPool/metallb-system/shared spec.addresses[1]',
      ],
    );
  });
});
