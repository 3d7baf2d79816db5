import type { Observed, Plan, Policy, Resource, ServiceId, Step } from '../../src/model/index.ts';
import { advance } from '../../src/plan/index.ts';
import { planWith } from '../../src/plan/plan.ts';
import type { Rules } from '../../src/plan/rules.ts';
import { unitsWith } from '../../src/plan/units.ts';
import { buildWorld } from './build-world.ts';
import { render } from './cloud-state.ts';
import { difference, factsOf, foreignText } from './difference.ts';
import { Execution, execute, type Run } from './execute.ts';
import type { Pair } from './generate.ts';
import { Oracle, Violation } from './oracle.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

/** One pair under one planner. Every scenario starts from a copy of the same world and throws what it finds wrong. */
export class Case {
  readonly pair: Pair;
  readonly rules: Rules;
  readonly start: World;
  readonly desired: readonly Resource[];
  readonly sick: ReadonlySet<string>;
  readonly foreign: string;
  readonly random: Random;
  /** The plan from the start, under `sync`. */
  readonly first: Plan;

  constructor(pair: Pair, rules: Rules) {
    this.pair = pair;
    this.rules = rules;
    this.start = buildWorld(pair);
    this.desired = render(pair.after);
    this.sick = new Set(pair.sick);
    this.foreign = foreignText(this.start);
    this.random = new Random(pair.seed + 7);
    this.first = this.plan(this.start.observe());
  }

  plan(observed: readonly Observed[], policy: Policy = 'sync', desired = this.desired, unread?: ServiceId): Plan {
    const incomplete = (service: ServiceId): boolean => service === unread;
    return planWith(this.rules, this.start.options.kinds, desired, observed, { policy, incomplete });
  }

  oracle(world: World, desired = this.desired, watchHosts = true): Oracle {
    return new Oracle(world, desired, this.sick, watchHosts);
  }

  /** As listed, to the end. */
  listed(): void {
    const world = this.start.copy();
    const observed = world.observe();
    const run = execute(world, this.first.steps, this.oracle(world));
    const told = factsOf(advance(observed, run.done, run.handles));
    const is = factsOf(world.observe());
    for (const [place, text] of told.entries())
      if (text !== is[place]) throw new Violation(`advance says ${text}, the world ${is[place]}`);
    this.finish(world, run, this.first);
  }

  /** In a random order that `after` allows. */
  shuffled(): void {
    const world = this.start.copy();
    const run = execute(world, this.first.steps, this.oracle(world), { random: this.random });
    this.finish(world, run, this.first);
  }

  /** Ends after a random step, `crashes` times; then reads and plans again. No crash adds an interruption. */
  crashed(crashes: number): void {
    const world = this.start.copy();
    const oracle = this.oracle(world);
    const named = gapsOf(this.first.steps);
    let { first: plan } = this;
    for (let i = 0; i < crashes && plan.steps.length > 0; i++) {
      const run = execute(world, plan.steps, oracle, {
        random: this.random,
        limit: this.random.below(plan.steps.length + 1),
      });
      if (run.gate !== undefined) {
        this.finish(world, run, plan);
        return;
      }
      oracle.look(world);
      const next = this.plan(world.observe());
      const added = next.steps.flatMap((step) => this.#interrupts(world, step)).find((service) => !named.has(service));
      if (added !== undefined) throw new Violation(`the crash adds a gap for ${added}`);
      plan = next;
    }
    this.finish(world, execute(world, plan.steps, oracle), plan);
  }

  /** Whom a step interrupts that had ready targets at this front from the start: only they can be interrupted by a crash. */
  #interrupts(world: World, { kind, id, gap = [] }: Step): readonly ServiceId[] {
    // A plan that was refused in part has not told all its gaps.
    if (gap.length === 0 || this.first.refused.length > 0 || this.#grownReady(world)) return [];
    const { start } = this;
    const front = [...start.things.values()].find((thing) => thing.kind === kind && thing.id === id);
    const ready = front === undefined ? [] : start.pointed(front).filter((handle) => start.hasReady(handle));
    return gap.filter((service) => ready.some((handle) => tagged(start, handle, service)));
  }

  /** What had nothing to lose at first, and has now, may have to lose it: no crash has done that. */
  #grownReady(world: World): boolean {
    for (const handle of this.start.things.keys())
      if (!this.start.hasReady(handle) && world.hasReady(handle)) return true;
    return false;
  }

  /** Every unit by itself, their steps in turns; with `crash`, all end somewhere and begin again. */
  apart(crash: boolean): void {
    const world = this.start.copy();
    const oracle = this.oracle(world);
    for (let round = crash ? 0 : 1; round < 2; round++) {
      oracle.look(world);
      const groups = unitsWith(this.rules, this.start.options.kinds, this.desired, world.observe());
      const plans = groups.map((group) => this.plan(group.observed, 'sync', group.desired));
      const limit = round === 0 ? { limit: this.random.below(6) } : {};
      const runs = plans.map(({ steps }) => new Execution(world, steps, oracle, limit));
      for (let going = [...runs]; going.length > 0; ) {
        const one = this.random.pick(going);
        if (!one.next()) going = going.filter((other) => other !== one);
      }
      if (round === 0) continue;
      const stopped = runs.some((run) => run.result().gate !== undefined);
      const refused = plans.flatMap((plan) => plan.refused);
      this.finish(world, stopped ? { done: [], handles: new Map(), gate: anyGate } : (runs[0]?.result() ?? noRun), {
        steps: [],
        refused,
      });
    }
  }

