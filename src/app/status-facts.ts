import { isIP } from 'node:net';
import {
  type AnnouncedAddress,
  type Context,
  type ExportedService,
  type PoolState,
  type Problem,
  type ServiceId,
  type ServiceReport,
  turnsOf,
} from '../model/index.ts';
import {
  type Facts,
  type Prober,
  type ProgrammedParts,
  programmedOf,
  publishedAddresses,
  questionsOf,
  type Reached,
  type ServiceFacts,
  type StatusAddress,
  type TargetHealth,
  unreachedBy,
} from '../status/index.ts';
import type { Balancer } from './balancer.ts';
import type { Gathered } from './gather.ts';
import { remainsOf } from './remains-of.ts';
import { takersOf } from './render.ts';
import { unreadOf } from './unread.ts';

export interface FactParts {
  readonly gathered: Gathered;
  readonly balancers: readonly Balancer[];
  readonly problems: readonly Problem[];
  readonly pools: readonly PoolState[];
  readonly prober: Prober;
  /** Addresses of nodes and of Services of the clusters that are followed. */
  readonly nodes: (kind: 'internal' | 'external') => readonly string[];
  readonly reachedAt: (path: string) => Reached | undefined;
  readonly clock: Pick<Context['clock'], 'now'>;
  /** Whether objects name the pool of their address. */
  readonly poolAnnotation: boolean;
  /** Whether objects are held back until what was made for them is gone. */
  readonly finalizers: boolean;
}

type Reported = ServiceReport & { readonly balancer: string };

/** Services of which a balancer reports before others have their turn. */
const atOnce = 500;

/** What is known of every service for those who write it back, letting others run in between. */
export async function statusFacts(parts: FactParts): Promise<Facts> {
  const { gathered, balancers, problems, prober, clock } = parts;
  const turns = turnsOf(clock);
  const reports = new Map<ServiceId, Reported[]>();
  for (const balancer of balancers) {
    const services = gathered.taken.get(balancer.name) ?? [];
    for (let from = 0; from < services.length; from += atOnce) {
      await turns.next();
      for (const report of balancer.reports(gathered, services.slice(from, from + atOnce))) {
        const list = reports.get(report.service);
        const one = { ...report, balancer: balancer.name };
        if (list === undefined) reports.set(report.service, [one]);
        else list.push(one);
      }
    }
  }
  await turns.next();
  const takers = takersOf(gathered);
  const told = Map.groupBy(problems, ({ service = '' }) => service);
  const failures = failuresOf(balancers);
  const services = new Map<ServiceId, ServiceFacts>();
  const unreached: Problem[] = [];
  for (const service of gathered.services) {
    if (turns.due) await turns.next();
    const { id } = service;
    const names = takers.get(id) ?? [];
    const taking = balancers.filter(({ name }) => names.includes(name));
    const own = reports.get(id) ?? [];
    const silent = taking.flatMap((balancer) => silentOf(service, own, balancer, prober));
    const claimed = claimedOf(service, taking, parts);
    const why = claimed === undefined ? unreachedOf(own, taking, parts) : [];
    unreached.push(...why.map((message) => notReached(service, message)));
    const programmed = programmedOf({
      balancers: names,
      reports: own,
      problems: told.get(id) ?? [],
      failures: failures.get(id) ?? [],
      silent,
      unreached: why,
      unread: taking.flatMap(neverRead),
    });
    services.set(id, {
      id,
      addresses: claimed ?? (silent.length > 0 ? [] : addressesOf(service, own, taking, parts)),
      programmed,
      ...(claimed === undefined ? {} : { pooled: true }),
      ...poolOf(id, parts),
      unserved: names.length === 0 || gathered.waiting?.has(id) === true,
      outlives: parts.finalizers && taking.some(({ provider }) => provider.capabilities.scope === 'shared'),
      settling: !programmed.status && taking.some(({ lane }) => !lane.started || lane.blind),
    });
  }
  prober.sweep();
  return {
    services,
    unreached,
    announced: announcedOf(reports),
    problems,
    pools: parts.pools,
    remains: parts.finalizers ? remainsOf(balancers) : () => [],
    healthOf: targetHealth(balancers, reports),
  };
}

function announcedOf(reports: ReadonlyMap<ServiceId, readonly Reported[]>): NonNullable<Facts['announced']> {
  const found = new Map<ServiceId, readonly AnnouncedAddress[]>();
  for (const [id, list] of reports) {
    const all = list.flatMap(({ announced = [] }) => announced);
    if (all.length > 0) found.set(id, all);
  }
  return found;
}

