/** Who asked for what, thousands of them for a thing of their own each. */
export class Askers<T extends object> {
  /** Mostly one; several stand in a set. */
  readonly #of = new Map<string, T | Set<T>>();

  of(ask: string): readonly T[] {
    const found = this.#of.get(ask);
    if (found === undefined) return [];
    return found instanceof Set ? [...found] : [found];
  }

  /** Whether it is the first one that asks. */
  add(ask: string, asker: T): boolean {
    const found = this.#of.get(ask);
    if (found instanceof Set) found.add(asker);
    else if (found === undefined) this.#of.set(ask, asker);
    else if (found !== asker) this.#of.set(ask, new Set([found, asker]));
    return found === undefined;
  }

  /** Whether it was the last one. */
  delete(ask: string, asker: T): boolean {
    const found = this.#of.get(ask);
    if (found instanceof Set) found.delete(asker);
    if (found === asker || (found instanceof Set && found.size === 0)) return this.#of.delete(ask);
    return false;
  }
}
