import type { LocatedObject, Problem } from '../../model/index.ts';
import { ignoredWarning, type KindContext, type ParsedObject, parseObject, type View } from './kinds.ts';
import { flattenList } from './list.ts';
import { ObjectStore } from './object-store.ts';

/** The object itself is let go as soon as it is read: thousands of them would be the larger part of the memory. */
interface Arrived {
  readonly parsed: ParsedObject;
  /** Kept where a word is lost about the object. */
  readonly located?: LocatedObject;
}

/** What came by one key: mostly one object that is in order, of which nothing but the view is kept. */
type Came = View | readonly Arrived[];

/** Objects as they come and go: each parsed when it comes, the usable ones in the store, and what is wrong with each. */
export class Arrivals<K> {
  readonly store = new ObjectStore();
  readonly #context: KindContext;
  /** By shelf, then by key. */
  readonly #came = new Map<string, Map<K, Came>>();
  /** Problems of objects that are usable. */
  readonly #notes = new Map<View, readonly Problem[]>();
  /** Those that cannot be used at all. */
  readonly #refused = new Set<ParsedObject>();
  /** Those of kinds that a word is lost about, and of kinds that are passed over. */
  readonly #ignored = new Map<string, Set<LocatedObject>>();
  readonly #skipped = new Map<string, number>();
  /** Parsed before they came. */
  readonly #prepared = new WeakMap<LocatedObject, Came>();
  #changes = 0;

  constructor(context: KindContext) {
    this.#context = context;
  }

  /** Another number when anything has come or gone. */
  get changes(): number {
    return this.#changes;
  }

  get notes(): ReadonlyMap<View, readonly Problem[]> {
    return this.#notes;
  }

  /** Parses an object that will come. */
  prepare(object: LocatedObject): void {
    if (!this.#prepared.has(object)) this.#prepared.set(object, this.#parse(object));
  }

  put(key: K, object: LocatedObject, shelf = ''): void {
    const came = this.#came.get(shelf) ?? new Map<K, Came>();
    const before = came.get(key);
    const now = this.#prepared.get(object) ?? this.#parse(object);
    this.#prepared.delete(object);
    // In this order a name that stays keeps its place.
    for (const one of arrivedOf(now)) this.#add(one);
    if (before !== undefined) for (const one of arrivedOf(before)) this.#remove(one);
    this.#came.set(shelf, came.set(key, now));
    this.#changes++;
  }

  delete(key: K, shelf = ''): void {
    const before = this.#came.get(shelf)?.get(key);
    if (before === undefined) return;
    for (const one of arrivedOf(before)) this.#remove(one);
    this.#came.get(shelf)?.delete(key);
    this.#changes++;
  }

  arrange(keys: readonly K[]): void {
    const came = this.#came.get('');
    const places = new Map<View, number>();
    for (const key of keys)
      for (const { parsed } of arrivedOf(came?.get(key) ?? []))
        if (parsed.view !== undefined) places.set(parsed.view, places.size);
    this.store.arrange((view) => places.get(view) ?? Number.POSITIVE_INFINITY);
    this.#changes++;
  }

  /** Of objects that cannot be used, or are not. */
  *problems(): Generator<Problem> {
    for (const { problems } of this.#refused) yield* problems;
    yield* this.store.duplicates();
    for (const [name, objects] of this.#ignored) {
      const first = firstOf(objects);
      if (first !== undefined) yield ignoredWarning(name, first, objects.size);
    }
  }

  skipped(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#skipped);
  }

  #parse(object: LocatedObject): Came {
    const arrived = flattenList(object).map((located): Arrived => {
      const parsed = parseObject(located, this.#context);
      return parsed.ignored === undefined ? { parsed } : { parsed, located };
    });
    const [one, ...more] = arrived;
    // Mostly there is nothing to be said of an object.
    const plain = more.length === 0 && one?.located === undefined && one?.parsed.problems.length === 0;
    return (plain ? one.parsed.view : undefined) ?? arrived;
  }

  #add({ located, parsed }: Arrived): void {
    const { ignored, problems, skipped, view } = parsed;
    if (skipped !== undefined) this.#count(skipped, 1);
    if (ignored !== undefined && located !== undefined) {
      const others = this.#ignored.get(ignored);
      if (others === undefined) this.#ignored.set(ignored, new Set([located]));
      else others.add(located);
    }
    if (view !== undefined) {
      if (problems.length > 0) this.#notes.set(view, problems);
      this.store.add(view);
    } else if (problems.length > 0) this.#refused.add(parsed);
  }

  #remove({ located, parsed }: Arrived): void {
    const { ignored, skipped, view } = parsed;
    if (skipped !== undefined) this.#count(skipped, -1);
    if (ignored !== undefined && located !== undefined) {
      const others = this.#ignored.get(ignored);
      others?.delete(located);
      if (others?.size === 0) this.#ignored.delete(ignored);
    }
    if (view === undefined) this.#refused.delete(parsed);
    else {
      this.#notes.delete(view);
      this.store.remove(view);
    }
  }

  #count(kind: string, by: number): void {
    const count = (this.#skipped.get(kind) ?? 0) + by;
    if (count === 0) this.#skipped.delete(kind);
    else this.#skipped.set(kind, count);
  }
}

const inOrder: readonly Problem[] = [];

function arrivedOf(came: Came): readonly Arrived[] {
  return 'kind' in came ? [{ parsed: { view: came, problems: inOrder } }] : came;
}

/** By file and place: the same one in whatever order they came. */
function firstOf(objects: Iterable<LocatedObject>): LocatedObject | undefined {
  let first: LocatedObject | undefined;
  for (const object of objects) if (first === undefined || isBefore(object, first)) first = object;
  return first;
}

function isBefore(a: LocatedObject, b: LocatedObject): boolean {
  return a.file === b.file ? a.line < b.line || (a.line === b.line && a.document < b.document) : a.file < b.file;
}
