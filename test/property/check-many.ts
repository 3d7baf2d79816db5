import { allRules, type Rules } from '../../src/plan/rules.ts';
import { checkPair, type Failure } from './check-pair.ts';
import { generatePair } from './generate.ts';
import type { Shape } from './pair-shape.ts';

/** What many pairs showed together. */
export interface Tally {
  readonly pairs: number;
  readonly steps: number;
  /** How many pairs have each trait. */
  readonly traits: Readonly<Record<string, number>>;
  readonly failures: readonly { readonly seed: number; readonly failure: Failure }[];
}

export const noPairs: Tally = { pairs: 0, steps: 0, traits: {}, failures: [] };

/** Checks `pairs` seeds from `seed` on; ends early after so many failures. */
export function checkMany(seed: number, pairs: number, options: { rules?: Rules; failures?: number } = {}): Tally {
  const { rules = allRules, failures: limit = 10 } = options;
  const failures: Tally['failures'][number][] = [];
  const traits: Record<string, number> = {};
  let steps = 0;
  let count = 0;
  for (; count < pairs && failures.length < limit; count++) {
    const { shape, failure } = checkPair(generatePair(seed + count), rules);
    steps += shape.steps;
    for (const trait of traitsOf(shape)) traits[trait] = (traits[trait] ?? 0) + 1;
    if (failure !== undefined) failures.push({ seed: seed + count, failure });
  }
  return { pairs: count, steps, traits, failures };
}

function traitsOf(shape: Shape): readonly string[] {
  return Object.entries(shape)
    .filter(([, value]) => value === true)
    .map(([name]) => name);
}

export function addTallies(a: Tally, b: Tally): Tally {
  const traits = { ...a.traits };
  for (const [name, count] of Object.entries(b.traits)) traits[name] = (traits[name] ?? 0) + count;
  return {
    pairs: a.pairs + b.pairs,
    steps: a.steps + b.steps,
    traits,
    failures: [...a.failures, ...b.failures],
  };
}

/** Share of the pairs that have a trait, 0..1. */
export function shareOf({ traits, pairs }: Tally, trait: keyof Shape): number {
  return (traits[trait] ?? 0) / pairs;
}