/** Worst first, of all systems that check targets themselves and live longer than this weir. Made when somebody asks. */
function targetHealth(
  balancers: readonly Balancer[],
  reports: ReadonlyMap<ServiceId, readonly Reported[]>,
): Facts['healthOf'] {
  const checking = new Set(
    balancers.flatMap(({ name, provider: { capabilities } }) =>
      capabilities.scope === 'shared' && capabilities.health ? [name] : [],
    ),
  );
  let found: Map<string, TargetHealth> | undefined;
  return (address) => {
    if (found === undefined) {
      found = new Map();
      for (const { balancer, targets } of [...reports.values()].flat()) {
        if (!checking.has(balancer)) continue;
        for (const { key, health, reason = health } of targets) {
          const at = key.slice(0, key.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
          if (health === 'draining' || found.get(at)?.ready === false) continue;
          found.set(at, { ready: health === 'ready', reason });
        }
      }
    }
    return found.get(address);
  };
}

/** Proxies of our own are asked: that they were told is not that they answer. */
function silentOf(
  service: ExportedService,
  reports: readonly Reported[],
  { name, provider }: Balancer,
  prober: Prober,
): readonly string[] {
  if (provider.capabilities.scope !== 'instance') return [];
  return reports.flatMap((report) =>
    report.balancer === name && isProgrammed(report)
      ? questionsOf(service, report).flatMap((question) => prober.silent(question) ?? [])
      : [],
  );
}

function addressesOf(
  { fronts }: ExportedService,
  reports: readonly Reported[],
  taking: readonly Balancer[],
  { nodes, reachedAt }: FactParts,
): readonly StatusAddress[] {
  return taking.flatMap(({ name, config }) => {
    const report = reports.find(({ balancer }) => balancer === name);
    if (report === undefined || !isProgrammed(report)) return [];
    return publishedAddresses({
      publish: config.publish,
      report,
      fronts,
      isIp: (text) => isIP(text) !== 0,
      nodes,
      service: reachedAt,
    });
  });
}

function unreachedOf(
  reports: readonly Reported[],
  taking: readonly Balancer[],
  { nodes, reachedAt }: FactParts,
): readonly string[] {
  return taking.flatMap(({ name, config: { publish } }) => {
    const report = reports.find(({ balancer }) => balancer === name);
    if (report === undefined || !isProgrammed(report)) return [];
    return unreachedBy({ publish, report, nodes, service: reachedAt });
  });
}

function notReached({ id, origin: { kind, namespace, name } }: ExportedService, message: string): Problem {
  return { code: 'W_PUBLISH', severity: 'warning', service: id, source: `${kind}/${namespace}/${name}`, message };
}

function neverRead(balancer: Balancer): ProgrammedParts['unread'] {
  const unread = balancer.lane.blind ? unreadOf(balancer) : undefined;
  return unread === undefined ? [] : [{ balancer: balancer.name, message: unread.message }];
}

function isProgrammed({ conditions }: ServiceReport): boolean {
  return conditions.some(({ type, status }) => type === 'Programmed' && status);
}

function poolOf(id: ServiceId, { gathered, poolAnnotation }: FactParts): Pick<ServiceFacts, 'pool'> {
  const pool = poolAnnotation ? gathered.poolOf?.get(id) : undefined;
  return pool === undefined ? {} : { pool };
}

/** Addresses out of a pool are told at once, whether they answer or not: that they stand in the status is the claim to them. */
function claimedOf(
  { id, fronts }: ExportedService,
  taking: readonly Balancer[],
  { gathered, nodes, reachedAt }: FactParts,
): readonly StatusAddress[] | undefined {
  const given = gathered.addresses?.get(id);
  if (given === undefined) return undefined;
  const ipMode = taking.find(({ config }) => config.fromPools)?.config.publish?.ipMode;
  const ports = fronts.map(({ port }) => port);
  return publishedAddresses({
    publish: { ipMode },
    report: { addresses: given.map((ip) => ({ ip, ports })) },
    fronts,
    isIp: () => true,
    nodes,
    service: reachedAt,
  });
}

/** Services whose part of a balancer has failed. */
function failuresOf(balancers: readonly Balancer[]): ReadonlyMap<ServiceId, ProgrammedParts['failures']> {
  const found = new Map<ServiceId, ProgrammedParts['failures'][number][]>();
  for (const { lane } of balancers) {
    if (lane.units().every(({ state }) => state !== 'failed')) continue;
    const seen = new Set<string>();
    for (const { unit, serves } of lane.want?.resources ?? []) {
      for (const service of serves) {
        const state = lane.stateOf(unit, service);
        if (state?.state !== 'failed') continue;
        const key = `${unit}\n${service}`;
        if (seen.has(key)) continue;
        seen.add(key);
        found.set(service, [...(found.get(service) ?? []), state]);
      }
    }
  }
  return found;
}
