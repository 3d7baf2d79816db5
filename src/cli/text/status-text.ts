import type { ServiceState, State } from '../../model/index.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { count, some, span } from './words.ts';

const order: Readonly<Record<ServiceState['health'], number>> = { error: 0, down: 1, degraded: 2, pending: 3, ok: 4 };

/** The state for people: what fails stands first; healthy services are counted, with `all` listed. */
export function statusText(state: State, nowMs: number, paint: Paint, all = false): string {
  const sync = state.inSync ? paint.good('in sync') : paint.warn('not in sync');
  const head = `weir ${state.version}   ${state.instance} since ${span(nowMs - state.startedMs)}   ${sync}\n`;
  return [head, balancerTable(state, nowMs, paint), serviceTable(state, paint, all), incompleteText(state, paint)]
    .filter((part) => part !== '')
    .join('');
}

function balancerTable(state: State, nowMs: number, paint: Paint): string {
  const rows = state.balancers.map((balancer) => {
    const worst =
      balancer.units.find((unit) => unit.state === 'failed') ?? balancer.units.find((unit) => unit.state !== 'in sync');
    const last = state.plans.find((plan) => plan.balancer === balancer.name);
    const change = last === undefined ? '-' : `${span(nowMs - last.startedMs)} ago  ${last.id}  ${last.result}`;
    const reason = worst === undefined || worst.message === '' ? '' : `${worst.unit}: ${worst.message}`;
    const word = worst?.state ?? 'in sync';
    const colour = word === 'failed' ? paint.bad : word === 'in sync' ? paint.good : paint.warn;
    return [balancer.name, balancer.provider, colour(word), String(balancer.objects), change, reason];
  });
  return renderTable([['BALANCER', 'PROVIDER', 'STATE', 'OBJECTS', 'LAST CHANGE', ''], ...rows], '  ');
}

function serviceTable(state: State, paint: Paint, all: boolean): string {
  const sorted = state.services.toSorted((a, b) => order[a.health] - order[b.health] || a.id.localeCompare(b.id));
  const shown = all ? sorted : sorted.filter(({ health }) => health !== 'ok');
  const healthy = state.services.length - shown.length;
  const more = healthy === 0 ? '' : `  ${count(healthy, 'service')} ok: weir status --all\n`;
  if (shown.length === 0) return more;
  const rows = shown.map((service) => [
    service.id,
    some(addressesOf(service), 3) || '-',
    service.targets.total === 0 ? '-' : `${service.targets.ready} of ${service.targets.total}`,
    healthWord(service.health, paint),
    service.reason,
  ]);
  return `${renderTable([['SERVICE', 'ADDRESS', 'TARGETS', 'HEALTH', 'REASON'], ...rows], '  ')}${more}`;
}

/** Addresses with ports, as a client would use them. */
export function addressesOf(service: ServiceState): readonly string[] {
  return service.reports.flatMap(({ addresses }) =>
    addresses.flatMap(({ ip, host, ports }) => {
      const name = host ?? ip ?? '';
      const bracketed = name.includes(':') ? `[${name}]` : name;
      return ports.length === 0 ? [name] : ports.map((port) => `${bracketed}:${port}`);
    }),
  );
}

export function healthWord(health: ServiceState['health'], paint: Paint): string {
  if (health === 'ok') return paint.good(health);
  return health === 'error' || health === 'down' ? paint.bad(health) : paint.warn(health);
}

function incompleteText(state: State, paint: Paint): string {
  return state.incomplete
    .map(
      ({ source, part, reason }) =>
        `${paint.warn('incomplete')}  ${source} ${part}: ${reason}; nothing it could own is taken away\n`,
    )
    .join('');
}
