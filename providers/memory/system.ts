/** The memory system itself: what a cloud would be behind its API. It refuses what a cloud refuses and knows nothing of plans. */
import { type Attrs, type Handle, type Member, type ServiceId, sameJson, WeirError } from '../../src/model/index.ts';
import { check, refersTo, refusedCall, specs } from './checks.ts';
import { followUse } from './health.ts';
import type { Stored } from './stored.ts';

/** A call that goes wrong, once or `times` times. `after`: it has its effect all the same, and the caller never learns. */
export interface Fault {
  readonly op?: string;
  readonly kind?: string;
  readonly id?: string;
  readonly error: () => Error;
  readonly after?: true;
  times: number;
}

export class MemorySystem {
  readonly faults: Fault[] = [];
  /** Targets (member keys) that fail their checks. */
  readonly sick = new Set<string>();
  /** Every write, for tests that count: `create TargetGroup a#b`. */
  readonly writes: string[] = [];
  /** After every write. */
  onWrite: () => void = () => {};
  #objects: ReadonlyMap<Handle, Stored>;
  #past: { readonly atMs: number; readonly objects: ReadonlyMap<Handle, Stored> }[] = [];
  #count = 0;

  constructor(objects: Iterable<Stored> = []) {
    this.#objects = new Map([...objects].map((object) => [object.handle, object]));
  }

  get(handle: Handle): Stored | undefined {
    return this.#objects.get(handle);
  }

  all(): readonly Stored[] {
    return [...this.#objects.values()];
  }

  /** What a reading shows at a time: older by the lag. */
  seenAt(atMs: number): readonly Stored[] {
    let objects = this.#objects;
    // The first kept state that is newer shows what was before it.
    for (const past of [...this.#past].reverse()) if (past.atMs > atMs) objects = past.objects;
    return [...objects.values()];
  }

  create(object: Omit<Stored, 'handle'>, nowMs: number): Handle {
    const handle = this.#freeHandle(object.kind);
    return this.#write('create', object.kind, object.tags?.id ?? handle, nowMs, () => {
      this.#put({ ...object, handle });
      return handle;
    });
  }

  /** null clears an attribute or ref. */
  update(
    handle: Handle,
    change: {
      attrs?: Readonly<Record<string, Attrs[string] | null>>;
      refs?: Readonly<Record<string, Handle | null>>;
      serves?: readonly ServiceId[];
    },
    nowMs: number,
  ): void {
    const object = this.#existing(handle);
    const spec = specs.get(object.kind);
    this.#write('update', object.kind, object.tags?.id ?? handle, nowMs, () => {
      const attrs = without(object.attrs, change.attrs ?? {});
      const refs = without(object.refs, change.refs ?? {});
      for (const name of spec?.immutable ?? []) {
        if (!sameJson(object.attrs[name], attrs[name]) || object.refs[name] !== refs[name]) {
          throw refusedCall(`${object.kind} ${handle}: ${name} cannot be changed`);
        }
      }
      const tags =
        object.tags === undefined ? {} : { tags: { ...object.tags, serves: change.serves ?? object.tags.serves } };
      this.#put({ ...object, attrs, refs, ...tags });
    });
  }

  /** null takes a member out. */
  setMembers(
    op: 'add' | 'set' | 'remove',
    handle: Handle,
    set: string,
    members: readonly (readonly [string, Member | null])[],
    nowMs: number,
  ): void {
    const object = this.#existing(handle);
    this.#write(op, object.kind, object.tags?.id ?? handle, nowMs, () => {
      const next = new Map(object.sets[set]);
      for (const [key, member] of members) {
        const known = next.get(key);
        if (member === null) next.delete(key);
        else next.set(key, { ...member, addedMs: known?.addedMs ?? nowMs });
      }
      this.#put({ ...object, sets: { ...object.sets, [set]: next } });
    });
  }

  /** All numbers of one scope at once. */
  reorder(attr: string, ranks: readonly (readonly [Handle, number])[], nowMs: number): void {
    const [first] = ranks;
    if (first === undefined) return;
    this.#write('order', this.#existing(first[0]).kind, first[0], nowMs, () => {
      const next = new Map(this.#objects);
      for (const [handle, rank] of ranks) {
        const object = this.#existing(handle);
        next.set(handle, { ...object, attrs: { ...object.attrs, [attr]: rank } });
      }
      for (const [handle] of ranks) check(next.get(handle), next);
      this.#objects = next;
    });
  }

  delete(handle: Handle, nowMs: number): void {
    const object = this.#existing(handle);
    this.#write('delete', object.kind, object.tags?.id ?? handle, nowMs, () => {
      const user = this.all().find((other) => other.handle !== handle && refersTo(other, handle));
      if (user !== undefined) throw refusedCall(`${object.kind} ${handle} is in use by ${user.kind} ${user.handle}`);
      const next = new Map(this.#objects);
      next.delete(handle);
      this.#objects = next;
    });
  }

  #put(object: Stored): void {
    const next = new Map(this.#objects).set(object.handle, object);
    check(object, next);
    this.#objects = next;
  }

  #existing(handle: Handle): Stored {
    const object = this.#objects.get(handle);
    if (object === undefined) throw new WeirError('E_APPLY', `there is no ${handle}`);
    return object;
  }

  #freeHandle(kind: string): Handle {
    const prefix = kind.replaceAll(/[a-z]/g, '').toLowerCase();
    do this.#count++;
    while (this.#objects.has(`${prefix}-${this.#count}`));
    return `${prefix}-${this.#count}`;
  }

  /** One call: faults that are planned for it, its effect, and what follows from it for health. */
  #write<T>(op: string, kind: string, id: string, nowMs: number, effect: () => T): T {
    const fault = this.faults.find(
      (f) => f.times > 0 && (f.op ?? op) === op && (f.kind ?? kind) === kind && (f.id ?? id) === id,
    );
    if (fault !== undefined) fault.times--;
    if (fault !== undefined && fault.after === undefined) throw fault.error();
    const before = this.#objects;
    const result = effect();
    this.#objects = followUse(this.#objects, before, nowMs);
    this.#past.push({ atMs: nowMs, objects: before });
    if (this.#past.length > 200) this.#past = this.#past.slice(-100);
    this.writes.push(`${op} ${kind} ${id}`);
    this.onWrite();
    if (fault !== undefined) throw fault.error();
    return result;
  }
}

/** The record with a change laid over it; null takes a key out. */
function without<T>(
  record: Readonly<Record<string, T>>,
  change: Readonly<Record<string, T | null>>,
): Readonly<Record<string, T>> {
  const next: Record<string, T> = { ...record };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete next[key];
    else next[key] = value;
  }
  return next;
}
