/** From the model's JSON to inputs of the API. Field names are the API's own, so nothing is translated; AWS checks the values. */
import type { Tag } from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Attrs, type Handle, type HandleRef, type Json, type Member, WeirError } from '../../src/model/index.ts';

type Members = readonly (readonly [HandleRef, Member | null])[];

/** Entries of the attributes of a load balancer, target group or listener. */
export function attributesOf(attrs: Attrs): readonly { readonly Key: string; readonly Value: string }[] {
  return Object.entries(attrs).flatMap(([Key, value]) =>
    /^[a-z]\w*\./.test(Key) && value !== null ? [{ Key, Value: String(value) }] : [],
  );
}

/** The fields of these names that say something. */
export function fieldsOf<T extends object>(attrs: Attrs, ...names: readonly (keyof T & string)[]): T {
  const said = names.flatMap((name): [string, Json][] => {
    const value = attrs[name];
    return value === undefined || isEmpty(value) ? [] : [[name, value]];
  });
  return Object.fromEntries(said) as T;
}

/** A list of objects in the API's own words. */
export function listOf<T extends object>(value: Json | undefined): T[] {
  return (Array.isArray(value) ? value.filter((one) => isObject(one)) : []) as T[];
}

export function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** '', {}, [] and null say that a field is not set. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && (Array.isArray(value) ? value.length : Object.keys(value).length) === 0;
}

export function isObject(value: Json | undefined): value is Attrs {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function tagsOf(members: Members | undefined): Tag[] {
  return (members ?? []).flatMap(([Key, member]) =>
    member === null ? [] : [{ Key: String(Key), Value: String(member.attrs.Value ?? '') }],
  );
}

/** Tags of a create; the API takes no empty list. */
export function withTags(Tags: Tag[]): { Tags?: Tag[] } {
  return Tags.length === 0 ? {} : { Tags };
}

/** A handle, where an earlier step's number would be a fault of ours. */
export function handleOf(ref: HandleRef | null | undefined, what: string): Handle {
  if (typeof ref !== 'string') throw new WeirError('E_BUG', `${what} has no handle`);
  return ref;
}

/** Members after a step on their set. */
export function membersAfter(
  now: ReadonlyMap<string, Member> | undefined,
  change: Members | undefined,
): ReadonlyMap<string, Member> {
  const next = new Map(now);
  for (const [key, member] of change ?? []) {
    if (member === null) next.delete(String(key));
    else next.set(String(key), member);
  }
  return next;
}

export function chunks<T>(list: readonly T[], size: number): readonly T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
