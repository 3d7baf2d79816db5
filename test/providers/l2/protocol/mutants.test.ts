import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mutants } from './mutants.ts';
import { loadMutant } from './mutate.ts';
import { playScenario } from './scenario.ts';
import { product } from './subject.ts';
import type { Subject } from './world.ts';

const scenarios = 200;

describe('a protocol without this rule is caught', () => {
  for (const { rule, edits, timing, kernel = {}, votersPerRecord = 1, firstSeed = 1, shows, ...mix } of mutants) {
    it(rule, async () => {
      const create = edits === undefined ? product.create : await loadMutant(edits);
      const subject: Subject = {
        create,
        timing: { ...product.timing, adoptMs: 0, coldMs: 0, ...timing },
        kernel,
        votersPerRecord,
      };
      const caught = Array.from({ length: scenarios }, (_, index) => firstSeed + index).some((seed) => {
        const { violation, disorder } = playScenario(seed, subject, mix);
        return shows === 'disorder' ? disorder !== undefined : violation !== undefined;
      });
      assert.ok(caught, `not caught by ${scenarios} histories`);
    });
  }
});
