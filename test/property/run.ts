/** `node test/property/run.ts --pairs N --seed S [--mutant RULE]`: checks many pairs, tells speed, shares and failures. */
import { parseArgs } from 'node:util';
import { allRules, isRule, type Rules } from '../../src/plan/rules.ts';
import { checkPair, type Result } from './check-pair.ts';
import { generatePair } from './generate.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    mutant: { type: 'string' },
    failures: { type: 'string', default: '10' },
  },
});
const rules: Rules =
  values.mutant !== undefined && isRule(values.mutant) ? { ...allRules, [values.mutant]: false } : allRules;
const started = performance.now();
const results: Result[] = [];
let failures = 0;
for (let i = 0; i < Number(values.pairs); i++) {
  const seed = Number(values.seed) + i;
  const result = checkPair(generatePair(seed), rules);
  results.push(result);
  if (result.failure === undefined) continue;
  failures++;
  process.stdout.write(`seed ${seed}: ${result.failure.scenario}: ${result.failure.message}\n`);
  if (failures >= Number(values.failures)) break;
}
const share = (name: keyof Result['shape']) =>
  `${name} ${((100 * results.filter(({ shape }) => shape[name] === true).length) / results.length).toFixed(0)} %`;
const seconds = (performance.now() - started) / 1000;
const mean = results.reduce((sum, { shape }) => sum + shape.steps, 0) / results.length;
process.stdout.write(
  `${results.length} pairs, ${failures} failures, ${seconds.toFixed(1)} s, mean ${mean.toFixed(1)} steps, ${(['replacement', 'gap', 'risk', 'weighted', 'moved', 'foreign', 'refused', 'order'] as const).map(share).join(', ')}\n`,
);
process.exitCode = failures > 0 ? 1 : 0;
