import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Observed } from '../../src/model/index.ts';
import { ObservedCache } from '../../src/run/observed-cache.ts';

const object = (handle: string, port: number): Observed => ({
  kind: 'Thing',
  id: handle,
  handle,
  unit: 'u',
  owned: true,
  serves: [],
  attrs: { port },
  refs: {},
  sets: {},
  facts: {},
});
const states = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 0, max: 1 })), {
  selector: ([handle]) => handle,
});
const plain = (list: readonly Observed[]) => list.map(({ handle, attrs }) => [handle, attrs.port]);

describe('ObservedCache', () => {
  it('holds what was put in last, and keeps objects that say the same', () => {
    fc.assert(
      fc.property(fc.array(states, { maxLength: 8 }), fc.boolean(), (readings, byAnswer) => {
        const cache = new ObservedCache();
        let last: readonly Observed[] = cache.all();
        for (const reading of readings) {
          const known = new Map(last.map((one) => [one.handle, one]));
          const fresh = reading.map(([handle, port]) => {
            const before = known.get(handle);
            // Half of what stays comes as the object that is known already.
            return before?.attrs.port === port && port === 0 ? before : object(handle, port);
          });
          const kept = cache.replace(byAnswer ? last : cache.all(), fresh);
          assert.deepEqual(plain(kept), plain(fresh));
          assert.deepEqual(new Set(cache.all()), new Set(kept));
          for (const one of kept) {
            const before = known.get(one.handle);
            if (before?.attrs.port === one.attrs.port) assert.equal(one, before);
          }
          last = kept;
        }
      }),
    );
  });

  it('does not take for held what another replacement has taken away', () => {
    const cache = new ObservedCache();
    const [a, b] = [object('a', 1), object('b', 1)];
    const all = cache.replace([], [a, b]);
    cache.replace([a], [object('a', 2)]);
    const after = cache.replace(all, all);
    assert.deepEqual(plain(cache.all()).sort(), [
      ['a', 1],
      ['b', 1],
    ]);
    assert.deepEqual(after, [a, b]);
    assert.equal(cache.replace(after, after), after);
  });
});
