/**
 * Random pairs of states in the simulated cloud: every plan is carried out in many ways and watched by an oracle that does not ask the
 * planner. `WEIR_PAIRS` sets the number; `node test/property/run.ts` has more options.
 */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { shareOf } from './check-many.ts';
import { checkParallel } from './check-parallel.ts';

const pairs = Number(process.env.WEIR_PAIRS ?? (process.env.WEIR_FAST === '1' ? 1_500 : 50_000));

test(`${pairs} random pairs keep every promise, and are as hard as they should be`, async () => {
  const tally = await checkParallel({ seed: 1_000_001, pairs }, Math.min(2, availableParallelism()));
  assert.deepEqual(tally.failures, []);
  assert.equal(tally.pairs, pairs);
  assert.ok(tally.steps / pairs >= 12, `mean ${tally.steps / pairs} steps, at least 12 expected`);
  const least = {
    replacement: 0.25,
    gap: 0.05,
    weighted: 0.25,
    moved: 0.1,
    foreign: 0.1,
    refused: 0.03,
    order: 0.03,
    risk: 0.05,
  } as const;
  for (const [trait, share] of Object.entries(least)) {
    const found = tally.traits[trait] ?? 0;
    assert.ok(found / pairs >= share, `${trait}: ${found} of ${pairs} pairs, at least ${share * 100} % expected`);
  }
  assert.ok(shareOf(tally, 'drained') > 0.1);
});
