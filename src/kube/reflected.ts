import type { Turns } from '../model/turns.ts';
import type { Change, KubeObject, ReflectOptions } from './contract.ts';

/** An object as it will be known: nothing of the raw one is held beside its projection. */
export interface Prepared<T> {
  readonly key: string;
  /** Its uid and the version of it, in little memory. */
  readonly version: string;
  readonly item: T | undefined;
  /** It is this very version that is known, or it cannot be projected: what is known stays. */
  readonly keep: boolean;
}

interface ReflectedOptions<T> {
  readonly project: ReflectOptions<T>['project'];
  readonly left?: T;
  readonly emit: (change: Change<T>) => void;
  /** `project` has thrown: the object stays as it was known. */
  readonly failed: (error: unknown, key: string) => void;
  readonly turns: Turns;
}

/** What a reflector knows: the projection of each object, and the version that it was made of. Tells changes in order, adds before deletes. */
export class Reflected<T> {
  readonly items = new Map<string, T>();
  readonly #versions = new Map<string, string>();
  readonly #options: ReflectedOptions<T>;

  constructor(options: ReflectedOptions<T>) {
    this.#options = options;
  }

  /** Projects an object of a list or watch, unless just this version is known. Changes nothing. */
  prepare(raw: KubeObject): Prepared<T> {
    const key = keyOf(raw);
    const version = versionOf(raw);
    const known = this.#versions.get(key);
    if (known === version && !version.startsWith(' ')) return { key, version, item: undefined, keep: true };
    try {
      const old = known !== undefined && uidOf(known) === uidOf(version) ? this.#oldOf(key) : undefined;
      const item = this.#options.project(withoutManagedFields(raw), old, raw.metadata.managedFields);
      return { key, version, item, keep: false };
    } catch (error) {
      this.#options.failed(error, key);
      return { key, version, item: undefined, keep: true };
    }
  }

  put({ key, version, item, keep }: Prepared<T>): void {
    if (keep) return;
    const known = this.#versions.get(key);
    const same = known === undefined || uidOf(known) === uidOf(version);
    // Somebody deleted it and made another of the same name, between two looks: both are told.
    if (item === undefined || !same) this.#drop(key);
    const old = this.#oldOf(key);
    if (item !== undefined || this.#options.left === undefined) this.#versions.set(key, version);
    if (item === undefined) return;
    if (this.#options.left === undefined) this.items.set(key, item);
    if (old === undefined) this.#options.emit({ type: 'add', key, object: item });
    else if (item !== old) this.#options.emit({ type: 'update', key, object: item, old });
  }

  delete(key: string): void {
    this.#drop(key);
    this.#versions.delete(key);
  }

  keys(): Iterable<string> {
    return this.#options.left === undefined ? this.items.keys() : this.#versions.keys();
  }

  /** Takes over a complete list, letting others run in between. False: `stopped` in the middle; the rest is left to the next list. */
  async replace(list: ReadonlyMap<string, Prepared<T>>, stopped: () => boolean): Promise<boolean> {
    const { turns } = this.#options;
    for (const object of list.values()) {
      if (turns.due) await turns.next();
      if (stopped()) return false;
      this.put(object);
    }
    for (const key of [...this.#versions.keys()]) {
      if (list.has(key)) continue;
      if (turns.due) await turns.next();
      if (stopped()) return false;
      this.delete(key);
    }
    return true;
  }

  /** Where nothing is kept of items, every version that is known was one. */
  #oldOf(key: string): T | undefined {
    return this.#versions.has(key) ? (this.items.get(key) ?? this.#options.left) : undefined;
  }

  #drop(key: string): void {
    const old = this.#oldOf(key);
    if (old === undefined) return;
    this.items.delete(key);
    if (this.#options.left !== undefined) this.#versions.delete(key);
    this.#options.emit({ type: 'delete', key, old });
  }
}

/** `namespace/name`, `/name` for what is in no namespace. */
export function keyOf({ metadata }: KubeObject): string {
  return `${typeof metadata.namespace === 'string' ? metadata.namespace : ''}/${metadata.name}`;
}

/** `resourceVersion uid` as one text: thousands of them are kept. */
function versionOf({ metadata: { uid, resourceVersion } }: KubeObject): string {
  const version = typeof resourceVersion === 'string' ? resourceVersion : '';
  // Joined: what a template puts together would hold its parts.
  return [version, typeof uid === 'string' ? bytesOf(uid) : ''].join(' ');
}

function uidOf(version: string): string {
  return version.slice(version.indexOf(' '));
}

/** A UUID as a text of its 16 bytes. */
function bytesOf(uid: string): string {
  const hex = uid.replaceAll('-', '');
  return /^[0-9a-f]{32}$/.test(hex) ? Buffer.from(hex, 'hex').toString('latin1') : uid;
}

/** Half of many objects, and nobody's business here. */
export function withoutManagedFields(object: KubeObject): KubeObject {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, name: object.metadata.name } };
}
