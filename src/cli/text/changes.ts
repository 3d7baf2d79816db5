import type { HandleRef, Json, PlanUnit, Refusal, ServiceId, Step } from '../../model/index.ts';
import { type MemberChanges, memberChanges } from './member-changes.ts';
import { span } from './words.ts';

/** What a plan does to one object, for people: a symbol that never stands without its word. */
export interface Change {
  readonly symbol: '+' | '~' | '-' | '+/-' | '-/+' | '>' | '!';
  readonly word: string;
  readonly kind: string;
  readonly id: string;
  /** Only what changes, one line each. */
  readonly details: readonly string[];
  readonly members: readonly MemberChanges[];
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
  return {
    ...signOf(steps, gap.length > 0),
    kind: first?.kind ?? '',
    id: first?.id ?? '',
    details: steps.flatMap((step) => detailsOf(step, name)),
    members: memberChanges(steps, name),
    why: whyOf(steps),
    gap,
    risk: [...new Set(steps.flatMap((step) => step.risk ?? []))],
  };
}

const signs: Readonly<Partial<Record<Step['op'], string>>> = { add: '+', remove: '-', set: '~' };

/** The reason of the object's own step; where only members move, the reason of each direction. */
function whyOf(steps: readonly Step[]): string {
  const acting = steps.find(({ op }) => op !== 'wait' && signs[op] === undefined);
  if (acting !== undefined) return acting.why;
  const reasons = new Map(
    steps.flatMap(({ op, why }) => (op === 'wait' || why === '' ? [] : [[`${op} ${why}`, { op, why }]])),
  );
  const [only, ...more] = reasons.values();
  if (more.length === 0) return only?.why ?? '';
  return [...reasons.values()].map(({ op, why }) => `${signs[op] ?? ''} ${why}`).join(', ');
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
    members: [],
    why: `${refusal.op}: ${refusalWords[refusal.why]}${refusal.by === undefined ? '' : `: ${refusal.by}`}`,
    gap: [],
    risk: [],
  };
}
