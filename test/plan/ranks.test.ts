import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Health, KindSpec, Observed, Resource } from '../../src/model/index.ts';
import { plan } from '../../src/plan/index.ts';

const kinds: readonly KindSpec[] = [
  { kind: 'Listener', claim: 'tag', immutable: [], refs: {}, sets: {} },
  { kind: 'Group', claim: 'tag', immutable: [], refs: {}, sets: { targets: { batch: 9, serving: true } } },
  {
    kind: 'Rule',
    claim: 'parent',
    immutable: ['host'],
    frontKey: ({ host }) => String(host),
    order: { scope: 'listener', attr: 'rank' },
    refs: { listener: { to: 'Listener' }, group: { to: 'Group', serving: true } },
    sets: {},
    slots: ({ rank }, { listener }) => [`${listener} ${String(rank)}`],
  },
];
const targets = new Map([['t', { attrs: {} }]]);
const plain = { unit: 'u', attrs: {}, refs: {}, sets: {} };
const owned = { owned: true, facts: {} };
const listener = (id: string): Resource => ({ ...plain, kind: 'Listener', id, serves: [] });
const group = (id: string, service: string): Resource => ({
  ...plain,
  kind: 'Group',
  id,
  serves: [service],
  sets: { targets },
});
const rule = (id: string, on: string, to: string, rank: number, service: string): Resource => ({
  ...plain,
  kind: 'Rule',
  id,
  serves: [service],
  attrs: { host: id, rank },
  refs: { listener: on, group: to },
});
/** As it is there: handles are ids in capitals. */
const seen = (resource: Resource, state: Health = 'ready'): Observed => ({
  ...resource,
  ...owned,
  handle: resource.id.toUpperCase(),
  refs: Object.fromEntries(Object.entries(resource.refs).map(([name, id]) => [name, id.toUpperCase()])),
  ...(resource.kind === 'Group' ? { health: { targets: new Map([['t', state]]) } } : {}),
});
const planned = (desired: readonly Resource[], observed: readonly Observed[]) =>
  plan(kinds, desired, observed, { policy: 'sync', incomplete: () => false }).steps;

describe('an order of rules', () => {
  it('never lets one that stays sink behind one that is about to go', () => {
    const common = [listener('l'), group('g', 's')];
    const [narrow, wide] = [rule('narrow', 'l', 'g', 1, 's'), rule('wide', 'l', 'g', 2, 's')];
    const steps = planned(
      [
        ...common,
        rule('first', 'l', 'g', 1, 's'),
        rule('second', 'l', 'g', 2, 's'),
        { ...narrow, attrs: { ...narrow.attrs, rank: 3 } },
      ],
      [...common, narrow, wide].map((one) => seen(one)),
    );
    for (const { op, ranks = [] } of steps) {
      if (op !== 'order') continue;
      const numbers = new Map(ranks);
      assert.ok((numbers.get('NARROW') ?? 1) < (numbers.get('WIDE') ?? 2), JSON.stringify(ranks));
    }
    assert.ok(steps.some(({ op }) => op === 'order'));
  });

  it('nor when all wait for one that is not ready', () => {
    const common = [listener('l'), group('g', 's'), group('h', 't')];
    const [narrow, wide] = [rule('narrow', 'l', 'g', 1, 's'), rule('wide', 'l', 'g', 2, 's')];
    const first = rule('first', 'l', 'h', 3, 't');
    const steps = planned(
      [...common, { ...first, attrs: { ...first.attrs, rank: 1 } }, { ...narrow, attrs: { ...narrow.attrs, rank: 2 } }],
      [...common, narrow, wide, first].map((one) => seen(one, one.id === 'h' ? 'initial' : 'ready')),
    );
    const order = steps.find(({ op }) => op === 'order');
    const numbers = new Map(order?.ranks);
    assert.ok((numbers.get('NARROW') ?? 1) < (numbers.get('WIDE') ?? 2), JSON.stringify(order?.ranks));
    const gone = steps.find(({ op, kind, id }) => op === 'delete' && kind === 'Rule' && id === 'wide');
    assert.ok(gone?.after.includes(order?.n ?? 0), JSON.stringify(steps));
  });

  it('keeps one that may be ready by now before those that shall come before it later', () => {
    const common = [listener('l'), group('g', 's'), group('h', 't')];
    const there = [rule('a', 'l', 'g', 1, 's'), rule('b', 'l', 'h', 2, 't'), rule('c', 'l', 'g', 3, 's')];
    const observed = [...common, ...there].map((one) => seen(one, one.id === 'h' ? 'initial' : 'ready'));
    const wanted = [rule('b', 'l', 'h', 1, 't'), rule('c', 'l', 'g', 2, 's'), rule('a', 'l', 'g', 3, 's')];
    const [gate, order, ...more] = planned([...common, ...wanted], observed);
    assert.deepEqual([gate?.op, order?.op, order?.after, more], ['wait', 'order', [gate?.n], []]);
    const ill = observed.map((one) => (one.id === 'h' ? seen(group('h', 't'), 'unhealthy') : one));
    assert.equal(planned([...common, ...wanted], ill)[0]?.op, 'order');
  });
});

describe('a front that goes', () => {
  it('waits until nobody is asked before its successor who is about to go', () => {
    const common = [listener('old'), listener('new'), group('g', 's'), group('h', 's')];
    const wide = rule('wide', 'new', 'h', 1, 's');
    const narrow = rule('narrow', 'new', 'h', 2, 's');
    const before = { ...rule('narrow-old', 'old', 'g', 1, 's'), attrs: { host: 'narrow', rank: 1 } };
    const steps = planned(
      [...common, narrow],
      [...common, wide, narrow, before].map((one) => seen(one)),
    );
    const gone = (id: string) => steps.find(({ op, kind, id: of }) => op === 'delete' && kind === 'Rule' && of === id);
    assert.ok(gone('narrow-old')?.after.includes(gone('wide')?.n ?? 0), JSON.stringify(steps));
  });
});

describe('a service that moves', () => {
  it('leaves only when every front that was made for it is ready, also after a crash in between', () => {
    const there = [
      listener('old'),
      listener('new'),
      group('a', 's'),
      group('b', 's'),
      group('c', 's'),
      group('d', 's'),
    ];
    const wanted = [rule('x', 'new', 'c', 1, 's'), rule('y', 'new', 'd', 2, 's')];
    const leaving = [rule('x-old', 'old', 'a', 1, 's'), rule('y-old', 'old', 'b', 2, 's')];
    const desired = [listener('old'), listener('new'), group('c', 's'), group('d', 's'), ...wanted];
    const observed = [...there, ...wanted, ...leaving].map((one) => seen(one, one.id === 'd' ? 'initial' : 'ready'));
    const steps = planned(desired, observed);
    const gate = steps.find(({ op, until }) => op === 'wait' && until?.of === 'D');
    assert.ok(gate, JSON.stringify(steps));
    for (const { op, kind, after } of steps) if (op === 'delete' && kind === 'Rule') assert.ok(after.includes(gate.n));
  });
});
