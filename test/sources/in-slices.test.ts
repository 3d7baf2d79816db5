import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inSlices } from '../../src/sources/in-slices.ts';

/** Steps of so many milliseconds each, without a clock of their own. */
function* busy(steps: number, stepMs: number, done: number[]): Generator<undefined, void> {
  for (let i = 0; i < steps; i++) {
    const untilMs = performance.now() + stepMs;
    while (performance.now() < untilMs);
    done.push(i);
    yield;
  }
}

test('much work lets others in between; little work is done at once', async () => {
  const done: number[] = [];
  const seen: number[] = [];
  const look = (): void => {
    seen.push(done.length);
    if (done.length < 30) setImmediate(look);
  };
  setImmediate(look);
  await inSlices(busy(30, 2, done));
  assert.equal(done.length, 30);
  assert.ok(seen.filter((count) => count > 0 && count < 30).length >= 3, `others came at ${seen.join(', ')}`);

  const few: number[] = [];
  const working = inSlices(busy(3, 0, few));
  assert.deepEqual(few, [0, 1, 2], 'before anything was waited for');
  await working;
});

test('what a step throws is thrown', async () => {
  function* broken(): Generator<undefined, void> {
    yield;
    throw new Error('broken');
  }
  await assert.rejects(inSlices(broken()), /broken/);
});
