import type { HandleRef, Member, Step } from '../../model/index.ts';

/** What a plan does to the members of one set of an object, summed over all its steps: a batch limit is no business of the reader. */
export interface MemberChanges {
  readonly set: string;
  /** `+2 -1 ~1` */
  readonly counts: string;
  /** `+ 10.0.0.2:8080`, `- 10.0.0.1:8080`, `~ 10.0.0.3:8080 weight=0` */
  readonly names: readonly string[];
}

const kinds = [
  ['add', '+'],
  ['remove', '-'],
  ['set', '~'],
] as const;

export function memberChanges(steps: readonly Step[], name: (ref: HandleRef) => string): readonly MemberChanges[] {
  const sets = new Map<string, Record<'add' | 'remove' | 'set', string[]>>();
  const of = (set: string) => {
    const lists = sets.get(set) ?? { add: [], remove: [], set: [] };
    sets.set(set, lists);
    return lists;
  };
  for (const { op, set, sets: created = {}, members = [] } of steps) {
    for (const [key, list] of Object.entries(created)) of(key).add.push(...list.map(([ref]) => name(ref)));
    if (set === undefined || (op !== 'add' && op !== 'remove' && op !== 'set')) continue;
    of(set)[op].push(...members.map(([ref, member]) => (op === 'set' ? name(ref) + attrsText(member) : name(ref))));
  }
  return [...sets].flatMap(([set, lists]) => {
    const used = kinds.filter(([op]) => lists[op].length > 0);
    if (used.length === 0) return [];
    const counts = used.map(([op, sign]) => `${sign}${lists[op].length}`).join(' ');
    return [{ set, counts, names: used.flatMap(([op, sign]) => lists[op].map((member) => `${sign} ${member}`)) }];
  });
}

function attrsText(member: Member | null): string {
  const attrs = Object.entries(member?.attrs ?? {}).slice(0, 3);
  return attrs.map(([key, value]) => ` ${key}=${JSON.stringify(value)}`).join('');
}
