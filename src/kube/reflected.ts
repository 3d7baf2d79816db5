import type { Change, KubeObject, ReflectOptions } from './contract.ts';
import { Turns } from './turns.ts';

interface Version {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** An object as it will be known: nothing of the raw one is held beside its projection. */
export interface Prepared<T> extends Version {
  readonly key: string;
  readonly item: T | undefined;
  /** It is this very version that is known, or it cannot be projected: what is known stays. */
  readonly keep: boolean;
}

interface ReflectedOptions<T> {
  readonly project: ReflectOptions<T>['project'];
  readonly keep?: ReflectOptions<T>['keep'];
  readonly emit: (change: Change<T>) => void;
  /** `project` has thrown: the object stays as it was known. */
  readonly failed: (error: unknown, key: string) => void;
  readonly now: () => number;
}

/** What a reflector knows: the projection of each object, and the version that it was made of. Tells changes in order, adds before deletes. */
export class Reflected<T> {
  readonly items = new Map<string, T>();
  readonly #versions = new Map<string, Version>();
  readonly #options: ReflectedOptions<T>;

  constructor(options: ReflectedOptions<T>) {
    this.#options = options;
  }

  /** Projects an object of a list or watch, unless just this version is known. Changes nothing. */
  prepare(raw: KubeObject): Prepared<T> {
    const key = keyOf(raw);
    const { uid, resourceVersion } = versionOf(raw);
    const known = this.#versions.get(key);
    if (known !== undefined && known.uid === uid && known.resourceVersion === resourceVersion && resourceVersion !== '')
      return { key, uid, resourceVersion, item: undefined, keep: true };
    try {
      const old = known === undefined || known.uid !== uid ? undefined : this.items.get(key);
      const item = this.#options.project(withoutManagedFields(raw), old, raw.metadata.managedFields);
      return { key, uid, resourceVersion, item, keep: false };
    } catch (error) {
      this.#options.failed(error, key);
      return { key, uid, resourceVersion, item: undefined, keep: true };
    }
  }

  put({ key, uid, resourceVersion, item, keep }: Prepared<T>): void {
    if (keep) return;
    const known = this.#versions.get(key);
    const same = known === undefined || known.uid === uid;
    this.#versions.set(key, { uid, resourceVersion });
    // Somebody deleted it and made another of the same name, between two looks: both are told.
    if (item === undefined || !same) this.#drop(key);
    if (item === undefined) return;
    const old = this.items.get(key);
    this.items.set(key, this.#options.keep?.(item) ?? item);
    if (old === undefined) this.#options.emit({ type: 'add', key, object: item });
    else if (item !== old) this.#options.emit({ type: 'update', key, object: item, old });
  }

  delete(key: string): void {
    this.#versions.delete(key);
    this.#drop(key);
  }

  /** Takes over a complete list, letting others run in between. False: `stopped` in the middle; the rest is left to the next list. */
  async replace(list: ReadonlyMap<string, Prepared<T>>, stopped: () => boolean): Promise<boolean> {
    const turns = new Turns(this.#options.now);
    for (const object of list.values()) {
      if (turns.due()) await turns.next();
      if (stopped()) return false;
      this.put(object);
    }
    for (const key of [...this.#versions.keys()]) {
      if (list.has(key)) continue;
      if (turns.due()) await turns.next();
      if (stopped()) return false;
      this.delete(key);
    }
    return true;
  }

  #drop(key: string): void {
    const old = this.items.get(key);
    if (old === undefined) return;
    this.items.delete(key);
    this.#options.emit({ type: 'delete', key, old });
  }
}

/** `namespace/name`, `/name` for what is in no namespace. */
export function keyOf({ metadata }: KubeObject): string {
  return `${typeof metadata.namespace === 'string' ? metadata.namespace : ''}/${metadata.name}`;
}

function versionOf({ metadata: { uid, resourceVersion } }: KubeObject): Version {
  return {
    uid: typeof uid === 'string' ? uid : '',
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
  };
}

/** Half of many objects, and nobody's business here. */
export function withoutManagedFields(object: KubeObject): KubeObject {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, name: object.metadata.name } };
}
