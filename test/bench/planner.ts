/** What planning costs: all objects fresh, 1 % of the services changed. */
import { writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Observed, Resource } from '../../src/model/index.ts';
import { plan } from '../../src/plan/index.ts';
import { type BenchOptions, type Figure, type FigureSpec, median, quantile } from './figure.ts';
import { planKinds } from './planner/kinds.ts';
import { bareWalk, observedState, wantedState } from './planner/states.ts';

export const figures: readonly FigureSpec[] = [
  { name: 'planner.full_ratio', unit: 'ratio', limit: 6, direction: 'lower' },
  { name: 'planner.full_ms', unit: 'ms', direction: 'lower' },
  { name: 'planner.growth_x2', unit: 'ratio', limit: 2.8, direction: 'lower' },
  { name: 'planner.unit_ms', unit: 'ms', limit: 1, direction: 'lower' },
];

/** quadratic: each object is looked for in the whole list. */
export const breaks = ['quadratic'];

export const load =
  '10,000 services, 100,000 targets (10,000 target groups, 10,000 listeners, 200 load balancers), 1 % changed; full diff and bare walk in turns';

const rounds = 15;
const services = 10_000;

export async function run({ raw, breakName }: BenchOptions): Promise<readonly Figure[]> {
  const diff = breakName === 'quadratic' ? quadraticPlan : fullPlan;
  const turns = breakName === undefined ? rounds : 3;
  const { walkMs, planMs, doubleMs } = measure(turns, diff);
  const unitMs = measureUnit(breakName === undefined ? 400 : 20, diff);
  if (raw !== undefined) writeFileSync(`${raw}/planner.json`, JSON.stringify({ walkMs, planMs, doubleMs, unitMs }));
  // Neighbours in time share the load of the machine: ratios are taken turn by turn.
  const ratios = planMs.map((ms, i) => ms / (walkMs[i] ?? Number.NaN));
  // The two sizes take unlike long, and a pause hits the longer one more often: their calm quarters are compared.
  const growth = quantile(doubleMs, 0.25) / quantile(planMs, 0.25);
  return [
    figure('planner.full_ratio', median(ratios), 'ratio', turns),
    figure('planner.full_ms', median(planMs), 'ms', turns),
    figure('planner.growth_x2', growth, 'ratio', turns),
    figure('planner.unit_ms', median(unitMs), 'ms', unitMs.length),
  ];
}

function figure(name: string, value: number, unit: string, n: number): Figure {
  return { figure: name, value: Math.round(value * 1000) / 1000, unit, n };
}

type Diff = (desired: readonly Resource[], observed: readonly Observed[]) => number;

const options = { policy: 'sync', incomplete: () => false } as const;

function fullPlan(desired: readonly Resource[], observed: readonly Observed[]): number {
  return plan(planKinds, desired, observed, options).steps.length;
}

function quadraticPlan(desired: readonly Resource[], observed: readonly Observed[]): number {
  let found = 0;
  for (const { kind, id } of desired) if (observed.some((one) => one.kind === kind && one.id === id)) found++;
  return found + fullPlan(desired, observed);
}

interface Measured {
  readonly walkMs: readonly number[];
  readonly planMs: readonly number[];
  /** Plans of twice as many services. */
  readonly doubleMs: readonly number[];
}

/** Plans and bare walks over the same fresh states, in turns; two turns to warm up. */
function measure(turns: number, diff: Diff): Measured {
  const walkMs: number[] = [];
  const planMs: number[] = [];
  const doubleMs: number[] = [];
  for (let turn = -2; turn < turns; turn++) {
    const desired = wantedState(services, 0.01);
    const observed = observedState(services);
    collectGarbage();
    const walk = () => time(() => bareWalk(desired, observed));
    const full = () => time(() => diff(desired, observed));
    // Either goes first in turn: what one leaves in the caches helps the other.
    const [first, second] = turn % 2 === 0 ? [walk(), full()] : [full(), walk()];
    const double = measureDouble(diff);
    if (turn < 0) continue;
    walkMs.push(turn % 2 === 0 ? first : second);
    planMs.push(turn % 2 === 0 ? second : first);
    doubleMs.push(double);
  }
  return { walkMs, planMs, doubleMs };
}

function measureDouble(diff: Diff): number {
  const desired = wantedState(2 * services, 0.01);
  const observed = observedState(2 * services);
  collectGarbage();
  return time(() => diff(desired, observed));
}

/** One unit of 50 services, 500 targets, one of them changed. */
function measureUnit(turns: number, diff: Diff): readonly number[] {
  const found: number[] = [];
  for (let turn = -50; turn < turns; turn++) {
    const desired = wantedState(50, 0.02);
    const observed = observedState(50);
    const ms = time(() => diff(desired, observed));
    if (turn >= 0) found.push(ms);
  }
  return found;
}

/** What making the states has left behind is not charged to the one who is measured next. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

function time(work: () => number): number {
  const started = performance.now();
  const result = work();
  const ms = performance.now() - started;
  if (result <= 0) throw new Error('nothing was found to do: the measurement is void');
  return ms;
}
