import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Claim, open } from '../../src/alloc/index.ts';
import { claim, ports, stateOf } from './claims.ts';

const pools = [{ name: 'p', ranges: ['10.0.0.0/30'] }];
const https = { shareKey: 'k', ports: ports(443) };

/** Rule, code and holder, when `b` asks for the address that `a` holds; the message must give the remedy. */
function clashOf(a: Partial<Claim>, b: Partial<Claim>): string {
  const allocator = open(pools);
  allocator.set(claim('a', a));
  const { waiting } = allocator.set(claim('b', { ...b, list: ['10.0.0.0'] }));
  const { code, rule, holder, pool, message = '' } = waiting.get('b') ?? {};
  if (code !== undefined) assert.match(message, /^10\.0\.0\.0 is held by a.*(;|,) .*another address$/);
  return `${code} ${rule} ${holder} ${pool}`;
}

describe('two services share an address', () => {
  it('only when each rule of sharing lets them; the refusal names the rule', () => {
    assert.equal(clashOf({ shareKey: 'k' }, https), 'undefined undefined undefined undefined');
    assert.equal(clashOf({}, { ports: ports(443) }), 'E_ADDRESS_TAKEN share-key-missing a p');
    assert.equal(clashOf({}, https), 'E_ADDRESS_TAKEN share-key-missing a p');
    assert.equal(clashOf({ shareKey: '' }, { ...https, shareKey: '' }), 'E_ADDRESS_TAKEN share-key-missing a p');
    assert.equal(clashOf({ shareKey: 'l' }, https), 'E_ADDRESS_TAKEN share-key a p');
    assert.equal(clashOf({ shareKey: 'k', backendKey: 'app=web' }, https), 'E_ADDRESS_TAKEN share-backend a p');
    assert.equal(clashOf({ shareKey: 'k', ports: ports(80, 443) }, https), 'E_ADDRESS_TAKEN share-port a p');
  });

  it('with the same port of another protocol, not within a range of ports', () => {
    const udp = { shareKey: 'k', ports: [{ protocol: 'udp', from: 443, to: 443 }] };
    assert.equal(clashOf(udp, https), 'undefined undefined undefined undefined');
    const range = { shareKey: 'k', ports: [{ protocol: 'tcp', from: 400, to: 500 }] };
    assert.equal(clashOf(range, https), 'E_ADDRESS_TAKEN share-port a p');
  });

  it('whose traffic stays on the node, when they select the same pods', () => {
    const local = { shareKey: 'k', backendKey: 'app=web' };
    assert.equal(clashOf(local, { ...https, backendKey: 'app=web' }), 'undefined undefined undefined undefined');
  });

  it('unasked: the first address of the pool that has room', () => {
    const allocator = open(pools);
    const set = (id: string, more: Partial<Claim>) => stateOf(allocator.set(claim(id, more)), id);
    assert.equal(set('a', { shareKey: 'k' }), '10.0.0.0');
    assert.equal(set('b', { shareKey: 'k' }), '10.0.0.1');
    assert.equal(set('c', https), '10.0.0.0');
    assert.equal(set('d', https), '10.0.0.1');
    assert.equal(set('e', { shareKey: 'l', ports: ports(443) }), '10.0.0.2');
    assert.equal(allocator.usage().get('p')?.assigned.ipv4, 3);
    assert.equal(allocator.usage().get('p')?.available.ipv4, 1n);
  });

  it('until one breaks a rule: that one moves, or waits', () => {
    const allocator = open([{ name: 'p', ranges: ['10.0.0.0/31'] }]);
    allocator.set(claim('a', { shareKey: 'k' }));
    allocator.set(claim('b', https));
    const first = allocator.set(claim('b', { shareKey: 'k', ports: ports(80) }));
    assert.deepEqual(first.moved, [{ service: 'b', from: ['10.0.0.0'], to: ['10.0.0.1'] }]);
    allocator.set(claim('c', https));
    const second = allocator.set(claim('c', { ports: ports(443) }));
    assert.equal(stateOf(second, 'c'), 'waits: full');
    assert.equal(stateOf(second, 'a'), '10.0.0.0');
  });

  it('as soon as the one that holds it alone takes the key of one that waits', () => {
    const allocator = open([{ name: 'p', ranges: ['10.0.0.0/32'] }]);
    allocator.set(claim('a'));
    assert.equal(stateOf(allocator.set(claim('b', https)), 'b'), 'waits: full');
    const { assigned, moved } = allocator.set(claim('a', { shareKey: 'k' }));
    assert.deepEqual([assigned.get('a')?.addresses, assigned.get('b')?.addresses], [['10.0.0.0'], ['10.0.0.0']]);
    assert.deepEqual(moved, []);
  });

  it('and one that waits for an address is told who holds it now', () => {
    const allocator = open([{ name: 'p', ranges: ['10.0.0.0/32'] }]);
    allocator.set(claim('a', { shareKey: 'l' }));
    allocator.set(claim('b', { ...https, list: ['10.0.0.0'] }));
    const { waiting, changed } = allocator.set(claim('a'));
    assert.equal(waiting.get('b')?.rule, 'share-key-missing');
    assert.ok(changed.has('b'));
  });

  it('where thousands share and all collide, without looking at each of them each time', () => {
    const allocator = open([{ name: 'p', ranges: ['10.0.0.0/16'] }]);
    for (let i = 0; i < 3_000; i++) allocator.set(claim(`s${i}`, { shareKey: 'k' }));
    assert.equal(stateOf(allocator.outcome, 's2999'), '10.0.11.183');
    // What was searched in vain is searched again once a port is given up there.
    allocator.set(claim('s7', { shareKey: 'k', ports: ports(81) }));
    assert.equal(stateOf(allocator.set(claim('new', { shareKey: 'k' })), 'new'), '10.0.0.7');
  });
});
