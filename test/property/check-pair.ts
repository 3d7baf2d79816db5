import { allRules, type Rules } from '../../src/plan/rules.ts';
import { commitPrefixes } from './file-scenario.ts';
import type { Pair } from './generate.ts';
import { readBeforeHealth } from './late-health-scenario.ts';
import { type Shape, shapeOf } from './pair-shape.ts';
import { rollOutDuringGate } from './rollout-scenario.ts';
import { Case } from './scenarios.ts';
import { readStale } from './stale-scenario.ts';
import { readWithoutSource } from './unread-source-scenario.ts';

/** What one pair showed. */
export interface Result {
  readonly shape: Shape;
  readonly failure?: Failure;
}

export interface Failure {
  readonly scenario: string;
  readonly message: string;
}

type Scenario = readonly [string, (one: Case) => void];

const scenarios: readonly Scenario[] = [
  ['listed', (one) => one.listed()],
  ['shuffled', (one) => one.shuffled()],
  ['shuffled again', (one) => one.shuffled()],
  ['crash', (one) => one.crashed(1)],
  ['two crashes', (one) => one.crashed(2)],
  ['units apart', (one) => one.apart(false)],
  ['units apart, crash', (one) => one.apart(true)],
  ['upsert-only', (one) => one.restricted('upsert-only', false)],
  ['create-only', (one) => one.restricted('create-only', false)],
  ['upsert-only, then sync', (one) => one.restricted('upsert-only', true)],
  ['create-only, then sync', (one) => one.restricted('create-only', true)],
  ['a rollout during a gate', rollOutDuringGate],
  ['a stale reading', readStale],
  ['health that comes after the reading', (one) => readBeforeHealth(one, false)],
  ['health that comes after the reading, and a change of mind', (one) => readBeforeHealth(one, true)],
  ['whole state', commitPrefixes],
  [
    'a service cannot be read',
    (one) => {
      for (const service of one.pair.unread) one.unread(service);
    },
  ],
  ['a source cannot be read', readWithoutSource],
];

/** Runs every scenario of a pair; stops at the first that fails. */
export function checkPair(pair: Pair, rules: Rules = allRules): Result {
  let shape: Shape | undefined;
  let scenario = 'first plan';
  try {
    const one = new Case(pair, rules);
    shape = shapeOf(one);
    for (const [name, run] of scenarios) {
      scenario = name;
      run(one);
    }
    return { shape };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { shape: shape ?? noShape, failure: { scenario, message } };
  }
}

const noShape: Shape = {
  steps: 0,
  replacement: false,
  gap: false,
  risk: false,
  weighted: false,
  moved: false,
  foreign: false,
  refused: false,
  order: false,
  drained: false,
};
