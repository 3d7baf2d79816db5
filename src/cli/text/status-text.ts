import type { ServiceState, State } from '../../model/index.ts';
import { announcedRows, othersText } from '../../serve/announced.ts';
import { snapshotOf } from '../../serve/view.ts';
import type { Paint } from './paint.ts';
import { stateProblemsText } from './state-problems.ts';
import { renderTable } from './table.ts';
import { trafficCells, trafficHead } from './traffic-cells.ts';
import { count, span } from './words.ts';

/** The state for people: what fails stands first; healthy services are counted, with `all` listed. */
export function statusText(state: State, nowMs: number, paint: Paint, all = false): string {
  const sync = state.inSync ? paint.good('in sync') : paint.warn('not in sync');
  const head = `weir ${state.version}   ${state.instance} since ${span(nowMs - state.startedMs)}   ${sync}\n`;
  return [
    head,
    leaseText(state, paint),
    balancerTable(state, nowMs, paint),
    poolTable(state),
    announcedTable(state, nowMs, paint, all),
    serviceTable(state, paint, all),
    stateProblemsText(state, paint, all),
    incompleteText(state, paint),
  ].join('');
}

/** Where several weirs share a system: who writes it. */
function leaseText({ leases = [] }: State, paint: Paint): string {
  return leases
    .map(({ lease, leader, holder, balancers }) => {
      const who = leader ? paint.good('leads') : paint.warn('follows');
      const other = holder === undefined ? 'nobody is known to lead' : `${holder} leads`;
      return `${who}  ${balancers.join(', ')} by lease ${lease}${leader ? '' : `; ${other}`}\n`;
    })
    .join('');
}

function balancerTable(state: State, nowMs: number, paint: Paint): string {
  const rows = state.balancers.map((balancer) => {
    const worst =
      balancer.units.find((unit) => unit.state === 'failed') ?? balancer.units.find((unit) => unit.state !== 'in sync');
    const last = state.plans.find((plan) => plan.balancer === balancer.name);
    const change = last === undefined ? '-' : `${span(nowMs - last.startedMs)} ago  ${last.id}  ${last.result}`;
    const { unread } = balancer;
    if (unread !== undefined) {
      const since = `${unread.never ? 'never read' : 'not read'} for ${span(nowMs - unread.sinceMs)}`;
      const why = `${since}: ${unread.code}: ${unread.message}`;
      return [balancer.name, balancer.provider, paint.bad('unread'), String(balancer.objects), change, why];
    }
    const code = worst?.code === undefined ? '' : `${worst.code}  `;
    const reason = worst === undefined || worst.message === '' ? '' : `${code}${worst.unit}: ${worst.message}`;
    const word = worst?.state ?? 'in sync';
    const colour = word === 'failed' ? paint.bad : word === 'in sync' ? paint.good : paint.warn;
    return [balancer.name, balancer.provider, colour(word), String(balancer.objects), change, reason];
  });
  if (rows.length === 0) return '';
  const hints = state.balancers.flatMap(({ unread }) => unread?.hint ?? []);
  const todo = [...new Set(hints)].map((hint) => `  ${paint.weak(`to do  ${hint}`)}\n`).join('');
  return `${renderTable([['BALANCER', 'PROVIDER', 'STATE', 'OBJECTS', 'LAST CHANGE', ''], ...rows], '  ')}${todo}`;
}

/** How full the pools of addresses are, by family. */
function poolTable({ pools = [] }: State): string {
  if (pools.length === 0) return '';
  const cell = (has: number, free: number) => (has + free === 0 ? '-' : `${has} of ${short(has + free)}`);
  const rows = pools.map(({ name, assigned, available }) => [
    name,
    cell(assigned.ipv4, available.ipv4),
    cell(assigned.ipv6, available.ipv6),
  ]);
  return renderTable([['POOL', 'IPV4 GIVEN', 'IPV6 GIVEN'], ...rows], '  ');
}

/** So many addresses are listed without being asked for; what nobody answers for always is. */
const announcedShown = 20;

/** Who answers for which address on the network, since when, and who else may. */
function announcedTable(state: State, nowMs: number, paint: Paint, all: boolean): string {
  const every = announcedRows(state);
  if (every.length === 0) return '';
  const shown = all ? every : every.filter(({ owner }, at) => owner === undefined || at < announcedShown);
  const rows = shown.map((row) => [
    row.address,
    row.owner === undefined ? paint.bad('nobody') : row.owner,
    row.sinceMs === undefined ? '-' : span(nowMs - row.sinceMs),
    row.own ? row.interfaces.join(' ') : '-',
    othersText(row) || '-',
    row.services.join(' '),
  ]);
  const head = ['ANNOUNCED', 'BY', 'FOR', 'HERE ON', 'STANDBY', 'SERVICE'];
  const left = every.length - shown.length;
  const more =
    left === 0 ? '' : `  ${count(left, 'announced address', 'announced addresses')} more: weir status --all\n`;
  return `${renderTable([head, ...rows], '  ')}${more}`;
}

/** 18446744073709552000 says no more than 1.8e19. */
function short(n: number): string {
  return n < 1e9 ? String(n) : n.toExponential(1).replace('+', '');
}

function serviceTable(state: State, paint: Paint, all: boolean): string {
  const { services } = snapshotOf(state);
  const shown = all ? services : services.filter(({ health }) => health !== 'ok');
  const healthy = services.length - shown.length;
  const more = healthy === 0 ? '' : `  ${count(healthy, 'service')} ok: weir status --all\n`;
  if (shown.length === 0) return more;
  const numbers = new Map(state.services.map((service) => [service.id, trafficCells(service)]));
  // Columns that nobody could fill are left out.
  const counted = shown.some(({ id }) => numbers.get(id) !== undefined);
  const rows = shown.map(({ id, address, targets, health, reason }) => [
    id,
    address || '-',
    targets || '-',
    healthWord(health, paint),
    ...(counted ? (numbers.get(id) ?? trafficHead.map(() => '-')) : []),
    reason,
  ]);
  const head = ['SERVICE', 'ADDRESS', 'TARGETS', 'HEALTH', ...(counted ? trafficHead : []), 'REASON'];
  return `${renderTable([head, ...rows], '  ')}${more}`;
}

export function healthWord(health: ServiceState['health'], paint: Paint): string {
  if (health === 'ok') return paint.good(health);
  return health === 'error' || health === 'down' ? paint.bad(health) : paint.warn(health);
}

/** Why stands among the problems already, as a rule. */
function incompleteText({ incomplete, problems }: State, paint: Paint): string {
  const told = new Set(problems.map(({ message }) => message));
  return incomplete
    .map(({ source, part, reason }) => {
      const why = told.has(reason) ? '' : `: ${reason}`;
      return `${paint.warn('incomplete')}  ${source} ${part}${why}; nothing it could own is taken away\n`;
    })
    .join('');
}
