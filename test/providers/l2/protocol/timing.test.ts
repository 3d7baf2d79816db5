import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deriveTiming } from '../../../../providers/l2/protocol/timing.ts';

describe('spans of the protocol', () => {
  it('follow the beat', () => {
    const { gateMs, promiseMs, retryMs } = deriveTiming();
    assert.deepEqual([gateMs, Math.round(promiseMs), retryMs], [300, 330, 25]);
    assert.equal(deriveTiming(200).gateMs, 600);
  });

  it('keep the promise longer than the gate, however short the beat', () => {
    for (const beatMs of [10, 25, 50, 83, 84, 100, 1000]) {
      const { gateMs, promiseMs } = deriveTiming(beatMs);
      assert.ok(promiseMs >= gateMs + 25, `${beatMs}`);
    }
  });

  it('are refused where a gate could outlive a promise', () => {
    assert.throws(
      () => deriveTiming(100, { promiseMs: 324 }),
      /promiseMs is 324, less than gateMs 300 \+ 25: give 325 or more/,
    );
    assert.throws(() => deriveTiming(100, { gateMs: 400, promiseMs: 330 }), /promiseMs is 330/);
    assert.equal(deriveTiming(100, { promiseMs: 325 }).promiseMs, 325);
  });

  it('are refused where they are no spans', () => {
    assert.throws(() => deriveTiming(5), /beatMs is 5: give 10 to 10000/);
    assert.throws(() => deriveTiming(Number.NaN), /beatMs is NaN/);
    assert.throws(() => deriveTiming(100, { retryMs: 0 }), /retryMs is 0: give a number above 0/);
  });
});
