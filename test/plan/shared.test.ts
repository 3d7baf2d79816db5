/** What services may share unseen: it loses nothing while a source cannot be read. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KindSpec, type Member, type Observed, type Resource, untold } from '../../src/model/index.ts';
import { plan } from '../../src/plan/index.ts';

const kinds: readonly KindSpec[] = [
  { kind: 'Guard', claim: 'tag', immutable: [], refs: {}, sets: { ranges: { batch: 5, deletes: true } } },
  {
    kind: 'Balancer',
    claim: 'tag',
    immutable: [],
    refs: {},
    sets: { guards: { batch: 5, to: 'Guard' } },
    shared: ({ id }) => id.startsWith('edge'),
  },
  {
    kind: 'Group',
    claim: 'tag',
    immutable: [],
    refs: {},
    sets: { targets: { batch: 5, serving: true } },
  },
  {
    kind: 'Front',
    claim: 'tag',
    immutable: [],
    refs: { balancer: { to: 'Balancer' }, group: { to: 'Group', serving: true } },
    sets: { certs: { batch: 5, deletes: true } },
    frontKey: ({ port }, { balancer }) => `${balancer}:${port}`,
    shared: ({ id }) => id.startsWith('edge'),
  },
];

const members = (text: string) =>
  new Map(
    text
      .split(' ')
      .filter((key) => key !== '')
      .map((key): [string, Member] => [key, { attrs: {} }]),
  );
const base = { unit: 'u', serves: ['shop/web'], refs: {}, sets: {}, attrs: {} };

function world(name: string, certs: string, tls: string, guards: string, group = 'g1'): readonly Resource[] {
  return [
    ...['a', 'b'].map((id): Resource => ({ ...base, kind: 'Guard', id })),
    { ...base, kind: 'Group', id: 'g1', sets: { targets: members('t1') } },
    { ...base, kind: 'Group', id: 'g2', sets: { targets: members('t1') } },
    { ...base, kind: 'Balancer', id: name, sets: { guards: members(guards) } },
    {
      ...base,
      kind: 'Front',
      id: `${name}:443`,
      attrs: { port: 443, tls },
      refs: { balancer: name, group },
      sets: { certs: members(certs) },
    },
  ];
}

const seen = (resource: Resource): Observed => ({
  ...resource,
  handle: resource.id,
  owned: true,
  facts: {},
  ...(resource.kind === 'Group' ? { health: { targets: new Map([['t1', 'ready' as const]]) } } : {}),
});

function told(desired: readonly Resource[], now: readonly Resource[], unknown: boolean) {
  const incomplete = (service: string) => unknown && service === untold;
  const { steps, refused } = plan(kinds, desired, now.map(seen), { policy: 'sync', incomplete });
  return {
    steps: steps.map(({ op, kind, id }) => `${op} ${kind} ${id}`).sort(),
    turns: steps.filter(({ op }) => op === 'update').map(({ attrs = {}, refs }) => [attrs, refs]),
    refused: refused.map(({ op, kind, id, why }) => `${op} ${kind} ${id} ${why}`).sort(),
  };
}

describe('an object that services may share unseen', () => {
  const now = world('edge', 'c1 c2', 'strict', 'a b');
  const less = world('edge', 'c2 c3', 'lax', 'a', 'g2');

  it('gets what is new, and traffic turns; nothing leaves it while a source cannot be read', () => {
    const { steps, refused } = told(world('edge', 'c2 c3', 'lax', 'a'), now, true);
    assert.deepEqual(steps, ['add Front edge:443']);
    assert.deepEqual(refused, [
      'remove Balancer edge incomplete',
      'remove Front edge:443 incomplete',
      'update Front edge:443 incomplete',
    ]);
    const turn = told(less, now, true);
    assert.deepEqual(turn.turns, [[{}, { group: 'g2' }]]);
    assert.ok(turn.steps.includes('update Front edge:443'));
  });

  it('loses it once every source can be read', () => {
    const { steps, refused } = told(less, now, false);
    assert.deepEqual(refused, []);
    assert.deepEqual(steps, [
      'add Front edge:443',
      'remove Balancer edge',
      'remove Front edge:443',
      'update Front edge:443',
    ]);
  });

  it('stays, and what hangs at it, where it is wanted no more', () => {
    const gone = now.filter(({ kind }) => kind === 'Guard' || kind === 'Group');
    assert.deepEqual(told(gone, now, true), {
      steps: [],
      turns: [],
      refused: ['delete Balancer edge incomplete', 'delete Front edge:443 incomplete'],
    });
    assert.deepEqual(told(gone, now, false).steps, ['delete Balancer edge', 'delete Front edge:443']);
  });

  it('is told from one that a service has alone', () => {
    const { refused } = told(world('own', 'c2 c3', 'lax', 'a'), world('own', 'c1 c2', 'strict', 'a b'), true);
    assert.deepEqual(refused, []);
  });
});

describe('what waits for those who cannot be read', () => {
  const now = world('edge', 'c1', 'strict', 'a').filter(({ id }) => id !== 'b');
  const waits = (one: Resource): Resource => {
    if (one.id === 'b') return { ...one, waits: 'shop/two' };
    const certs = [...(one.sets.certs ?? [])].map(([key, { attrs }]): [string, Member] =>
      key === 'c2' ? [key, { attrs, waits: 'shop/two' }] : [key, { attrs }],
    );
    return one.kind === 'Front' ? { ...one, sets: { certs: new Map(certs) } } : one;
  };

  it('is not made nor added, and nothing that stands on it; the rest is', () => {
    const { steps, refused } = told(world('edge', 'c1 c2 c3', 'strict', 'a b').map(waits), now, false);
    assert.deepEqual(steps, ['add Front edge:443']);
    assert.deepEqual(refused, [
      'add Balancer edge blocked',
      'add Front edge:443 incomplete',
      'create Guard b incomplete',
    ]);
  });

  it('stays where it is there', () => {
    const there = world('edge', 'c1 c2', 'strict', 'a b');
    assert.deepEqual(told(there.map(waits), there, false), { steps: [], turns: [], refused: [] });
  });
});
