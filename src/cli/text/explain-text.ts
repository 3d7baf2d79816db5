import { type AnnouncedAddress, type ErrorCode, errors } from '../../model/index.ts';
import type { ExplainedTarget, Explanation } from '../../serve/explanation.ts';
import { codeDetails } from './code-details.ts';
import type { Paint } from './paint.ts';
import { problemText } from './problem-text.ts';
import { healthWord } from './status-text.ts';
import { renderTable } from './table.ts';
import { span } from './words.ts';

/** What an error code means and what to do. */
export function codeText(code: ErrorCode, paint: Paint): string {
  const entry = errors[code];
  const classes = {
    retry: 'may pass by itself: weir run tries again, a single command is to be given again',
    refused: 'waits for a change: weir reports it and leaves everything else running',
    bug: 'a fault of weir itself',
    warning: 'nothing is stopped',
  };
  const detail = codeDetails.get(code);
  return [
    `${paint.strong(code)}   ${entry.title}\n`,
    `  class   ${entry.class}: ${classes[entry.class]}\n`,
    `  to do   ${entry.hint}\n`,
    detail === undefined ? '' : `  found   ${detail.found}\n  such as ${detail.example}\n`,
  ].join('');
}

/** The path of one service, from the client to each target, with reasons. `live`: targets were seen, not only read. */
export function explanationText(told: Explanation, live: boolean, nowMs: number, paint: Paint): string {
  const reason = told.reason === '' ? '' : `: ${told.reason}`;
  const health = live ? `, ${healthWord(told.health, paint)}${reason}` : '';
  const head = `${paint.strong(`${told.kind} ${told.service}`)}   from ${told.from}${health}\n`;
  const takers = told.balancers.length === 0 ? 'no balancer takes it' : `balancer ${told.balancers.join(', ')}`;
  return [
    head,
    told.lastGood === undefined ? '' : `  ${paint.warn('its last good version is in force')}: ${told.lastGood}\n`,
    `  ${takers}${told.addresses.length === 0 ? '' : `, address ${told.addresses.join(', ')}`}${told.pool === undefined ? '' : ` of pool ${told.pool}`}\n`,
    ...(told.announced ?? []).map((one) => announcedText(one, nowMs, paint)),
    ...told.fronts.map((front) => frontText(told, front)),
    ...told.backends.map(
      (backend) =>
        `  backend ${backend.key}   ${backend.protocol}, ${backend.balance}\n${detailLines(backend.details, '    ')}${targetTable(backend.targets, paint)}`,
    ),
    ...told.conditions
      .filter(({ status }) => !status)
      .map(({ type, reason: why, message }) => `  not ${type}: ${why}${message === '' ? '' : `, ${message}`}\n`),
    // What a reader worked out by itself nobody wrote; -o json has it.
    ...told.settings
      .filter(({ origin }) => origin !== undefined)
      .map(({ path, value, origin }) => `  setting ${path} = ${JSON.stringify(value)}   from ${origin}\n`),
    ...told.problems.map((problem) => problemText(problem, paint)),
    told.lastChange === undefined
      ? ''
      : `  last change ${span(nowMs - told.lastChange.startedMs)} ago, plan ${told.lastChange.id}: ${told.lastChange.cause} (${told.lastChange.result})\n`,
  ].join('');
}

/** Who answers for an address, who else would, and why others would not. */
function announcedText(
  { address, owner, sinceMs, own, interfaces, candidates, others }: AnnouncedAddress,
  nowMs: number,
  paint: Paint,
): string {
  const since = sinceMs === undefined ? '' : ` for ${span(nowMs - sinceMs)}`;
  const here = own && interfaces.length > 0 ? `, here on ${interfaces.join(' ')}` : '';
  const by = owner === undefined ? paint.bad('answered by nobody') : `answered by ${owner}${since}${here}`;
  const standby = candidates.filter((node) => node !== owner);
  const rest = standby.length === 0 ? 'no other machine may' : `standby ${standby.join(', ')}`;
  return `  ${address}   ${by}; ${rest}\n${others.map(({ node, reason }) => `    not ${node}: ${reason}\n`).join('')}`;
}

function frontText(told: Explanation, front: Explanation['fronts'][number]): string {
  const tls = front.tls === undefined ? '' : ` (TLS ${front.tls})`;
  const rows = front.routes.map((route) => {
    const ready = told.backends
      .filter(({ key }) => route.backends.includes(key))
      .map(({ targets }) => `${targets.filter(serves).length} of ${targets.length} targets`);
    return [
      `client -> ${front.protocol} ${front.port}${tls}`,
      `-> ${route.match}`,
      `-> ${route.does}`,
      ready.join(', '),
    ];
  });
  // Aligned over the port, but details break the table: rows are laid out first, then joined with theirs.
  const lines = renderTable(rows, '  ').split('\n');
  const routes = front.routes.map((route, i) => `${lines[i]}\n${detailLines(route.details, '       ')}`).join('');
  return `${routes}${detailLines(front.details, `  all of ${front.port}: `)}`;
}

function detailLines(details: readonly string[] | undefined, before: string): string {
  return (details ?? []).map((detail) => `${before}${detail}\n`).join('');
}

function serves(target: ExplainedTarget): boolean {
  return target.state === 'ready' && target.weight > 0 && (target.health === undefined || target.health === 'ready');
}

function targetTable(targets: readonly ExplainedTarget[], paint: Paint): string {
  if (targets.length === 0) return `    ${paint.warn('no targets')}\n`;
  const rows = targets.map((target) => [
    serves(target) ? paint.good('ok') : paint.bad(target.health ?? target.state),
    target.key,
    `weight ${target.weight}`,
    [target.pod && `pod ${target.pod}`, target.node && `node ${target.node}`].filter(Boolean).join(' '),
    target.reason ?? (target.state === 'ready' ? '' : target.state),
  ]);
  return renderTable(rows, '    ');
}
