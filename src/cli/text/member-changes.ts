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
  readonly ref: HandleRef;
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
      // Of one that goes the key alone is at hand, and says who it was.
      const name = words[via]?.member?.(key, member?.attrs ?? {}) ?? key;
      const weight = member?.attrs[teller.weight(kind, via) ?? ''];
      return weight === undefined ? { ref, name } : { ref, name, weight };
    };
    for (const [via, list] of Object.entries(created)) of(via).add.push(...list.map(([ref, m]) => entry(via, ref, m)));
    if (set === undefined) continue;
    if (op === 'add') of(set).add.push(...members.map(([ref, member]) => entry(set, ref, member)));
    if (op !== 'set' && op !== 'remove') continue;
    const before = new Map<HandleRef, Member>(was?.members ?? []);
    for (const [ref, member] of members) {
      const lists = of(set);
      const entered = lists.add.findIndex((one) => one.ref === ref);
      // One that goes by the same call by which others gain its share; one that came without a share gets it.
      if (member === null) {
        lists.set = lists.set.filter((one) => one.ref !== ref);
        lists.remove.push(entry(set, ref, null));
      } else if (entered >= 0) lists.add[entered] = entry(set, ref, member);
      if (member === null || entered >= 0) continue;
      const change = attrsText(member.attrs, before.get(ref)?.attrs, teller.weight(kind, set));
      lists.set.push({ ref, name: entry(set, ref, null).name + change });
    }
  }
  return [...sets].flatMap(([set, lists]) => {
    const used = kinds.filter(([op]) => lists[op].length > 0);
    if (used.length === 0) return [];
    const counts = used.map(([op, sign]) => `${sign}${lists[op].length}`).join(' ');
    const stays = generations(lists);
    const names = used.flatMap(([op, sign]) =>
      withShares(lists[op].map((entry) => ({ ...entry, name: stays(op, entry.name) }))).map((one) => `${sign} ${one}`),
    );
    return [{ set: words[set]?.word ?? set, counts, names, quiet: words[set]?.quiet === true }];
  });
}

/** Two of one name, of which one comes and the other goes, are told apart. */
function generations({ add, remove }: Lists): (op: keyof Lists, name: string) => string {
  const gone = new Set(remove.map(({ name }) => name));
  const both = new Set(add.flatMap(({ name }) => (gone.has(name) ? [name] : [])));
  return (op, name) => {
    if (!both.has(name) || op === 'set') return name;
    return `${name} (${op === 'add' ? 'new' : 'old'})`;
  };
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
