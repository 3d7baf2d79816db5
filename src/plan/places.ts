import type { Id } from '../model/index.ts';
import type { Present, Scene, Wanted } from './scene.ts';

/** Places that clients know (`lb:port/host`), and who holds them: built when first asked. */
export class Places {
  readonly #scene: Scene;
  readonly #sameKindOnly: boolean;
  #held: Map<string, Present[]> | undefined;
  #wanted: Map<string, Wanted> | undefined;

  constructor(scene: Scene, sameKindOnly = false) {
    this.#scene = scene;
    this.#sameKindOnly = sameKindOnly;
  }

  /** Fronts that exist at the place of a wanted one. */
  holders(front: Wanted): readonly Present[] {
    if (this.#held === undefined) {
      this.#held = new Map();
      for (const present of this.#scene.presents) {
        const key = this.#keyOf(present);
        if (key === undefined) continue;
        const list = this.#held.get(key);
        if (list === undefined) this.#held.set(key, [present]);
        else list.push(present);
      }
    }
    return this.#held.get(this.#keyOf(front) ?? '') ?? [];
  }

  /** The front that shall be at the place of one that exists. */
  successor(front: Present): Wanted | undefined {
    if (this.#wanted === undefined) {
      this.#wanted = new Map();
      for (const wants of this.#scene.wants) {
        for (const wanted of wants) {
          const key = this.#keyOf(wanted);
          if (key !== undefined && !this.#wanted.has(key)) this.#wanted.set(key, wanted);
        }
      }
    }
    return this.#wanted.get(this.#keyOf(front) ?? '');
  }

  /** In terms of logical ids on both sides: the place of a front survives the replacement of what it sits on. */
  #keyOf({ it, shape }: Present | Wanted): string | undefined {
    const { frontKey } = shape.spec;
    if (frontKey === undefined) return undefined;
    let { refs } = it;
    if ('handle' in it) {
      const ids: Record<string, Id> = {};
      for (const ref of shape.refs) {
        const handle = refs[ref.name];
        if (handle !== undefined) ids[ref.name] = this.#scene.find(ref.to, handle)?.it.id ?? handle;
      }
      refs = ids;
    }
    const key = frontKey(it.attrs, refs);
    return this.#sameKindOnly ? `${shape.spec.kind} ${key}` : key;
  }
}
