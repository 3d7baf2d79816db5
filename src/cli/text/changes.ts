import { type PlanUnit, type Refusal, type ServiceId, type Step, sameJson, type Until } from '../../model/index.ts';
import { type MemberChanges, memberChanges } from './member-changes.ts';
import { changeText, factsOf, type KindsOf, lastFactsOf, type Teller, tellerOf } from './object-words.ts';
import { span, wrap } from './words.ts';

/** What a plan does to one object, for people: a symbol that never stands without its word. */
export interface Change {
  readonly symbol: '+' | '~' | '-' | '+/-' | '-/+' | '>' | '=' | '!';
  readonly word: string;
  readonly kind: string;
  readonly id: string;
  /** What matters of an object that is new, or goes. */
  readonly facts: readonly string[];
  /** Only what changes, one line each. */
  readonly details: readonly string[];
  readonly members: readonly MemberChanges[];
  readonly why: string;
  readonly gap: readonly ServiceId[];
  readonly risk: readonly ServiceId[];
}

/** The steps of a unit, one change for each object, in the order of their first step; refusals behind. */
export function changesOf(unit: PlanUnit, kindsOf: KindsOf): readonly Change[] {
  const objects = Map.groupBy(unit.steps, (step) => `${step.kind}\u0000${step.id}`);
  const teller = tellerOf(unit, kindsOf);
  return [
    ...[...objects.values()].map((steps) => changeOf(steps, teller)),
    ...unit.refused.map((refusal) => refusalOf(refusal, teller)),
  ];
}

function changeOf(steps: readonly Step[], teller: Teller): Change {
  const kind = steps[0]?.kind ?? '';
  const gap = [...new Set(steps.flatMap((step) => step.gap ?? []))];
  const sign = signOf(steps, gap.length > 0, teller);
  const replaced = sign.word === 'replace' ? replacement(steps, teller) : undefined;
  return {
    ...sign,
    kind,
    id: (sign.word === 'reorder' ? teller.scopeName : teller.name)(kind, steps[0]?.id ?? ''),
    facts: replaced === undefined ? steps.flatMap((step) => factsOfStep(step, teller)) : [],
    // Gates of one object that wait for the like are one to the reader.
    details: [...new Set([...(replaced ?? []), ...steps.flatMap((step) => detailsOf(step, teller))])],
    members: memberChanges(steps, teller),
    why: whyOf(steps, teller),
    gap,
    risk: [...new Set(steps.flatMap((step) => step.risk ?? []))],
  };
}

const signs: Readonly<Partial<Record<Step['op'], string>>> = { add: '+', remove: '-', set: '~' };

/** The reason of the object's own step; where only members move, the reason of each direction. */
function whyOf(steps: readonly Step[], teller: Teller): string {
  const acting = steps.find(({ op }) => op !== 'wait' && signs[op] === undefined);
  if (acting !== undefined) {
    if (acting.borrowed === true)
      return `${acting.why}; made by somebody else${acting.op === 'delete' ? ', stays' : ''}`;
    // What is created is new, as the word says; what an update changes stands below with the old value.
    const said = acting.op === 'create' ? acting.why === 'is new' : acting.op === 'update' && acting.refs === undefined;
    return said ? '' : acting.why;
  }
  // Of what no traffic flows to the signs say it all.
  const moving = steps.filter(
    ({ op, kind, set = '', why }) => op !== 'wait' && why !== '' && teller.serving(kind, set),
  );
  const reasons = new Map(moving.map(({ op, why }) => [`${op} ${why}`, { op, why }]));
  const [only, ...more] = reasons.values();
  if (more.length === 0) return only?.why ?? '';
  return [...reasons.values()].map(({ op, why }) => `${signs[op] ?? ''} ${why}`).join(', ');
}

function signOf(steps: readonly Step[], gap: boolean, teller: Teller): Pick<Change, 'symbol' | 'word'> {
  const created = steps.find(({ op }) => op === 'create');
  const gone = steps.find(({ op }) => op === 'delete');
  if (created !== undefined && gone !== undefined)
    return gap ? { symbol: '-/+', word: 'replace' } : { symbol: '+/-', word: 'replace' };
  if (created !== undefined)
    return created.borrowed === true ? { symbol: '~', word: 'use' } : { symbol: '+', word: 'create' };
  if (gone !== undefined)
    return gone.borrowed === true ? { symbol: '=', word: 'release' } : { symbol: '-', word: 'delete' };
  if (steps.every(({ op }) => op === 'order')) return { symbol: '~', word: 'reorder' };
  const moves = steps.some(({ kind, set }) => set !== undefined && teller.serving(kind, set));
  const waits = steps.every(({ op }) => op === 'wait');
  if (steps.some(({ op }) => op === 'update') || !(moves || waits)) return { symbol: '~', word: 'update' };
  return { symbol: '>', word: 'move members' };
}