  /** Nothing may be deleted, or nothing that exists may be changed; with `lifted`, the policy changes halfway. */
  restricted(policy: Policy, lifted: boolean): void {
    const world = this.start.copy();
    // Where some of the wanted rules are refused, a host may be served by another one meanwhile.
    const oracle = this.oracle(world, this.desired, false);
    const plan = this.plan(world.observe(), policy);
    const existing = new Set(world.things.keys());
    for (const { op, handle } of plan.steps) {
      if (policy === 'upsert-only' && op === 'delete') throw new Violation('deletes under upsert-only');
      if (policy === 'create-only' && op !== 'wait' && typeof handle === 'string' && existing.has(handle)) {
        throw new Violation(`${op} of ${handle} under create-only`);
      }
    }
    const limit = lifted ? { limit: this.random.below(plan.steps.length + 1) } : {};
    const run = execute(world, plan.steps, oracle, { random: this.random, ...limit });
    this.untouched(world);
    if (!lifted || run.gate !== undefined) return;
    oracle.look(world);
    const next = this.plan(world.observe());
    this.finish(world, execute(world, next.steps, oracle), next);
  }

  /** A service cannot be read: whoever served it goes on doing so. */
  unread(service: ServiceId): void {
    const world = this.start.copy();
    const { after } = this.pair;
    const desired = render({ ...after, services: after.services.filter(({ name }) => name !== service) });
    const plan = this.plan(world.observe(), 'sync', desired, service);
    const held = [...world.things.values()].filter((thing) => !thing.foreign && world.served(thing).includes(service));
    const ready = held.filter((front) =>
      world.pointed(front).some((handle) => tagged(world, handle, service) && world.hasReady(handle)),
    );
    const run = execute(world, plan.steps, this.oracle(world, desired, false), { random: this.random });
    for (const { handle, id } of ready) {
      const front = world.things.get(handle);
      const serves =
        front !== undefined &&
        world.pointed(front).some((group) => tagged(world, group, service) && world.hasReady(group));
      const named = run.done.some(({ gap = [], risk = [] }) => gap.includes(service) || risk.includes(service));
      if (!serves && !named) throw new Violation(`${id} has lost ${service}, which could not be read`);
    }
    const has = ({ things }: World): boolean => [...things.values()].some(({ tags }) => tags.includes(service));
    if (has(this.start) && !has(world)) throw new Violation(`all of ${service} is gone`);
    this.untouched(world);
  }

  untouched(world: World): void {
    if (foreignText(world) !== this.foreign) throw new Violation('something foreign was touched');
  }

  /** After a run: nothing foreign touched; the world is as wanted and stays so, unless a gate was shut or something was refused. */
  finish(world: World, run: Run, plan: Plan): void {
    this.untouched(world);
    if (run.gate !== undefined) {
      this.#waits(world, run.gate);
      return;
    }
    const again = this.plan(world.observe());
    const blocked = plan.refused.length > 0 || again.refused.length > 0;
    if (!blocked) {
      const wrong = difference(world, this.desired);
      if (wrong !== undefined) throw new Violation(wrong);
      if (again.steps.length > 0) throw new Violation(`plans again: ${summary(again.steps)}`);
      return;
    }
    this.#settles(world, again);
  }

  /** Behind a gate that stays shut nothing is written a second time. */
  #waits(world: World, gate: Step): void {
    if (gate.n === 0) return;
    const oracle = this.oracle(world);
    for (let round = 0; round < 6; round++) {
      oracle.look(world);
      const plan = this.plan(world.observe());
      const run = execute(world, plan.steps, oracle);
      if (run.done.every(({ op }) => op === 'wait')) return;
      this.untouched(world);
    }
    throw new Violation('writes again and again before a gate that stays shut');
  }

  /** What is refused may let a few more plans go on, but they end. */
  #settles(world: World, plan: Plan): void {
    const oracle = this.oracle(world);
    let next = plan;
    for (let round = 0; round < 6; round++) {
      if (next.steps.length === 0) return;
      const run = execute(world, next.steps, oracle);
      this.untouched(world);
      if (run.gate !== undefined) return;
      oracle.look(world);
      next = this.plan(world.observe());
    }
    throw new Violation(`does not end: ${summary(next.steps)}`);
  }
}

function tagged(world: World, handle: string, service: ServiceId): boolean {
  return world.things.get(handle)?.tags.includes(service) === true;
}

function gapsOf(steps: readonly Step[]): ReadonlySet<ServiceId> {
  return new Set(steps.flatMap(({ gap = [] }) => gap));
}

function summary(steps: readonly Step[]): string {
  return steps.map(({ op, kind, id, set = '' }) => `${op} ${kind} ${id} ${set}`.trim()).join(', ');
}

const noRun: Run = { done: [], handles: new Map() };
/** Stands for a gate of one of several units. */
const anyGate: Step = {
  n: 0,
  op: 'wait',
  kind: '',
  id: '',
  unit: '',
  why: '',
  serves: [],
  after: [],
};
