import type { Handle, Member, Was } from '../model/index.ts';
import { type Draft, existing } from './draft.ts';

/** What an update, a set or a delete changes, as it is now. Undefined where there is nothing to tell. */
export function before({ op, object, fields }: Draft): Was | undefined {
  const now = existing(object)?.it;
  if (now === undefined) return undefined;
  if (op === 'delete') {
    const { addresses = [] } = now.facts;
    return { attrs: now.attrs, ...(addresses.length === 0 ? {} : { addresses }) };
  }
  if (op === 'update') {
    return {
      ...(fields.attrs === undefined ? {} : { attrs: picked(now.attrs, fields.attrs) }),
      ...(fields.refs === undefined ? {} : { refs: picked(now.refs, fields.refs) }),
    };
  }
  if (op !== 'set' || fields.set === undefined) return undefined;
  const set = now.sets[fields.set];
  const members = (fields.members ?? []).flatMap(([ref]): (readonly [Handle, Member])[] => {
    const member = typeof ref === 'string' ? set?.get(ref) : undefined;
    return typeof ref === 'string' && member !== undefined ? [[ref, member]] : [];
  });
  return members.length === 0 ? undefined : { members };
}

function picked<T>(from: Readonly<Record<string, T>>, changed: object): Record<string, T | null> {
  return Object.fromEntries(Object.keys(changed).map((name) => [name, from[name] ?? null]));
}
