import type { PlanReport, PlanSummary } from '../../model/index.ts';
import { type Change, changesOf } from './changes.ts';
import { movesText } from './moves-text.ts';
import { type KindsOf, shortUnit } from './object-words.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { count, some, wrap } from './words.ts';

/** More objects than this with the very same change become one line. */
const alike = 20;
/** Members of a set that are named; of more only the numbers. */
const named = 4;

export interface PlanTelling {
  /** Every name, and what every object has. */
  readonly full?: boolean;
  /** The words for its objects; default: ids and raw values. */
  readonly kinds?: KindsOf;
}

const unknown: KindsOf = () => [];

/** A plan for people: one line an object, what matters of a new one, of others only what changes, the summary last. */
export function planText(plan: PlanReport, paint: Paint, { full = false, kinds = unknown }: PlanTelling = {}): string {
  const units = plan.units.filter((unit) => unit.steps.length > 0 || unit.refused.length > 0);
  const blocks = units.map((unit) => {
    const title = units.length > 1 || unit.unit !== unit.balancer ? `${paint.strong(titleOf(unit))}\n` : '';
    return title + changeRows(changesOf(unit, kinds), paint, full);
  });
  const unchanged = plan.summary.unchanged;
  const kept = unchanged > 0 ? `  = ${count(unchanged, 'object')} unchanged\n` : '';
  return `${blocks.join('')}${movesText(plan, paint)}${kept}${unreadLine(plan, paint)}${summaryLine(plan.summary)}${shortfall(plan)}\n`;
}

/** `aws  service/shop/db`. */
function titleOf({ balancer, unit }: PlanReport['units'][number]): string {
  return `${balancer}  ${shortUnit(balancer, unit)}`;
}

/** Balancers of which nothing is known: an empty plan says nothing about them. */
function unreadLine({ problems }: PlanReport, paint: Paint): string {
  const unread = problems.flatMap(({ severity, source }) =>
    severity === 'error' && source?.startsWith('balancer/') === true ? [source.slice('balancer/'.length)] : [],
  );
  if (unread.length === 0) return '';
  const names = some([...new Set(unread)], 5);
  return `  ${paint.bad('! not planned')}  balancer ${names}: it could not be read, see the error\n`;
}

/** What is wrong with the input is not in the numbers. */
function shortfall({ problems }: PlanReport): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return errors === 0 ? '' : ` Not all could be planned: ${count(errors, 'error')}.`;
}

function changeRows(changes: readonly Change[], paint: Paint, full: boolean): string {
  const groups = Map.groupBy(changes, (change) => (full ? `${change.kind} ${change.id}` : likeness(change)));
  const rows = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    if (group.length <= alike) {
      return group.map((change) => ({
        change,
        name: change.id,
        facts: factLines(change),
        members: memberLines(change, full ? Infinity : named),
      }));
    }
    const names = some(
      group.map(({ id }) => id),
      3,
    );
    const change = { ...first, facts: [] };
    return [{ change, name: `${group.length} objects: ${names} (--full)`, facts: '', members: memberLines(first, 0) }];
  });
  // Aligned over the unit, but details break the table: heads are laid out first, then joined with their details.
  const heads = renderTable(
    rows.map(({ change, name }) => headRow(change, name, paint)),
    '  ',
  ).split('\n');
  return rows.map(({ change, facts, members }, i) => `${heads[i]}\n${facts}${members}${tail(change, paint)}`).join('');
}

function likeness({ symbol, kind, why, gap, risk, members, details }: Change): string {
  const moved = members.map(({ set, counts }) => `${set} ${counts}`);
  return [symbol, kind, why, gap.length, risk.length, ...moved, ...details].join('\u0000');
}

/** Few facts stand beside the name, where no reason does. */
function besides(facts: readonly string[], why: string): string {
  const text = facts.join(', ');
  return why === '' && text.length <= 64 ? text : '';
}

const indent = ' '.repeat(8);

function factLines({ facts, why }: Change): string {
  if (besides(facts, why) !== '') return '';
  return wrap(facts, ', ', 100)
    .map((line) => `${indent}${line}\n`)
    .join('');
}

/** `servers  + 10.0.0.2:8080  - 10.0.0.1:8080`, or the numbers where there are more than `most`. */
function memberLines({ word, members }: Change, most: number): string {
  const lines = members.map(({ set, counts, names, quiet }) => {
    if (quiet && (word === 'create' || word === 'replace') && most !== Infinity) return '';
    if (names.length <= most) return `${indent}${set}  ${names.join('  ')}\n`;
    return `${indent}${set} ${counts}${most === 0 ? '' : ' (--full)'}\n`;
  });
  return lines.join('');
}

function headRow(change: Change, name: string, paint: Paint): readonly string[] {
  return [
    paintSymbol(change, paint)(`${change.symbol.padStart(3)} ${change.word}`),
    change.kind,
    name,
    paint.weak(change.why) || besides(change.facts, change.why),
  ];
}

function paintSymbol(change: Change, paint: Paint): (text: string) => string {
  switch (change.symbol) {
    case '+':
      return paint.good;
    case '-':
    case '!':
    case '-/+':
      return paint.bad;
    default:
      return paint.warn;
  }
}

function tail(change: Change, paint: Paint): string {
  const lines = change.details.map((detail) => `${indent}${detail}\n`);
  if (change.gap.length > 0) lines.push(`        ${paint.bad(`GAP: interrupts ${some(change.gap, 5)}`)}\n`);
  if (change.risk.length > 0)
    lines.push(
      `        ${paint.warn(`risk: health of the new targets is not known before the turn: ${some(change.risk, 5)}`)}\n`,
    );
  return lines.join('');
}

/** `Plan: 2 to create, …`: always one line, always last, made to be found by grep. */
export function summaryLine(summary: PlanSummary): string {
  const parts = [
    `${summary.create} to create`,
    `${summary.update} to update`,
    `${summary.replace} to replace`,
    `${summary.delete} to delete`,
  ];
  if (summary.release > 0) parts.push(`${summary.release} to release`);
  if (summary.refused > 0) parts.push(`${summary.refused} refused`);
  if (summary.gaps > 0) parts.push(count(summary.gaps, 'gap'));
  if (summary.risks > 0) parts.push(`${count(summary.risks, 'service')} at risk`);
  const calls = Object.values(summary.calls).reduce((sum, n) => sum + n, 0);
  // Told only where a step is not a call.
  const cost = calls === summary.steps ? '' : `, ${count(calls, 'call')}`;
  return `Plan: ${parts.join(', ')}; ${summary.unchanged} unchanged. ${count(summary.steps, 'step')}${cost}.`;
}
