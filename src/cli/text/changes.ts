import type { HandleRef, Json, PlanUnit, Refusal, ServiceId, Step } from '../../model/index.ts';
import { span } from './words.ts';

/** What a plan does to one object, for people: a symbol that never stands without its word. */
export interface Change {
  readonly symbol: '+' | '~' | '-' | '+/-' | '-/+' | '>' | '!';
  readonly word: string;
  readonly kind: string;
  readonly id: string;
  /** Only what changes, one line each. */
  readonly details: readonly string[];
  readonly why: string;
  readonly gap: readonly ServiceId[];
  readonly risk: readonly ServiceId[];
}

/** The steps of a unit, one change for each object, in the order of their first step; refusals behind. */
export function changesOf(unit: PlanUnit): readonly Change[] {
  const objects = Map.groupBy(unit.steps, (step) => `${step.kind}\u0000${step.id}`);
  const name = (ref: HandleRef) =>
    typeof ref === 'number' ? (unit.steps.find((step) => step.n === ref)?.id ?? `step ${ref}`) : ref;
  return [...[...objects.values()].map((steps) => changeOf(steps, name)), ...unit.refused.map(refusalOf)];
}

function changeOf(steps: readonly Step[], name: (ref: HandleRef) => string): Change {
  const [first] = steps;
  const gap = [...new Set(steps.flatMap((step) => step.gap ?? []))];
  const acting = steps.find((step) => step.op !== 'wait') ?? first;
  return {
    ...signOf(steps, gap.length > 0),
    kind: first?.kind ?? '',
    id: first?.id ?? '',
    details: [...memberCounts(steps), ...steps.flatMap((step) => detailsOf(step, name))],
    why: acting?.why ?? '',
    gap,
    risk: [...new Set(steps.flatMap((step) => step.risk ?? []))],
  };
}

function signOf(steps: readonly Step[], gap: boolean): Pick<Change, 'symbol' | 'word'> {
  const ops = new Set(steps.map(({ op }) => op));
  if (ops.has('create') && ops.has('delete'))
    return gap ? { symbol: '-/+', word: 'replace' } : { symbol: '+/-', word: 'replace' };
  if (ops.has('create')) return { symbol: '+', word: 'create' };
  if (ops.has('delete')) return { symbol: '-', word: 'delete' };
  if (ops.has('update') || ops.has('order')) return { symbol: '~', word: 'update' };
  return { symbol: '>', word: 'move members' };
}

/** `targets +2 -1 ~1`, summed over all steps of an object: a batch limit is no business of the reader. */
function memberCounts(steps: readonly Step[]): readonly string[] {
  const sets = new Map<string, { add: number; set: number; remove: number }>();
  const countsOf = (set: string) => {
    const counts = sets.get(set) ?? { add: 0, set: 0, remove: 0 };
    sets.set(set, counts);
    return counts;
  };
  for (const step of steps) {
    for (const [set, members] of Object.entries(step.sets ?? {})) countsOf(set).add += members.length;
    if (step.set === undefined) continue;
    if (step.op === 'add' || step.op === 'set' || step.op === 'remove')
      countsOf(step.set)[step.op] += step.members?.length ?? 0;
  }
  return [...sets].flatMap(([set, { add, set: changed, remove }]) => {
    const parts = [add > 0 ? `+${add}` : '', remove > 0 ? `-${remove}` : '', changed > 0 ? `~${changed}` : ''];
    const text = parts.filter((part) => part !== '').join(' ');
    return text === '' ? [] : [`${set} ${text}`];
  });
}

function detailsOf(step: Step, name: (ref: HandleRef) => string): readonly string[] {
  if (step.op === 'wait' && step.until !== undefined) {
    const { what, min, members, deadlineMs } = step.until;
    return [`wait until ${min} of ${members.length} ${what}, at most ${span(deadlineMs)}`];
  }
  if (step.op === 'order') return [`order of ${step.ranks?.length ?? 0}`];
  if (step.op !== 'update') return [];
  return [
    ...Object.entries(step.attrs ?? {}).map(([key, value]) => `${key} = ${valueText(value)}`),
    ...Object.entries(step.refs ?? {}).map(([key, ref]) => `${key} -> ${ref === null ? 'nothing' : name(ref)}`),
  ];
}

function valueText(value: Json): string {
  if (value === null) return 'cleared';
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

const refusalWords: Readonly<Record<Refusal['why'], string>> = {
  policy: 'the policy does not allow it',
  foreign: 'not ours',
  slot: 'its place is taken',
  incomplete: 'a source cannot be read, so nothing is taken away',
  blocked: 'waits for something that is refused',
  'in use': 'still in use',
};

function refusalOf(refusal: Refusal): Change {
  return {
    symbol: '!',
    word: 'refused',
    kind: refusal.kind,
    id: refusal.id,
    details: [],
    why: `${refusal.op}: ${refusalWords[refusal.why]}${refusal.by === undefined ? '' : `: ${refusal.by}`}`,
    gap: [],
    risk: [],
  };
}
