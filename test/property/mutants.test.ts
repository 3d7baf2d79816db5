/** Each rule of the planner is needed: without it the pairs fail soon. A mutant that lives says that the suite is blind there. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allRules, ruleNames } from '../../src/plan/rules.ts';
import { checkMany } from './check-many.ts';

/** Pairs within which a mutant must die. */
const bound = 2_000;

describe('every mutant dies', () => {
  for (const rule of ruleNames) {
    test(rule, () => {
      const { failures } = checkMany(2_000_001, bound, { rules: { ...allRules, [rule]: false }, failures: 1 });
      assert.equal(failures.length, 1, `without ${rule} ${bound} pairs pass`);
    });
  }
});
