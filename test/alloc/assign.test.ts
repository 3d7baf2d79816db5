import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Assigner, claimOf, type Pool } from '../../src/alloc/index.ts';
import type { AddressRequest, ExportedService, Front } from '../../src/model/index.ts';

const pools: readonly Pool[] = [{ name: 'p', ranges: ['10.0.0.0/31'] }];

function front(port: number, more: Partial<Front> = {}): Front {
  return { key: `${port}`, port, protocol: 'tcp', routes: [], ...more };
}

function service(
  name: string,
  address?: Partial<AddressRequest>,
  more: Partial<ExportedService> = {},
): ExportedService {
  return {
    id: `shop/${name}`,
    origin: {
      source: 'files',
      kind: 'Service',
      namespace: 'shop',
      name,
      labels: { app: name },
      file: 'shop.yaml',
      line: 7,
    },
    groups: [],
    ...(address === undefined ? {} : { address: { families: ['ipv4'], held: [], ...address } }),
    fronts: [front(80)],
    backends: {},
    settings: {},
    settingsOrigin: {},
    ...more,
  };
}

const lists = (services: readonly ExportedService[]) =>
  services.map(({ id, address }) => `${id} ${address?.list?.join() ?? '-'}`);

describe('services and pools', () => {
  it('give services with addresses; who waits is apart, with a problem that names object, field, value and remedy', () => {
    const { services, waiting, problems } = new Assigner().of(
      [service('a', {}), service('plain'), service('b', {}), service('c', {}), service('d', { pool: 'nowhere' })],
      pools,
    );
    assert.deepEqual(lists(services), ['shop/a 10.0.0.0', 'shop/plain -', 'shop/b 10.0.0.1']);
    assert.deepEqual(lists(waiting), ['shop/c -', 'shop/d -']);
    assert.deepEqual(problems, [
      {
        code: 'E_POOL_EXHAUSTED',
        severity: 'error',
        source: 'Service/shop/c',
        service: 'shop/c',
        field: 'address.pool',
        value: 'p',
        message:
          'Service shop/c: pool p is full: all 2 IPv4 addresses that it may give out are held; add a range to it, or free an address',
        file: 'shop.yaml',
        line: 7,
      },
      {
        code: 'E_POOL_UNKNOWN',
        severity: 'error',
        source: 'Service/shop/d',
        service: 'shop/d',
        field: 'address.pool',
        value: 'nowhere',
        message: 'Service shop/d: pool nowhere does not exist; there are p',
        file: 'shop.yaml',
        line: 7,
      },
    ]);
  });

  it('give the same objects while nothing changes', () => {
    const assigner = new Assigner();
    const [a, b, set] = [service('a', {}), service('b', {}), service('c', { list: ['10.0.0.0'] })];
    const first = assigner.of([a, b], pools).services;
    const second = assigner.of([a, b], pools).services;
    assert.equal(first[0], second[0]);
    assert.equal(first[1], second[1]);
    const third = assigner.of([service('a', {}), b, set], pools).services;
    assert.notEqual(third[0], first[0]);
    assert.equal(third[1], first[1]);
    // One that asks for what it has is not copied at all.
    assert.equal(new Assigner().of([set], pools).services[0], set);
  });

  it('give an address that became free to who waits, and forget who is gone', () => {
    const assigner = new Assigner();
    const [a, b, c] = [service('a', {}), service('b', {}), service('c', {})];
    assigner.of([a, b, c], pools);
    const { services, waiting, moved } = assigner.of([b, c], pools);
    assert.deepEqual([lists(services), waiting, moved], [['shop/b 10.0.0.1', 'shop/c 10.0.0.0'], [], []]);
  });

  it('in any order leave everybody what he held before a restart, also where a pool shrank; what was written by others counts only inside pools', () => {
    const held = [
      service('new', {}),
      service('a', { held: ['10.0.0.0'] }),
      service('b', { held: ['192.0.2.9', 'lb.test'] }),
    ];
    for (const order of [held, held.toReversed()]) {
      const { services, problems } = new Assigner().of(order, pools);
      assert.deepEqual(lists(services).sort(), ['shop/a 10.0.0.0', 'shop/b 192.0.2.9', 'shop/new 10.0.0.1']);
      assert.deepEqual(
        problems.map(({ code, severity }) => `${code} ${severity}`),
        ['W_ADDRESS_KEPT warning'],
      );
      const strict = new Assigner({ believes: () => false }).of(order, pools);
      assert.deepEqual(lists(strict.services).sort(), ['shop/a 10.0.0.0', 'shop/b 10.0.0.1']);
    }
    const own = new Assigner({ held: new Map([['shop/new', ['10.0.0.0']]]) }).of(held, pools);
    assert.deepEqual(lists(own.services).sort(), ['shop/a 10.0.0.1', 'shop/b 192.0.2.9', 'shop/new 10.0.0.0']);
  });

  it('keep what services hold that a source has not told yet, until all have', () => {
    const assigner = new Assigner({
      held: new Map([
        ['shop/late', ['10.0.0.0']],
        ['shop/gone', ['10.0.0.1']],
      ]),
    });
    const [a, late] = [service('a', {}), service('late', {})];
    assert.deepEqual(lists(assigner.of([a], pools, { complete: false }).waiting), ['shop/a -']);
    const { services } = assigner.of([a, late], pools);
    assert.deepEqual(lists(services), ['shop/a 10.0.0.1', 'shop/late 10.0.0.0']);
  });

  it('say in a preview who would move, as the pools themselves then do', () => {
    const assigner = new Assigner({ reassign: true });
    const all = [service('a', {}), service('b', {})];
    assigner.of(all, pools);
    const next = [{ name: 'p', ranges: ['10.0.0.1-10.0.0.2'] }];
    const moves = assigner.preview(next);
    assert.deepEqual(moves, [{ service: 'shop/a', from: ['10.0.0.0'], to: ['10.0.0.2'] }]);
    assert.deepEqual(lists(assigner.of(all, pools).services), ['shop/a 10.0.0.0', 'shop/b 10.0.0.1']);
    assert.deepEqual(assigner.of(all, next).moved, moves);
    assert.equal(assigner.usage().get('p')?.available.ipv4, 0n);
  });

  it('leave alone who takes no address from pools', () => {
    const assigner = new Assigner({ takes: ({ class: name }) => name === 'vip' });
    const [a, b] = [service('a', { list: ['203.0.113.1'] }), service('b', undefined, { class: 'vip' })];
    const { services, problems } = assigner.of([a, b], pools);
    assert.equal(services[0], a);
    assert.deepEqual([lists(services), problems], [['shop/a 203.0.113.1', 'shop/b 10.0.0.0'], []]);
  });
});

