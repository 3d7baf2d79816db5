import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { agree, type Given, type Table } from '../../src/alloc/index.ts';

const port = (at: number) => ({ protocol: 'tcp', from: at, to: at });
const sharing = fc
  .constantFrom([port(80)], [port(443)], [port(80), port(443)])
  .map((ports) => ({ shareKey: 'k', ports }));
const given = fc.record(
  {
    addresses: fc.uniqueArray(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'), { minLength: 1, maxLength: 2 }),
    atMs: fc.integer({ min: 1, max: 3 }),
    by: fc.constantFrom('a', 'b', 'c'),
    sharing,
  },
  { requiredKeys: ['addresses', 'atMs', 'by'], noNullPrototype: true },
);
const table: fc.Arbitrary<Table> = fc.record({
  novice: fc.boolean(),
  given: fc
    .uniqueArray(fc.tuple(fc.constantFrom('u', 'v', 'w'), given), { selector: ([id]) => id })
    .map((list) => new Map(list)),
});
const one = (addresses: readonly string[], atMs: number, by = 'a'): Given => ({ addresses, atMs, by });
const said = (novice: boolean, list: Readonly<Record<string, Given>>): Table => ({
  novice,
  given: new Map(Object.entries(list)),
});

describe('what counts of all that machines say', () => {
  it('is the same whoever is heard first, and gives no address to two that do not share', () => {
    fc.assert(
      fc.property(fc.array(table, { maxLength: 4 }), (tables) => {
        const agreed = agree(tables);
        for (const [id, { addresses, sharing: own }] of agreed)
          for (const [other, { addresses: theirs, sharing: share }] of agreed)
            if (id < other && addresses.some((address) => theirs.includes(address))) {
              assert.ok(own && share, 'who says nothing of sharing has it alone');
              assert.ok(!own.ports.some(({ from }) => share.ports.some((port) => port.from === from)));
            }
        assert.deepEqual(agree(tables.toReversed()), agreed);
        assert.deepEqual(agree([...tables.slice(1), ...tables.slice(0, 1)]), agreed);
      }),
      { numRuns: 500 },
    );
  });

  it('is what was given first, before all what anybody says who is no novice', () => {
    const [early, late] = [one(['10.0.0.1'], 1), one(['10.0.0.2'], 2, 'b')];
    assert.deepEqual(agree([said(false, { u: late }), said(false, { u: early })]), new Map([['u', early]]));
    assert.deepEqual(agree([said(false, { u: late }), said(true, { u: early })]), new Map([['u', late]]));
    assert.deepEqual(agree([said(true, { v: late }), said(true, { u: early })]).size, 2, 'nobody contradicts');
    const both = [said(true, { u: early }), said(false, { u: early }), said(true, { u: early })];
    assert.deepEqual(agree([said(false, { u: late }), ...both]), new Map([['u', early]]), 'one who knows says it, too');
  });
});
