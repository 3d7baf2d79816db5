import { type HandleRef, inStrides, type ServiceId, type Sliced, type Step } from '../model/index.ts';
import { before } from './before.ts';
import { type Draft, type DraftRef, existing } from './draft.ts';
import type { Present } from './scene.ts';

/** Steps out of drafts in their final order: references become numbers. */
export function* numberSteps(drafts: readonly Draft[]): Sliced<readonly Step[]> {
  const numbers = new Map(drafts.map((draft, place) => [draft, place + 1]));
  const handle = (ref: DraftRef): HandleRef => (typeof ref === 'string' ? ref : (numbers.get(ref) ?? 0));
  const served = new Map<Present, readonly ServiceId[]>();
  const steps: Step[] = [];
  yield* inStrides(drafts, (draft) => {
    const { op, shape, id, unit, why, gap, risk, gains, loses, fields } = draft;
    const { attrs, refs, set, members, sets, ranks, attr, until } = fields;
    const was = before(draft);
    steps.push({
      n: numbers.get(draft) ?? 0,
      op,
      kind: shape.spec.kind,
      id,
      unit,
      ...(fields.handle === undefined ? {} : { handle: handle(fields.handle) }),
      ...(attrs === undefined ? {} : { attrs }),
      ...(refs === undefined ? {} : { refs: mapValues(refs, (ref) => (ref === null ? null : handle(ref))) }),
      ...(set === undefined ? {} : { set }),
      ...(members === undefined ? {} : { members: members.map(([ref, member]) => [handle(ref), member] as const) }),
      ...(sets === undefined
        ? {}
        : { sets: mapValues(sets, (list) => list.map(([ref, member]) => [handle(ref), member] as const)) }),
      ...(ranks === undefined ? {} : { ranks: ranks.map(([ref, rank]) => [handle(ref), rank] as const) }),
      ...(attr === undefined ? {} : { attr }),
      ...(until === undefined ? {} : { until: { ...until, of: handle(until.of) } }),
      ...(was === undefined ? {} : { was }),
      ...(isBorrowed(draft) ? { borrowed: true as const } : {}),
      why,
      ...(gap.size === 0 ? {} : { gap: [...gap].sort() }),
      ...(risk.size === 0 ? {} : { risk: [...risk].sort() }),
      serves: servedAfter(draft, served),
      ...(gains.length === 0 ? {} : { gains }),
      ...(loses.length === 0 ? {} : { loses }),
      after: edgeNumbers(draft, numbers),
    });
  });
  return steps;
}

function isBorrowed({ op, shape, object }: Draft): boolean {
  return (op === 'create' || op === 'delete') && shape.spec.borrowed?.(object.it) === true;
}

/** A front that is kept goes on serving what it served until a step changes that. */
function servedAfter(
  { object, gains, loses }: Draft,
  served: Map<Present, readonly ServiceId[]>,
): readonly ServiceId[] {
  const present = existing(object);
  if (present === undefined || !present.shape.front || present.fate !== 'kept') return object.it.serves;
  let now = served.get(present) ?? present.it.serves;
  if (gains.length > 0) now = [...new Set([...now, ...gains])];
  if (loses.length > 0) now = now.filter((service) => !loses.includes(service));
  served.set(present, now);
  return now;
}

function edgeNumbers(draft: Draft, numbers: ReadonlyMap<Draft, number>): readonly number[] {
  const found = new Set<number>();
  for (const on of draft.hard) found.add(numbers.get(on) ?? 0);
  for (const { on } of draft.soft) found.add(numbers.get(on) ?? 0);
  // Zero is what was left out: a wait that nobody needs, or a refused step in a mutant.
  found.delete(0);
  return [...found].sort((a, b) => a - b);
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
