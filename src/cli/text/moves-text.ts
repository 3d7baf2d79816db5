import type { PlanReport } from '../../model/index.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { count } from './words.ts';

/** More services than this are counted. */
const named = 20;

/** Services that lose an address out of a pool, and what they get: one line each. */
export function movesText({ moves, unasked = 0 }: Pick<PlanReport, 'moves' | 'unasked'>, paint: Paint): string {
  const asks =
    unasked === 0
      ? ''
      : `  = ${count(unasked, 'service')} with a new address: the machines agree on it when they run, so it may be another, or wait for them\n`;
  return `${movedText(moves, paint)}${asks}`;
}

function movedText(moves: PlanReport['moves'], paint: Paint): string {
  if (moves === undefined) return '';
  if (moves.length === 0) return '  = no address moves\n';
  const rows = moves.slice(0, named).map(({ service, from, to }) => {
    const next = to.length === 0 ? 'none: it waits for one' : to.join(', ');
    return [paint.bad('  ! move'), 'address', service, `${from.join(', ')} -> ${next}`];
  });
  const more = moves.length > named ? `          and ${moves.length - named} more (-o json)\n` : '';
  const gap = `        ${paint.bad('GAP: who knows the old address reaches nobody there')}\n`;
  return `${renderTable(rows, '  ')}${more}${gap}`;
}
