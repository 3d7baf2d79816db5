import type { LocatedObject } from '../../model/index.ts';
import { changedSpan } from '../../model/remade.ts';
import { LivingObjects, type ReadResult } from './living-objects.ts';
import type { KubernetesReadOptions } from './options.ts';

export type { ReadResult } from './living-objects.ts';

/** Reads all objects of a source again and again, and does again only what an object that came or went asks for. */
export class ObjectReader {
  readonly #options: KubernetesReadOptions;
  readonly #living: LivingObjects<LocatedObject>;
  #last: readonly LocatedObject[] = [];

  /** `options.nowMs` is replaced by what each `read` is given. Ranges of `allowTargets` that are no CIDRs allow nothing. */
  constructor(options: KubernetesReadOptions) {
    this.#options = options;
    this.#living = new LivingObjects(options);
  }

  /** Parses an object that the next reading will have. */
  prepare(object: LocatedObject): void {
    this.#living.prepare(object);
  }

  /** The order of the objects decides between those of one kind, name and age, and the order of the services. */
  read(objects: readonly LocatedObject[], nowMs: number = this.#options.nowMs): ReadResult {
    const { from, beforeEnd, nowEnd } = changedSpan(this.#last, objects);
    const { tally } = this.#living.store;
    const { names } = tally;
    const gone = new Set(this.#last.slice(from, beforeEnd));
    const fresh = objects.slice(from, nowEnd);
    const before = gone.size;
    // First what comes: a name that stays keeps its place.
    for (const object of fresh) if (!gone.delete(object)) this.#living.put(object, object);
    const moved = gone.size < before || (before > 0 && fresh.length > 1);
    for (const object of gone) this.#living.delete(object);
    const between = tally.names > names && (before > 0 || nowEnd < objects.length);
    const changed = before + fresh.length > 0;
    if (moved || between || (changed && tally.contested > 0)) this.#living.arrange(objects);
    this.#last = objects;
    return this.#living.read(nowMs);
  }
}