describe('what a service asks of the pools', () => {
  it('names ports as they are on the wire', () => {
    const fronts = [
      front(53, { protocol: 'tcp_udp' }),
      front(443, { protocol: 'https' }),
      front(443, { protocol: 'quic' }),
      front(8000, { protocol: 'udp', endPort: 8010 }),
    ];
    const spans = claimOf(service('a', {}, { fronts })).ports.map(
      ({ protocol, from, to }) => `${protocol} ${from}-${to}`,
    );
    assert.deepEqual(spans, ['tcp 53-53', 'udp 53-53', 'tcp 443-443', 'udp 443-443', 'udp 8000-8010']);
  });

  it('shares with nobody while its traffic stays on the node and nobody says to which pods', () => {
    const backends = {
      web: { targets: [], targetKind: 'ip', protocol: 'tcp', balance: 'roundrobin', localOnly: true },
    } as const;
    assert.equal(claimOf(service('a', { shareKey: 'k' }, { backends })).backendKey, 'local shop/a');
    assert.equal(claimOf(service('a', { shareKey: 'k', backendKey: 'app=web' }, { backends })).backendKey, 'app=web');
    assert.equal(claimOf(service('a', { shareKey: 'k' })).backendKey, undefined);
  });

  it('is as old as its object, else as long known', () => {
    const { origin } = service('a');
    assert.equal(claimOf({ ...service('a'), origin: { ...origin, createdMs: 5, seenMs: 9 } }).bornMs, 5);
    assert.equal(claimOf({ ...service('a'), origin: { ...origin, seenMs: 9 } }).bornMs, 9);
  });
});
