/**
 * `node test/property/run.ts --pairs N --seed S [--workers W] [--mutant RULE] [--shrink]`: checks many pairs; tells speed, shares and
 * failures, with --shrink each failure as a test to paste.
 */
import { parseArgs } from 'node:util';
import { allRules, isRule, ruleNames } from '../../src/plan/rules.ts';
import { checkParallel } from './check-parallel.ts';
import { generatePair } from './generate.ts';
import { asTest, shrink } from './shrink.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
    mutant: { type: 'string' },
    shrink: { type: 'boolean', default: false },
  },
});
const { mutant } = values;
if (mutant !== undefined && !isRule(mutant)) throw new Error(`no rule ${mutant}; there are ${ruleNames.join(', ')}`);
const rules = mutant === undefined ? allRules : { ...allRules, [mutant]: false };
const started = performance.now();
const tally = await checkParallel(
  { seed: Number(values.seed), pairs: Number(values.pairs), ...(mutant === undefined ? {} : { mutant }) },
  Number(values.workers),
);
for (const { seed, failure } of tally.failures) {
  process.stdout.write(`seed ${seed}: ${failure.scenario}: ${failure.message}\n`);
  if (!values.shrink) continue;
  const small = shrink(generatePair(seed), failure, rules);
  process.stdout.write(`${asTest(small.pair, small.failure)}\n`);
}
const percent = (count: number) => `${((100 * count) / tally.pairs).toFixed(0)} %`;
const shares = Object.entries(tally.traits).sort(([a], [b]) => (a < b ? -1 : 1));
const { user } = process.cpuUsage();
process.stdout.write(
  `${tally.pairs} pairs, ${tally.failures.length} failures, ${((performance.now() - started) / 1000).toFixed(1)} s (${(user / 1_000_000).toFixed(1)} s of processor), ` +
    `mean ${(tally.steps / tally.pairs).toFixed(1)} steps; ${shares.map(([name, count]) => `${name} ${percent(count)}`).join(', ')}\n`,
);
process.exitCode = tally.failures.length > 0 ? 1 : 0;
