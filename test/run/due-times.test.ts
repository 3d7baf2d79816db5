import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DueTimes } from '../../src/run/due-times.ts';

const never = Number.POSITIVE_INFINITY;

describe('due times', () => {
  it('are as a list would have them that is walked each time', () => {
    const set = fc.record({
      unit: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      atMs: fc.oneof(fc.nat(50), fc.constant(never)),
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: set }, fc.record({ nowMs: fc.nat(50) })), { maxLength: 400 }),
        (acts) => {
          const times = new DueTimes();
          const list = new Map<string, number>();
          for (const act of acts) {
            if ('unit' in act) {
              times.set(act.unit, act.atMs);
              if (act.atMs === never) list.delete(act.unit);
              else list.set(act.unit, act.atMs);
            } else {
              const due = [...list].filter(([, atMs]) => atMs <= act.nowMs).map(([unit]) => unit);
              assert.deepEqual([...times.take(act.nowMs)].sort(), due.sort());
              for (const unit of due) list.delete(unit);
            }
            assert.equal(times.nextMs, Math.min(never, ...list.values()));
          }
        },
      ),
    );
  });
});
