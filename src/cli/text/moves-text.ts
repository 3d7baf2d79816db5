import type { PlanReport } from '../../model/index.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

/** More services than this are counted. */
const named = 20;

/** Services that lose an address out of a pool, and what they get: one line each. */
export function movesText({ moves }: Pick<PlanReport, 'moves'>, paint: Paint): string {
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
