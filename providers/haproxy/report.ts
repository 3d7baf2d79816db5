/** What is told of each service: where it is reachable, whether it is, and how its targets are. Pure. */
import type { ExportedService, Observed, ServiceReport, Traffic } from '../../src/model/index.ts';
import type { Withheld } from './commit-withhold.ts';
import type { Bind } from './layout.ts';
import { sharedFrontend } from './layout-ports.ts';
import { frontendName } from './names.ts';

export interface ReportInput {
  readonly binds: readonly Bind[];
  readonly withheld: readonly Withheld[];
  /** The process serves what was committed. */
  readonly serving: boolean;
  /** Addresses of this machine that stand for a wildcard: `0.0.0.0` and `::`. */
  readonly own: (wildcard: string) => readonly string[];
  /** What went through backends, by their ids. */
  readonly traffic: (backends: readonly string[]) => Traffic | undefined;
  /** Why the check of a target of a backend fails. */
  readonly reason: (backend: string, target: string) => string | undefined;
}

export function reportsOf(
  services: readonly ExportedService[],
  observed: readonly Observed[],
  input: ReportInput,
): readonly ServiceReport[] {
  const byService = indexOf(observed);
  const bindsOf = bindsByFront(observed, input.binds);
  return services.map(({ id }) => reportOf(id, byService.get(id) ?? [], bindsOf, input));
}

type ByService = ReadonlyMap<string, readonly Observed[]>;

const indexes = new WeakMap<readonly Observed[], ByService>();

/** What serves each service; of many services it is asked for part by part. */
function indexOf(observed: readonly Observed[]): ByService {
  const known = indexes.get(observed);
  if (known !== undefined) return known;
  const byService = new Map<string, Observed[]>();
  for (const object of observed) {
    for (const service of object.serves) {
      const list = byService.get(service);
      if (list === undefined) byService.set(service, [object]);
      else list.push(object);
    }
  }
  indexes.set(observed, byService);
  return byService;
}

/** Where a front is reached: one that stands behind another is reached there. */
function bindsByFront(observed: readonly Observed[], binds: readonly Bind[]): (front: string) => readonly Bind[] {
  const byName = Map.groupBy(binds, ({ frontend }) => frontend);
  const behind = new Map<string, string>();
  const ports = new Map<string, number>();
  for (const { kind, id, attrs } of observed) {
    if (kind !== 'Frontend') continue;
    if (typeof attrs.behind === 'string') behind.set(id, attrs.behind);
    if (attrs.mode === 'tcp' && attrs.tls === false && typeof attrs.port === 'number') ports.set(id, attrs.port);
  }
  const shared = new Set((byName.get(sharedFrontend) ?? []).map(({ address }) => address));
  return (front) => {
    const own = byName.get(frontendName(behind.get(front) ?? front));
    const port = ports.get(front);
    if (own !== undefined || port === undefined) return own ?? [];
    return [...shared].map((address) => ({ address, port, frontend: sharedFrontend }));
  };
}

function reportOf(
  service: string,
  objects: readonly Observed[],
  bindsOf: (front: string) => readonly Bind[],
  input: ReportInput,
): ServiceReport {
  const fronts = objects.filter(({ kind }) => kind === 'Frontend' || kind === 'Route');
  const frontIds = new Set(fronts.map(({ kind, id, refs }) => (kind === 'Route' ? (refs.frontend ?? '') : id)));
  const binds = [...frontIds].flatMap(bindsOf);
  const problems = input.withheld.filter(({ id }) => frontIds.has(id) || objects.some((object) => object.id === id));
  const targets = objects.flatMap((object) => targetsOf(object, input.reason));
  const traffic = input.traffic(objects.flatMap(({ kind, id }) => (kind === 'Backend' ? [id] : [])));
  const programmed = input.serving && binds.length > 0 && problems.length === 0;
  const ready = targets.filter(({ health }) => health === 'ready').length;
  return {
    service,
    addresses: addressesOf(binds, input.own),
    conditions: [
      {
        type: 'Accepted',
        status: fronts.length > 0,
        reason: fronts.length > 0 ? 'Accepted' : 'NoFrontend',
        message: '',
      },
      {
        type: 'Programmed',
        status: programmed,
        reason: problems[0]?.code ?? (programmed ? 'Programmed' : 'Pending'),
        message: problems.map(({ message }) => message).join('; '),
      },
      {
        type: 'Healthy',
        status: ready > 0 || targets.length === 0,
        reason: ready > 0 || targets.length === 0 ? 'Healthy' : 'NoTargetReady',
        message: targets.length === 0 ? '' : `${ready} of ${targets.length} targets ready`,
      },
    ],
    targets,
    ...(traffic === undefined ? {} : { traffic }),
  };
}

function targetsOf(object: Observed, reasonOf: ReportInput['reason']): ServiceReport['targets'] {
  if (object.kind !== 'Backend') return [];
  return [...(object.sets.servers?.keys() ?? [])].map((key) => {
    const health = object.health?.servers?.get(key) ?? 'unknown';
    const reason = health === 'ready' ? undefined : reasonOf(object.id, key);
    return { key, health, ...(reason === undefined ? {} : { reason }) };
  });
}

function addressesOf(binds: readonly Bind[], own: ReportInput['own']): ServiceReport['addresses'] {
  const ports = new Map<string, Set<number>>();
  for (const { address, port } of binds) {
    const addresses = address === '0.0.0.0' || address === '::' ? own(address) : [address];
    for (const ip of addresses) ports.set(ip, (ports.get(ip) ?? new Set()).add(port));
  }
  return [...ports].map(([ip, set]) => ({ ip, ports: [...set].sort((a, b) => a - b) }));
}
