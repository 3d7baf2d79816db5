import type { ApplyReport, ServiceState, StepResult } from '../../model/index.ts';
import { waitText } from './changes.ts';
import { type KindsOf, shortUnit, tellerOf } from './object-words.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { count, some, span } from './words.ts';

/**
 * One finished step: result, time, what it was, why it failed. Steps that fail together (a file that is refused) and their next tries
 * say the same: the reason stands once, until another one comes.
 */
export function createStepLines(kinds: KindsOf): (done: StepResult, paint: Paint) => string {
  let told = '';
  let before: StepResult | undefined;
  return (done, paint) => {
    const { step, result, code, message, balancer, unit } = done;
    const teller = tellerOf({ balancer, unit, steps: [] }, kinds);
    const name = teller.name(step.kind, step.id);
    // A name is short because its unit is known; these lines are of many.
    const where = name !== step.id && unit.startsWith(`${balancer}/`) ? ` of ${shortUnit(balancer, unit)}` : '';
    const deed = step.borrowed !== true ? step.op : step.op === 'delete' ? 'release' : 'use';
    const word = { done: paint.good, waiting: paint.weak, failed: paint.bad, skipped: paint.warn }[result];
    const { set: via = '', members = [] } = step;
    const sign = { add: '+', remove: '-', set: '~' }[step.op === 'add' || step.op === 'remove' ? step.op : 'set'];
    const set = via === '' ? '' : `  ${teller.words(step.kind).sets?.[via]?.word ?? via} ${sign}${members.length}`;
    const reason = message === undefined ? '' : `${code === undefined ? '' : `${code}: `}${message}`;
    const tail = reason === '' || reason === told ? '' : `   ${reason}`;
    if (reason !== '') told = reason;
    // Steps that were done in one go took that time together: it stands once.
    const together = before?.unit === done.unit && before.durationMs === done.durationMs && before.result === result;
    before = done;
    const waits = result === 'waiting';
    const time = (together || waits ? '' : span(done.durationMs)).padStart(7);
    const what = waits && step.until !== undefined ? `: ${waitText(step.until, teller)}` : '';
    return `  ${word(result.padEnd(7))} ${time}  ${deed} ${step.kind} ${name}${where}${set}${what}${tail}\n`;
  };
}

/** Services named after an apply; of more `weir status` tells. */
const named = 20;

/** Where each service is reached: what one copies into a DNS record. Empty when no balancer tells of an address. */
export function addressText(services: readonly ServiceState[]): string {
  const reached = services.flatMap(({ id, reports }) => {
    const addresses = reports.flatMap((report) => report.addresses.map(({ ip, host }) => host ?? ip ?? ''));
    return addresses.length === 0 ? [] : [[id, some([...new Set(addresses)], 4)]];
  });
  if (reached.length === 0) return '';
  const more = reached.length > named ? `  and ${count(reached.length - named, 'service')} more\n` : '';
  return `${renderTable(reached.slice(0, named), '  ')}${more}`;
}

/** What is over with this command, and what to run instead. */
export function endingText(balancers: readonly string[], paint: Paint): string {
  if (balancers.length === 0) return '';
  const [verb, it] = balancers.length === 1 ? ['serves', 'it has'] : ['serve', 'they have'];
  return `  ${paint.warn('ended')}   ${balancers.join(', ')} ${verb} only while weir runs, and ${it} ended with this command: give \`weir run\` in the place of \`weir apply\`\n`;
}

/** The end of an apply: what was done, what failed and why; last line greppable. */
export function applyText(report: ApplyReport, durationMs: number, paint: Paint): string {
  const done = report.results.filter(({ result, step }) => result === 'done' && step.op !== 'wait').length;
  const failures = report.failed.map(
    ({ balancer, unit, code, message }) => `  ${paint.bad('failed')}  ${balancer} ${unit}  ${code}: ${message}\n`,
  );
  const { waiting = [] } = report;
  const rest = waiting.map(
    ({ balancer, unit, message }) =>
      `  ${paint.warn('waits')}   ${balancer} ${shortUnit(balancer, unit)}  ${message}\n`,
  );
  const hint =
    rest.length === 0
      ? ''
      : '  Nothing is wrong: `weir run` does the rest then, and `weir apply` with a longer --gate-deadline waits for it.\n';
  const end = [
    ...(report.failed.length === 0 ? [] : [`, ${count(report.failed.length, 'unit')} failed`]),
    ...(rest.length === 0 ? [] : [`, ${count(rest.length, 'unit')} left to wait for`]),
  ].join('');
  return `${failures.join('')}${rest.join('')}${hint}${leftText(report.left)}Applied: ${count(done, 'step')} in ${span(durationMs)}${end}.\n`;
}

function leftText(left: ApplyReport['left']): string {
  if (left === undefined) return '';
  const { stateDir, secrets, others } = left;
  if (!secrets)
    return `  left in ${stateDir}: the record of plans and logs; copies of services and their keys are gone\n`;
  const why = others.length === 0 ? 'as not everything could be removed' : `for balancers ${others.join(', ')}`;
  return `  left in ${stateDir}: copies of services with their keys and hashes of passwords, ${why}\n`;
}
