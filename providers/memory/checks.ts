/** What the memory system refuses: taken places, references to nothing, sets out of bounds. Pure. */
import { type Handle, type KindSpec, WeirError } from '../../src/model/index.ts';
import { kinds } from './kinds.ts';
import type { Stored } from './stored.ts';

export const specs: ReadonlyMap<string, KindSpec> = new Map(kinds.map((spec) => [spec.kind, spec]));

/** Throws what a cloud would answer; nothing for an object that may be as it is among the others. */
export function check(object: Stored | undefined, objects: ReadonlyMap<Handle, Stored>): void {
  if (object === undefined) return;
  const spec = specs.get(object.kind);
  if (spec === undefined) throw refusedCall(`there is no kind ${object.kind}`);
  for (const [name, handle] of Object.entries(object.refs)) {
    const to = spec.refs[name]?.to;
    if (to === undefined) throw refusedCall(`${object.kind} has no ref ${name}`);
    if (objects.get(handle)?.kind !== to)
      throw refusedCall(`${object.handle}: ${name} ${handle} is no ${to} that exists`);
  }
  for (const [name, set] of Object.entries(object.sets)) {
    const bounds = spec.sets[name];
    if (bounds === undefined) throw refusedCall(`${object.kind} has no set ${name}`);
    if (set.size > (bounds.max ?? Number.POSITIVE_INFINITY)) throw refusedCall(`${object.handle}: ${name} is full`);
    for (const key of set.keys()) {
      if (bounds.to === undefined) continue;
      if (objects.get(key)?.kind !== bounds.to)
        throw refusedCall(`${object.handle}: ${name} ${key} is no ${bounds.to} that exists`);
    }
  }
  const slots = new Set(spec.slots?.(object.attrs, object.refs) ?? []);
  if (slots.size === 0) return;
  for (const other of objects.values()) {
    if (other.handle === object.handle || other.kind !== object.kind) continue;
    const taken = spec.slots?.(other.attrs, other.refs).find((slot) => slots.has(slot));
    if (taken !== undefined) throw refusedCall(`${taken} is taken by ${other.handle}`);
  }
}

export function refersTo(object: Stored, handle: Handle): boolean {
  if (Object.values(object.refs).includes(handle)) return true;
  return Object.entries(object.sets).some(
    ([name, set]) => specs.get(object.kind)?.sets[name]?.to !== undefined && set.has(handle),
  );
}

export function refusedCall(message: string): WeirError {
  return new WeirError('E_HELD', message);
}
