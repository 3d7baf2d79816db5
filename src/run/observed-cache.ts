import { type Handle, type Member, type MemberSet, type Observed, sameJson } from '../model/index.ts';
import { changedSpan, sameItems } from '../model/remade.ts';

/** What a balancer holds, as last read and as changed by our own writes since. Keeps the object it has while a new reading says the same. */
export class ObservedCache {
  readonly #objects = new Map<string, Observed>();
  readonly #held = new Set<Observed>();
  #list: readonly Observed[] | undefined = [];
  /** The answer of the last replacement, while every object of it is held. */
  #answer: readonly Observed[] | undefined;
  #version = 0;
  #reasons = 0;

  /** Another number after each change. */
  get version(): number {
    return this.#version;
  }

  /** Something says why it is not as it shall be. */
  get hasReasons(): boolean {
    return this.#reasons > 0;
  }

  /** The same array while nothing changed. */
  all(): readonly Observed[] {
    this.#list ??= [...this.#objects.values()];
    return this.#list;
  }

  /** Puts `after` in the place of `before`: a reading of the same part, or the result of own writes. */
  replace(before: readonly Observed[], after: readonly Observed[]): readonly Observed[] {
    // What stands at the same places in both needs no look, as long as it is what is held here.
    const held = before === this.#answer || before === this.#list || before.every((object) => this.#held.has(object));
    const { from, beforeEnd, nowEnd } = held
      ? changedSpan(before, after)
      : { from: 0, beforeEnd: before.length, nowEnd: after.length };
    const gone = new Set<string>();
    for (const object of before.slice(from, beforeEnd)) gone.add(keyOf(object));
    const changed = after.slice(from, nowEnd).map((object) => {
      const key = keyOf(object);
      gone.delete(key);
      const known = this.#objects.get(key);
      if (known === object) return object;
      if (known !== undefined && sameObserved(known, object)) return known;
      this.#put(key, object, known);
      return object;
    });
    for (const key of gone) this.#put(key, undefined, this.#objects.get(key));
    const same = held && sameItems(changed, before.slice(from, beforeEnd));
    this.#answer = same ? before : after.slice(0, from).concat(changed, after.slice(nowEnd));
    return this.#answer;
  }

  #put(key: string, object: Observed | undefined, known: Observed | undefined): void {
    if (known !== undefined) this.#held.delete(known);
    if (object === undefined) this.#objects.delete(key);
    else {
      this.#objects.set(key, object);
      this.#held.add(object);
    }
    if (known === object) return;
    this.#version++;
    this.#reasons += reasonsOf(object) - reasonsOf(known);
    this.#list = undefined;
    this.#answer = undefined;
  }
}

function reasonsOf(object: Observed | undefined): number {
  return object?.facts.reason === undefined ? 0 : 1;
}

export function keyOf(object: { readonly kind: string; readonly handle: Handle }): string {
  return `${object.kind}\n${object.handle}`;
}

/**
 * `known` with the health and facts of a new reading and nothing else of it: right after a write a system may still answer
 * with what was before, and believing it would write again.
 */
export function withHealth(known: readonly Observed[], reading: readonly Observed[]): readonly Observed[] {
  const read = new Map(reading.map((object) => [keyOf(object), object]));
  return known.map((object) => {
    const seen = read.get(keyOf(object));
    if (seen === undefined || (sameHealth(seen, object) && sameJson({ ...seen.facts }, { ...object.facts })))
      return object;
    const { health: _, ...rest } = object;
    return { ...rest, facts: seen.facts, ...(seen.health === undefined ? {} : { health: seen.health }) };
  });
}

function sameObserved(a: Observed, b: Observed): boolean {
  return (
    a.id === b.id &&
    a.unit === b.unit &&
    a.owned === b.owned &&
    sameJson(a.serves, b.serves) &&
    sameJson(a.attrs, b.attrs) &&
    sameJson(a.refs, b.refs) &&
    sameJson({ ...a.facts }, { ...b.facts }) &&
    sameSets(a.sets, b.sets) &&
    sameHealth(a, b)
  );
}

/** Equal members for every set; a set that is absent is empty. */
export function sameSets(a: Readonly<Record<string, MemberSet>>, b: Readonly<Record<string, MemberSet>>): boolean {
  return sameMaps(a, b, sameMember);
}

function sameMember(a: Member, b: Member): boolean {
  return a === b || (a.gone === b.gone && sameJson(a.attrs, b.attrs));
}

function sameHealth(a: Observed, b: Observed): boolean {
  if (a.health === b.health) return true;
  if (a.health === undefined || b.health === undefined) return false;
  // A set with health and no members is not the same as a set without health.
  if (Object.keys(a.health).length !== Object.keys(b.health).length) return false;
  return sameMaps(a.health, b.health, (x, y) => x === y);
}

function sameMaps<T>(
  a: Readonly<Record<string, ReadonlyMap<string, T>>>,
  b: Readonly<Record<string, ReadonlyMap<string, T>>>,
  same: (x: T, y: T) => boolean,
): boolean {
  if (a === b) return true;
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const left = a[name];
    const right = b[name];
    if (left === right) continue;
    if ((left?.size ?? 0) !== (right?.size ?? 0)) return false;
    for (const [key, value] of left ?? []) {
      const other = right?.get(key);
      if (other === undefined || !same(value, other)) return false;
    }
  }
  return true;
}
