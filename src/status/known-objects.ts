import type { KnownObject } from './known-object.ts';

/** The objects of a cluster whose status may be ours to write, each in the newest version that was seen, be it by a watch or as an answer. */
export class KnownObjects {
  readonly #objects = new Map<string, KnownObject>();

  get(key: string): KnownObject | undefined {
    return this.#objects.get(key);
  }

  values(): Iterable<KnownObject> {
    return this.#objects.values();
  }

  /** False: it is older than what is known. A watch may lag behind the answer to a write. */
  put(object: KnownObject): boolean {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    if (known !== undefined && known.uid === object.uid && isOlder(object.resourceVersion, known.resourceVersion))
      return false;
    this.#objects.set(key, object);
    return true;
  }

  delete(key: string): void {
    this.#objects.delete(key);
  }

  clear(): void {
    this.#objects.clear();
  }
}

/** `Service\nshop/web`. */
export function keyOf({ kind, namespace, name }: Pick<KnownObject, 'kind' | 'namespace' | 'name'>): string {
  return keyIn(kind, `${namespace}/${name}`);
}

export function keyIn(kind: string, path: string): string {
  return `${kind}\n${path}`;
}

/** Versions are decimal numbers that grow; one that is none compares with nothing. */
export function isOlder(version: string, known: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(known)) return false;
  return version.length === known.length ? version < known : version.length < known.length;
}
