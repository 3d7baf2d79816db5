import type { Step } from '../model/index.ts';

/** The steps of a plan as their `after` sets them free: highest priority first, then plan order. */
export class StepQueue {
  readonly #followers = new Map<number, Step[]>();
  readonly #left = new Map<number, number>();
  readonly #free = new Map<number, Step[]>();
  readonly #priority: (step: Step) => number;
  readonly #blocked = new Set<number>();

  constructor(steps: readonly Step[], priority: (step: Step) => number) {
    this.#priority = priority;
    const numbers = new Set(steps.map((step) => step.n));
    for (const step of steps) {
      const waits = new Set(step.after.filter((n) => numbers.has(n)));
      this.#left.set(step.n, waits.size);
      if (waits.size === 0) this.#release(step);
      for (const n of waits) {
        const list = this.#followers.get(n);
        if (list === undefined) this.#followers.set(n, [step]);
        else list.push(step);
      }
    }
  }

  /** A step that may start now; undefined when there is none at the moment. */
  next(): Step | undefined {
    let best: Step[] | undefined;
    let highest = Number.NEGATIVE_INFINITY;
    for (const [priority, list] of this.#free) {
      if (list.length > 0 && priority > highest) {
        highest = priority;
        best = list;
      }
    }
    return best?.shift();
  }

  done(step: Step): void {
    for (const follower of this.#followers.get(step.n) ?? []) {
      const left = (this.#left.get(follower.n) ?? 0) - 1;
      this.#left.set(follower.n, left);
      if (left === 0) this.#release(follower);
    }
  }

  /** Holds back everything that waits for this step, however far; returns what had not been held back before. */
  block(step: Step): readonly Step[] {
    const held: Step[] = [];
    const next = [step];
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      for (const follower of this.#followers.get(at.n) ?? []) {
        if (this.#blocked.has(follower.n)) continue;
        this.#blocked.add(follower.n);
        held.push(follower);
        next.push(follower);
      }
    }
    return held;
  }

  #release(step: Step): void {
    const priority = this.#priority(step);
    const list = this.#free.get(priority);
    if (list === undefined) this.#free.set(priority, [step]);
    else list.push(step);
  }
}
