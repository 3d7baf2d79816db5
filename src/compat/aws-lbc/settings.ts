import type { Json } from '../../model/index.ts';

type Tree = Map<string, Tree | Json>;

/** Settings for provider awselb while they are put together: plain JSON, and where each path came from. */
export class Settings {
  readonly #tree: Tree = new Map();
  readonly #origin = new Map<string, string>();

  /** Puts a value at a path; nothing for undefined. `origin` is the annotation or field that says so. */
  set(path: readonly string[], value: Json | undefined, origin?: string): void {
    if (value === undefined) return;
    let at = this.#tree;
    for (const key of path.slice(0, -1)) {
      const next = at.get(key);
      if (next instanceof Map) at = next;
      else {
        const fresh: Tree = new Map();
        at.set(key, fresh);
        at = fresh;
      }
    }
    at.set(path.at(-1) ?? '', value);
    if (origin !== undefined) this.#origin.set(['awselb', ...path].join('.'), origin);
  }

  get settings(): Readonly<Record<string, Json>> {
    return { awselb: plain(this.#tree) };
  }

  get settingsOrigin(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#origin);
  }
}

function plain(tree: Tree): Json {
  return Object.fromEntries([...tree].map(([key, value]) => [key, value instanceof Map ? plain(value) : value]));
}
