import type {
  AppliedPlan,
  BalancerState,
  LeaseState,
  PoolState,
  Problem,
  ServiceId,
  ServiceReport,
  ServiceState,
  State,
  Unit,
  UnitState,
} from '../model/index.ts';
import type { Feed } from '../run/index.ts';
import type { Leader } from '../status/leader.ts';
import type { Balancer } from './balancer.ts';
import { distinctProblems } from './distinct-problems.ts';
import type { Gathered } from './gather.ts';
import { takersOf } from './render.ts';
import { reportProblems } from './report-problems.ts';
import { serviceHealth } from './service-health.ts';
import type { StatusService } from './status-service.ts';
import { unreadOf } from './unread.ts';

export interface StateParts {
  readonly version: string;
  readonly instance: string;
  readonly startedMs: number;
  readonly feeds: readonly Feed[];
  readonly balancers: readonly Balancer[];
  readonly leader: Leader | undefined;
  readonly status: Pick<StatusService, 'problems' | 'leases'> | undefined;
  readonly gathered: Gathered | undefined;
  readonly pools: readonly PoolState[];
  readonly plans: readonly AppliedPlan[];
}

/** Everything that is known now, as the API and the page show it. Reads what the parts hold; contacts nothing. */
export function makeState(parts: StateParts): State {
  const { feeds, balancers, gathered, leader, status, pools } = parts;
  const leases = [...(leader?.leases() ?? []), ...(status?.leases() ?? [])];
  const problems = allProblems(parts);
  const services = gathered === undefined ? [] : serviceStates(gathered, balancers, problems, decidesOf(leases));
  const states = balancers.map((balancer) => ({
    name: balancer.name,
    provider: balancer.provider.name,
    units: unitStates(balancer),
    objects: balancer.lane.observed().filter((object) => object.owned).length,
    ...unreadPart(balancer),
  }));
  return {
    version: parts.version,
    instance: parts.instance,
    startedMs: parts.startedMs,
    inSync:
      gathered?.agreeing !== true &&
      feeds.every((feed) => feed.synced) &&
      balancers.every(({ lane }) => lane.started && lane.current) &&
      states.every(({ units }) => units.every((unit) => unit.state === 'in sync')) &&
      problems.every((problem) => problem.severity !== 'error'),
    sources: feeds.map((feed) => ({
      name: feed.name,
      synced: feed.synced,
      services: feed.snapshot.services.length,
      lastReadMs: feed.lastReadMs,
    })),
    balancers: states,
    ...(leases.length === 0 ? {} : { leases }),
    ...(pools.length === 0 ? {} : { pools }),
    services,
    problems,
    incomplete: gathered?.incomplete ?? [],
    plans: parts.plans,
  };
}

/** Another weir gives addresses, and knows why a service has none. Undefined: this one does. */
function decidesOf(leases: readonly LeaseState[]): string | undefined {
  const followed = leases.find(({ leader }) => !leader);
  if (followed === undefined) return undefined;
  const { holder } = followed;
  if (holder === undefined) return 'has no address yet: nobody is known to lead, and who leads gives addresses';
  // What follows the name is of the process.
  return `has no address yet: ${holder.replace(/_[^_]*$/, '')} leads and gives addresses; \`weir status\` there says why`;
}

/** Of sources, merging, models and connections, each once. */
export function allProblems({
  feeds,
  balancers,
  gathered,
  leader,
  status,
}: Pick<StateParts, 'feeds' | 'balancers' | 'gathered'> &
  Partial<Pick<StateParts, 'leader' | 'status'>>): readonly Problem[] {
  // Whose it is may stand where nobody can read now.
  const all = feeds.every((feed) => feed.synced) && (gathered?.incomplete.length ?? 0) === 0;
  const known = ({ code }: Problem) => all || code !== 'W_ORPHAN';
  return distinctProblems([
    ...feeds.flatMap((feed) => feed.problems),
    ...(leader?.problems() ?? []),
    ...(status?.problems() ?? []),
    ...(gathered?.problems ?? []),
    ...balancers.flatMap(({ lane }) => [...lane.problems().filter(known), ...(lane.want?.problems ?? [])]),
    ...reportProblems(balancers, gathered),
  ]);
}

function unreadPart(balancer: Balancer): Pick<BalancerState, 'unread'> {
  const unread = unreadOf(balancer);
  return unread === undefined ? {} : { unread };
}

/** A balancer that cannot be reached has no units of its own to tell of: it is one that failed. */
function unitStates({ name, lane }: Balancer): readonly UnitState[] {
  const units = lane.units();
  const problem = lane.problems().find(({ severity }) => severity === 'error');
  if (units.length > 0 || problem === undefined) return units;
  return [
    {
      balancer: name,
      unit: name,
      state: 'failed',
      message: problem.message,
      code: problem.code,
      sinceMs: lane.connection.failedSinceMs,
    },
  ];
}

function serviceStates(
  gathered: Gathered,
  balancers: readonly Balancer[],
  problems: readonly Problem[],
  decides: string | undefined,
): readonly ServiceState[] {
  const takers = takersOf(gathered);
  const told = groupBy(problems, (problem) => problem.service);
  const reports = new Map<ServiceId, (ServiceReport & { balancer: string })[]>();
  const units = new Map<ServiceId, Pick<UnitState, 'state' | 'message' | 'code'>[]>();
  for (const balancer of balancers) {
    for (const report of balancer.reports(gathered)) {
      append(reports, report.service, { ...report, balancer: balancer.name });
    }
    for (const [service, unit] of unitPairs(balancer)) {
      const state = balancer.lane.stateOf(unit, service);
      if (state !== undefined) append(units, service, state);
    }
  }
  for (const balancer of balancers) {
    const unread = balancer.lane.blind ? unreadOf(balancer) : undefined;
    const state = { state: 'waiting', message: `${balancer.name} was not read yet: ${unread?.message}` } as const;
    if (unread !== undefined) for (const { id } of gathered.taken.get(balancer.name) ?? []) append(units, id, state);
  }
  return gathered.services.map((service): ServiceState => {
    const own = {
      balancers: takers.get(service.id) ?? [],
      problems: told.get(service.id) ?? [],
      reports: reports.get(service.id) ?? [],
    };
    const { id, origin } = service;
    const pool = gathered.poolOf?.get(id);
    const waitsFor = gathered.waiting?.has(id) === true && decides !== undefined ? { waitsFor: decides } : {};
    const health = serviceHealth({ ...own, units: units.get(id) ?? [], ...waitsFor });
    return { id, kind: origin.kind, source: origin.source, ...own, ...health, ...(pool === undefined ? {} : { pool }) };
  });
}

/** Which units a service depends on, each pair once. */
function unitPairs({ lane }: Balancer): Iterable<readonly [ServiceId, Unit]> {
  const pairs = new Map<string, readonly [ServiceId, Unit]>();
  for (const { unit, serves } of lane.want?.resources ?? []) {
    for (const service of serves) pairs.set(`${unit}\n${service}`, [service, unit]);
  }
  return pairs.values();
}

function groupBy<K, V>(values: readonly V[], key: (value: V) => K): ReadonlyMap<K, readonly V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) append(groups, key(value), value);
  return groups;
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
