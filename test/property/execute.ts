import type { Handle, Step } from '../../src/model/index.ts';
import { type Oracle, Violation } from './oracle.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';
import { applyStep } from './world-apply.ts';

/** How far a plan came. */
export interface Run {
  readonly done: readonly Step[];
  readonly handles: ReadonlyMap<number, Handle>;
  /** The gate that did not open: the plan was dropped there. */
  readonly gate?: Step;
}

export interface RunOptions {
  /** Random among the steps that `after` allows; absent: as listed. */
  readonly random?: Random;
  /** Stops after so many steps, as a crash does. */
  readonly limit?: number;
  /** What steps before these have created. */
  readonly handles?: ReadonlyMap<number, Handle>;
}

/** Carries out a plan step by step; the oracle looks after each one. A gate lets time pass, and ends the plan when it stays shut. */
export function execute(world: World, steps: readonly Step[], oracle: Oracle, options: RunOptions = {}): Run {
  const run = new Execution(world, steps, oracle, options);
  return run.go();
}

export class Execution {
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #random: Random | undefined;
  readonly #limit: number;
  readonly #left: Step[];
  /** Gates that are shut, and what waits for them. */
  readonly #held = new Set<number>();
  readonly #done = new Set<number>();
  readonly #log: Step[] = [];
  readonly #removals: ReadonlySet<number>;
  readonly #handles = new Map<number, Handle>();
  #gate: Step | undefined;

  constructor(world: World, steps: readonly Step[], oracle: Oracle, options: RunOptions) {
    this.#world = world;
    this.#oracle = oracle;
    this.#random = options.random;
    this.#limit = options.limit ?? Number.POSITIVE_INFINITY;
    this.#left = [...steps];
    this.#removals = new Set(steps.filter(({ op }) => op === 'remove').map(({ n }) => n));
    oracle.announce(steps);
    for (const [n, handle] of options.handles ?? []) this.#handles.set(n, handle);
  }

  go(): Run {
    while (this.next());
    return this.result();
  }

  result(): Run {
    const gate = this.#gate;
    return { done: this.#log, handles: this.#handles, ...(gate === undefined ? {} : { gate }) };
  }

  /** Carries out one step; false when there is none, or none that may be. */
  next(): boolean {
    if (this.#log.length >= this.#limit) return false;
    const step = this.#take();
    if (step === undefined) return false;
    if (step.until !== undefined && !this.#opens(step)) {
      this.#gate ??= step;
      this.#held.add(step.n);
      return true;
    }
    this.#oracle.excuse(step);
    const handle = applyStep(this.#world, step, this.#handles);
    if (handle !== undefined) this.#handles.set(step.n, handle);
    this.#done.add(step.n);
    this.#log.push(step);
    this.#oracle.check(this.#world, `after step ${step.n} ${step.op} ${step.kind} ${step.id}`);
    return true;
  }

  #take(): Step | undefined {
    this.#holdBack();
    if (this.#random === undefined) {
      const [first] = this.#left;
      if (first?.after.some((n) => !this.#done.has(n)) === true)
        throw new Error(`step ${first.n} stands before what it waits for`);
      return this.#left.shift();
    }
    const free = this.#left.filter(({ after }) => after.every((n) => this.#done.has(n)));
    if (free.length === 0) {
      if (this.#left.length > 0) throw new Error('steps wait for each other');
      return undefined;
    }
    const step = this.#random.pick(free);
    this.#left.splice(this.#left.indexOf(step), 1);
    return step;
  }

  /**
   * Members that steps not yet done add to an object, waiting for nothing but creates and adds: the gate should have waited for them.
   * Those that wait for room may come later.
   */
  #addedWithout(gate: Step, handle: Handle): ReadonlySet<unknown> {
    const behind = new Set([gate.n]);
    const keys = new Set<unknown>();
    for (const step of this.#left) {
      const waits = step.after.some((n) => behind.has(n) || this.#removals.has(n));
      if (waits || step.op === 'remove') behind.add(step.n);
      const of = typeof step.handle === 'number' ? this.#handles.get(step.handle) : step.handle;
      if (of !== handle || step.op !== 'add' || behind.has(step.n)) continue;
      for (const [key] of step.members ?? []) keys.add(key);
    }
    return keys;
  }

  /** What waits for a shut gate is left out; everything else goes on. */
  #holdBack(): void {
    if (this.#held.size === 0) return;
    for (let i = 0; i < this.#left.length; i++) {
      const step = this.#left[i];
      if (step?.after.some((n) => this.#held.has(n)) !== true) continue;
      this.#held.add(step.n);
      this.#left.splice(i--, 1);
    }
  }

  #opens(step: Step): boolean {
    const { until } = step;
    if (until === undefined) return true;
    this.#world.tick();
    this.#oracle.check(this.#world, 'while waiting');
    const handle = typeof until.of === 'string' ? until.of : this.#handles.get(until.of);
    if (handle === undefined) throw new Error('a gate on an object that was not created');
    const thing = this.#world.things.get(handle);
    // A plan from a stale reading may wait for what is gone.
    if (thing === undefined) return false;
    if (until.what === 'drained') return !until.members.some((key) => thing.draining.get(until.set)?.has(key) === true);
    const ready = until.members.filter((key) => this.#world.isReady(handle, key)).length;
    if (ready >= until.min) return true;
    const set = thing.sets.get(until.set);
    const late = this.#addedWithout(step, handle);
    const fit = until.members.filter((key) => !this.#world.sick.has(key) && (set?.has(key) === true || late.has(key)));
    if (!this.#world.slow.has(handle) && fit.length >= until.min) {
      throw new Violation(`gate ${step.n} waits for what cannot be seen yet`);
    }
    return false;
  }
}
