import type { HandleRef, Step, StepOp } from '../model/index.ts';

/** A symbol that never stands without its word. */
export interface StepWord {
  readonly symbol: string;
  readonly word: string;
}

const words: Readonly<Record<StepOp, StepWord>> = {
  create: { symbol: '+', word: 'create' },
  update: { symbol: '~', word: 'change' },
  add: { symbol: '~', word: 'add to' },
  set: { symbol: '~', word: 'set in' },
  remove: { symbol: '~', word: 'remove from' },
  delete: { symbol: '-', word: 'delete' },
  order: { symbol: '~', word: 'reorder' },
  wait: { symbol: '…', word: 'wait for' },
};

export function wordOf(op: StepOp): StepWord {
  return words[op];
}

/** One step in one line for people: symbol, word, object, what of it, why. */
export function describe(step: Step): string {
  const { symbol, word } = words[step.op];
  const gap = step.gap === undefined ? '' : ` [gap: ${step.gap.join(', ')}]`;
  const risk = step.risk === undefined ? '' : ` [risk: ${step.risk.join(', ')}]`;
  return `${symbol} ${word} ${step.kind} ${step.id}${detail(step)}: ${step.why}${gap}${risk}`;
}

function detail({ op, set, members = [], attrs = {}, refs = {}, until, ranks = [] }: Step): string {
  if (op === 'wait' && until !== undefined) return ` (${until.min} of ${until.members.length} ${until.what})`;
  if (op === 'order') return ` (${ranks.length} in all)`;
  if (set !== undefined) return ` ${set} ${list(members.map(([ref]) => nameOf(ref)))}`;
  if (op === 'update') return ` (${list([...Object.keys(attrs), ...Object.keys(refs)])})`;
  return '';
}

function nameOf(ref: HandleRef): string {
  return typeof ref === 'string' ? ref : `of step ${ref}`;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
