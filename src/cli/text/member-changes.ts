import type { Attrs, HandleRef, Json, Member, Step } from '../../model/index.ts';
import { plain, type Teller } from './object-words.ts';

/** What a plan does to the members of one set of an object, summed over all its steps: a batch limit is no business of the reader. */
export interface MemberChanges {
  readonly set: string;
  /** `+2 -1 ~1` */
  readonly counts: string;
  /** `+ 10.0.0.2:8080`, `- 10.0.0.1:8080`, `~ 10.0.0.3:8080 weight 1 -> 0` */
  readonly names: readonly string[];
  /** Every object of the kind has such members: told of a new one only where everything is told. */
  readonly quiet: boolean;
}

const kinds = [
  ['add', '+'],
  ['remove', '-'],
  ['set', '~'],
] as const;

interface Entry {
  readonly name: string;
  /** Its share, where the set has shares. */
  readonly weight?: Json;
}

type Lists = Record<'add' | 'remove' | 'set', Entry[]>;

export function memberChanges(steps: readonly Step[], teller: Teller): readonly MemberChanges[] {
  const sets = new Map<string, Lists>();
  const of = (set: string) => {
    const lists = sets.get(set) ?? { add: [], remove: [], set: [] };
    sets.set(set, lists);
    return lists;
  };
  const words = teller.words(steps[0]?.kind ?? '').sets ?? {};
  for (const { kind, op, set, sets: created = {}, members = [], was } of steps) {
    const entry = (via: string, ref: HandleRef, member: Member | null): Entry => {
      const key = teller.refName(kind, via, ref);
      const name = member === null ? key : (words[via]?.member?.(key, member.attrs) ?? key);
      const weight = member?.attrs[teller.weight(kind, via) ?? ''];
      return weight === undefined ? { name } : { name, weight };
    };
    for (const [via, list] of Object.entries(created)) of(via).add.push(...list.map(([ref, m]) => entry(via, ref, m)));
    if (set === undefined) continue;
    if (op === 'add' || op === 'remove') of(set)[op].push(...members.map(([ref, member]) => entry(set, ref, member)));
    if (op !== 'set') continue;
    const before = new Map<HandleRef, Member>(was?.members ?? []);
    for (const [ref, member] of members) {
      const change = attrsText(member?.attrs ?? {}, before.get(ref)?.attrs, teller.weight(kind, set));
      of(set).set.push({ name: entry(set, ref, null).name + change });
    }
  }
  return [...sets].flatMap(([set, lists]) => {
    const used = kinds.filter(([op]) => lists[op].length > 0);
    if (used.length === 0) return [];
    const counts = used.map(([op, sign]) => `${sign}${lists[op].length}`).join(' ');
    const names = used.flatMap(([op, sign]) => withShares(lists[op]).map((member) => `${sign} ${member}`));
    return [{ set: words[set]?.word ?? set, counts, names, quiet: words[set]?.quiet === true }];
  });
}

/** Shares matter where they differ, and where one takes nothing. */
function withShares(entries: readonly Entry[]): readonly string[] {
  const differ = new Set(entries.map(({ weight }) => weight)).size > 1;
  return entries.map(({ name, weight }) =>
    weight !== undefined && (differ || weight === 0) ? `${name} weight ${plain(weight)}` : name,
  );
}

/** ` weight 1 -> 0`: what is other than before, all of it where that is not known. */
function attrsText(now: Attrs, was: Attrs | undefined, share: string | undefined): string {
  const changed = Object.entries(now).filter(([key, value]) => JSON.stringify(was?.[key]) !== JSON.stringify(value));
  const told = changed.slice(0, 3).map(([key, value]) => {
    const old = was?.[key];
    return ` ${key === share ? 'weight' : key} ${old === undefined ? '' : `${plain(old)} -> `}${plain(value)}`;
  });
  return told.join(',');
}
