import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { changedSpan, Indexed, Remade, sameItems } from '../../src/model/remade.ts';

const numbers = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 });

describe('changedSpan', () => {
  it('leaves the same before and behind it, and is as short as that allows', () => {
    fc.assert(
      fc.property(numbers, numbers, (before, now) => {
        const { from, beforeEnd, nowEnd } = changedSpan(before, now);
        assert.deepEqual(before.slice(0, from), now.slice(0, from));
        assert.deepEqual(before.slice(beforeEnd), now.slice(nowEnd));
        if (sameItems(before, now)) assert.deepEqual([from, beforeEnd, nowEnd], [now.length, now.length, now.length]);
        else if (from < beforeEnd && from < nowEnd) {
          assert.notEqual(before[from], now[from]);
          assert.notEqual(before[beforeEnd - 1], now[nowEnd - 1]);
        }
      }),
    );
  });
});

describe('Remade', () => {
  it('answers what making everything anew would, and makes nothing twice', () => {
    const objects = Array.from({ length: 8 }, (_, i) => ({ i }));
    const lists = fc.array(fc.uniqueArray(fc.constantFrom(...objects)), { maxLength: 8 });
    fc.assert(
      fc.property(lists, (sequence) => {
        const memory = new Remade<{ i: number }, { of: number }>();
        let last: readonly { i: number }[] = [];
        for (const list of sequence) {
          const asked: unknown[] = [];
          const made = memory.of(list, (item) => {
            asked.push(item);
            return { of: item.i };
          });
          assert.deepEqual(
            made,
            list.map(({ i }) => ({ of: i })),
          );
          assert.deepEqual(
            asked,
            list.filter((item) => !last.includes(item)),
          );
          last = list;
        }
      }),
    );
  });

  it('answers the same array while what is made is the same', () => {
    const memory = new Remade<number, object>();
    const [odd, even] = [{}, {}];
    const make = (n: number) => (n % 2 === 0 ? even : odd);
    const first = memory.of([1, 2, 3], make);
    assert.equal(memory.of([1, 2, 3], make), first);
    assert.equal(memory.of([3, 4, 5], make), first);
    assert.notEqual(memory.of([3, 4], make), first);
  });
});

describe('Indexed', () => {
  it('is the index of the last list', () => {
    const item = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.integer() });
    const lists = fc.array(fc.uniqueArray(item, { selector: ({ key }) => key }), { maxLength: 8 });
    fc.assert(
      fc.property(lists, (sequence) => {
        const index = new Indexed<{ key: string; value: number }>();
        let last: readonly { key: string; value: number }[] = [];
        for (const list of sequence) {
          // Half of what stays is the very object.
          last = list.map((one) => last.find(({ key, value }) => key === one.key && value === one.value) ?? one);
          assert.deepEqual(
            index.of(last, ({ key }) => key),
            new Map(last.map((one) => [one.key, one])),
          );
        }
      }),
    );
  });
});
