import type { Rules } from '../../src/plan/rules.ts';
import { checkPair, type Failure } from './check-pair.ts';
import type { CloudState, FrontState, ServiceState } from './cloud-state.ts';
import type { Pair } from './generate.ts';

/** The smallest pair found that still fails in the same scenario, and what it says. */
export function shrink(pair: Pair, failure: Failure, rules: Rules): { readonly pair: Pair; readonly failure: Failure } {
  let best = { pair, failure };
  for (let found = true; found; ) {
    found = false;
    for (const smaller of smallerPairs(best.pair)) {
      const result = checkPair(smaller, rules).failure;
      if (result === undefined || result.scenario !== failure.scenario) continue;
      best = { pair: smaller, failure: result };
      found = true;
      break;
    }
  }
  return best;
}

/** A failing pair as a test to paste. */
export function asTest(pair: Pair, { scenario, message }: Failure): string {
  const literal = JSON.stringify(pair, null, 1).replace(/\n\s*/g, ' ');
  return `/** ${scenario}: ${message} */\ntest('…', () => assert.equal(checkPair(${literal}).failure, undefined));\n`;
}

/** Candidates, the boldest first. */
function* smallerPairs(pair: Pair): Iterable<Pair> {
  for (const key of ['foreign', 'sick', 'unread'] as const) {
    if (pair[key].length > 0) yield { ...pair, [key]: [] };
    for (let i = 0; i < pair[key].length; i++) yield { ...pair, [key]: pair[key].filter((_, at) => at !== i) };
  }
  if (pair.tellsDraining) yield { ...pair, tellsDraining: false };
  if (pair.unusedHealth) yield { ...pair, unusedHealth: false };
  for (const before of smallerStates(pair.before)) yield { ...pair, before };
  for (const after of smallerStates(pair.after)) yield { ...pair, after };
  for (const service of pair.before.services) {
    const drop = (state: CloudState): CloudState => ({
      ...state,
      services: state.services.filter(({ name }) => name !== service.name),
    });
    yield { ...pair, before: drop(pair.before), after: drop(pair.after) };
  }
}

function* smallerStates(state: CloudState): Iterable<CloudState> {
  for (const balancer of state.balancers) {
    yield { ...state, balancers: state.balancers.filter((one) => one !== balancer) };
  }
  for (const front of state.fronts) {
    yield { ...state, fronts: state.fronts.filter((one) => one !== front) };
    for (const smaller of smallerFronts(front)) {
      yield { ...state, fronts: state.fronts.map((one) => (one === front ? smaller : one)) };
    }
  }
  for (const service of state.services) {
    for (const smaller of smallerServices(service)) {
      yield { ...state, services: state.services.map((one) => (one === service ? smaller : one)) };
    }
  }
}

function* smallerFronts(front: FrontState): Iterable<FrontState> {
  if (front.rules.length > 0) yield { ...front, rules: [] };
  if (front.certs.length > 0) yield { ...front, certs: [] };
  for (const rule of front.rules) {
    yield { ...front, rules: front.rules.filter((one) => one !== rule) };
    for (const share of rule.shares) {
      const smaller = { ...rule, shares: rule.shares.filter((one) => one !== share) };
      yield { ...front, rules: front.rules.map((one) => (one === rule ? smaller : one)) };
    }
  }
  if (front.shares.length > 1) {
    for (const share of front.shares) yield { ...front, shares: front.shares.filter((one) => one !== share) };
  }
}

function* smallerServices(service: ServiceState): Iterable<ServiceState> {
  const { alias: _, ...plain } = service;
  if (service.alias !== undefined) yield plain;
  if (service.fixed) yield { ...plain, fixed: false };
  if (service.gone.length > 0) yield { ...service, gone: [] };
  for (const target of service.targets) {
    yield { ...service, targets: service.targets.filter((one) => one !== target) };
  }
}