/** What the new generation has that the old one had not; the old one as a whole where it stays. */
function replacement(steps: readonly Step[], teller: Teller): readonly string[] {
  const now = steps.find(({ op }) => op === 'create');
  const gone = steps.find(({ op }) => op === 'delete');
  const was = gone?.was?.attrs;
  if (now === undefined || was === undefined) return [];
  const words = teller.words(now.kind);
  const attrs = now.attrs ?? {};
  // What forces the replacement comes first, and what only follows is left out.
  const forcing = teller.immutable(now.kind).filter((attr) => attr in attrs);
  const told = [...new Set([...forcing, ...Object.keys(words.attrs ?? {})])];
  const changed = told.filter((attr) => attr in attrs && !sameJson(was[attr] ?? null, attrs[attr] ?? null));
  return [
    ...changed.map((attr) => changeText(words, attr, was, attrs)),
    ...(gone?.borrowed === true ? ['the old one was made by somebody else: it stays, no longer managed'] : []),
  ];
}

/** What there is to know of an object that comes or goes. Of one that goes no refs: what it led to goes by itself. */
function factsOfStep({ op, kind, attrs, refs = {}, was }: Step, teller: Teller): readonly string[] {
  const words = teller.words(kind);
  if (op === 'delete') return lastFactsOf(words, was ?? {});
  if (op !== 'create') return [];
  const links = Object.entries(refs).flatMap(([via, ref]) => {
    const word = words.refs?.[via];
    return word === undefined || ref === null ? [] : [`${word} ${teller.refName(kind, via, ref)}`];
  });
  return [...factsOf(words, attrs ?? {}), ...links];
}

function detailsOf(step: Step, teller: Teller): readonly string[] {
  const { op, kind, until, ranks = [], attrs = {}, refs = {}, was } = step;
  if (op === 'wait' && until !== undefined) {
    return [waitText(until, teller)];
  }
  if (op === 'order') {
    const names = ranks.map(([ref, number]) => `${number}: ${teller.rankName(kind, ref)}`);
    return wrap(names.length > 10 ? [...names.slice(0, 9), `and ${names.length - 9} more`] : names, ', ', 100);
  }
  if (op !== 'update') return [];
  const words = teller.words(kind);
  const link = (via: string, ref: Step['n'] | string | null | undefined) =>
    ref === null || ref === undefined ? 'nothing' : teller.refName(kind, via, ref);
  return [
    ...Object.keys(attrs).map((attr) => changeText(words, attr, was?.attrs, attrs)),
    ...Object.entries(refs).map(([via, ref]) => {
      const now = link(via, ref);
      const old = was?.refs === undefined ? undefined : link(via, was.refs[via]);
      const same = old === now && ref !== null;
      const before = old === undefined ? '' : `${old}${same ? ' (old)' : ''} `;
      return `${words.refs?.[via] ?? via}  ${before}-> ${now}${same ? ' (new)' : ''}`;
    }),
  ];
}

/** `wait for ready targets: 1 of 2, at most 5 min`. */
export function waitText({ what, kind, set, min, members, deadlineMs, ends }: Until, teller: Teller): string {
  if (what === 'ready') {
    const word = teller.words(kind).sets?.[set]?.word ?? 'members';
    return `wait for ready ${word}: ${min} of ${members.length}, at most ${span(deadlineMs)}`;
  }
  const [one = ''] = members;
  const old = members.length === 1 ? `the old ${teller.refName(kind, set, one)}` : `${members.length} old ones`;
  const [go, go1] = ends === true ? ['are deleted', 'is deleted'] : ['leave', 'leaves'];
  return `${old} ${members.length === 1 ? go1 : go} when connections to ${members.length === 1 ? 'it' : 'them'} have ended, at most ${span(deadlineMs)}`;
}

const refusalWords: Readonly<Record<Refusal['why'], string>> = {
  policy: 'the policy does not allow it',
  foreign: 'not ours',
  slot: 'its place is taken',
  incomplete: 'a source cannot be read, so nothing is taken away, nor opened by what nobody says',
  blocked: 'waits for something that is refused',
  'in use': 'still in use',
  guarded: 'it is guarded against deletion',
};

function refusalOf(refusal: Refusal, teller: Teller): Change {
  return {
    symbol: '!',
    word: 'refused',
    kind: refusal.kind,
    id: teller.name(refusal.kind, refusal.id),
    facts: [],
    details: [],
    members: [],
    why: `${refusal.op}: ${refusalWords[refusal.why]}${refusal.by === undefined ? '' : `: ${refusal.by}`}`,
    gap: [],
    risk: [],
  };
}
