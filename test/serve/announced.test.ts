/** Who answers for which address, as people read it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPaint, statusText } from '../../src/cli/text/index.ts';
import type { AnnouncedAddress, ServiceState, State } from '../../src/model/index.ts';
import { announcedRows } from '../../src/serve/announced.ts';
import { statePage } from '../../src/serve/pages/state-page.ts';

const announced = (address: string, more: Partial<AnnouncedAddress> = {}): AnnouncedAddress => ({
  ...{ address, own: false, interfaces: [], candidates: ['a', 'b'], others: [] },
  ...more,
});

const service = (id: string, addresses: readonly AnnouncedAddress[]): ServiceState => ({
  ...{ id, kind: 'Service', source: 'files', balancers: ['edge', 'vip'], targets: { ready: 1, total: 1 } },
  ...{ health: 'ok', reason: '', problems: [] },
  reports: ['vip', 'edge'].map((balancer) => ({
    ...{ balancer, service: id, conditions: [], targets: [] },
    addresses: addresses.map(({ address: ip }) => ({ ip, ports: [80] })),
    ...(balancer === 'vip' ? { announced: addresses } : {}),
  })),
});

const state: State = {
  ...{ version: '1', instance: 'a', startedMs: 0, inSync: true },
  ...{ sources: [], balancers: [], problems: [], incomplete: [], plans: [] },
  services: [
    service('shop/web', [announced('10.0.0.5', { owner: 'a', own: true, sinceMs: 40_000, interfaces: ['eth0'] })]),
    service('shop/api', [announced('10.0.0.5', { owner: 'a', own: true, sinceMs: 40_000, interfaces: ['eth0'] })]),
    service('shop/db', [announced('10.0.0.6', { others: [{ node: 'c', reason: 'is about to be deleted' }] })]),
  ],
};

test('an address stands once, with all its services; what nobody answers for stands first', () => {
  assert.deepEqual(
    announcedRows(state).map(({ address, services }) => [address, services]),
    [
      ['10.0.0.6', ['shop/db']],
      ['10.0.0.5', ['shop/web', 'shop/api']],
    ],
  );
});

test('the status says who, since when, where, and who else could and could not', () => {
  const text = statusText(state, 100_000, createPaint(false), true);
  assert.match(text, /10\.0\.0\.6 +nobody +- +- +a, b; not: c is about to be deleted +shop\/db\n/);
  assert.match(text, /10\.0\.0\.5 +a +60 s +eth0 +b +shop\/web shop\/api\n/);
  assert.match(
    text,
    /shop\/web +10\.0\.0\.5:80 +1 of 1/,
    'who announces and who serves tell the address: it stands once',
  );
  assert.doesNotMatch(statusText({ ...state, services: [] }, 0, createPaint(false)), /ANNOUNCED/);
});

test('the page says it, too', () => {
  const page = statePage(state, { text: '', failing: false, page: 1 }, 100_000);
  assert.match(page, /Announced addresses \(2\)/);
  assert.match(
    page,
    /10\.0\.0\.5<\/th><td>a<\/td><td><time>1970-01-01T00:00:40\.000Z<\/time><\/td><td>b<\/td><td>shop\/web, shop\/api/,
  );
});
