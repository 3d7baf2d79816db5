import type { ServiceState, State } from '../model/index.ts';
import { trafficText } from './traffic-text.ts';

/** What the state page shows of one service: text only, so that page and script lay it out alike. */
export interface ServiceRow {
  readonly id: string;
  readonly kind: string;
  readonly address: string;
  readonly targets: string;
  /** Rate, errors, open sessions; empty where nobody counts. */
  readonly traffic: string;
  readonly health: ServiceState['health'];
  readonly reason: string;
}

export interface View {
  readonly inSync: boolean;
  readonly problems: number;
  /** Failing first, then by name. */
  readonly services: readonly ServiceRow[];
}

export interface Patch {
  readonly inSync: boolean;
  readonly problems: number;
  readonly changed: readonly ServiceRow[];
  readonly gone: readonly string[];
}

const rank: Readonly<Record<ServiceState['health'], number>> = { error: 0, down: 1, degraded: 2, pending: 3, ok: 4 };

export function snapshotOf(state: State): View {
  const services = [...state.services.map(rowOf), ...refusedRows(state)].toSorted(
    (a, b) => rank[a.health] - rank[b.health] || a.id.localeCompare(b.id),
  );
  return { inSync: state.inSync, problems: state.problems.length, services };
}

/** Services that were refused whole: broken input is a row that is seen, never an absence. */
function refusedRows(state: State): readonly ServiceRow[] {
  const known = new Set(state.services.map(({ id }) => id));
  const refused = new Map<string, ServiceRow>();
  for (const { code, severity, service, message } of state.problems) {
    if (severity !== 'error' || service === undefined || known.has(service) || refused.has(service)) continue;
    const reason = `${code}: ${message}`;
    refused.set(service, { id: service, kind: '', address: '', targets: '', traffic: '', health: 'error', reason });
  }
  return [...refused.values()];
}

const rows = new WeakMap<ServiceState, ServiceRow>();

/** The same row for the same service state: unchanged services are told by reference. */
function rowOf(service: ServiceState): ServiceRow {
  let row = rows.get(service);
  if (row === undefined) {
    const { id, kind, health, reason, targets } = service;
    // Who announces an address and who serves there both tell it.
    const addresses = service.reports.flatMap(({ addresses: told }) => told.map(addressText));
    const address = [...new Set(addresses)].join(', ');
    row = {
      id,
      kind,
      health,
      reason,
      address,
      traffic: trafficText(service),
      targets: targets.total === 0 ? '' : `${targets.ready} of ${targets.total}`,
    };
    rows.set(service, row);
  }
  return row;
}

function addressText(address: ServiceState['reports'][number]['addresses'][number]): string {
  const name = address.host ?? address.ip ?? '';
  const bracketed = name.includes(':') ? `[${name}]` : name;
  return address.ports.length === 0 ? name : address.ports.map((port) => `${bracketed}:${port}`).join(' ');
}

/** What changed between two views; undefined when nothing that is shown did. */
export function patchOf(before: View, now: View): Patch | undefined {
  const known = new Map(before.services.map((row) => [row.id, row]));
  const changed = now.services.filter((row) => !sameRow(known.get(row.id), row));
  const left = new Set(now.services.map(({ id }) => id));
  const gone = before.services.flatMap(({ id }) => (left.has(id) ? [] : [id]));
  const same = changed.length === 0 && gone.length === 0 && before.inSync === now.inSync;
  if (same && before.problems === now.problems) return undefined;
  return { inSync: now.inSync, problems: now.problems, changed, gone };
}

function sameRow(a: ServiceRow | undefined, b: ServiceRow): boolean {
  if (a === undefined) return false;
  return (
    a === b ||
    (a.health === b.health &&
      a.reason === b.reason &&
      a.address === b.address &&
      a.targets === b.targets &&
      a.traffic === b.traffic &&
      a.kind === b.kind)
  );
}
