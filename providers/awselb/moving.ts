/** Services that leave one load balancer for another: the old one serves them until the new one does, whatever each of them waits for. Pure. */
import type { ExportedService, Handle, MemberSet, Observed, Resource, ServiceId, Unit } from '../../src/model/index.ts';
import type { Shared } from './account-quotas.ts';
import { keepUnit, type LiveTargets } from './keep.ts';
import { keepServices } from './keep-shared.ts';
import type { Present } from './present.ts';

interface Leaving {
  readonly services: Set<ExportedService>;
  /** Targets that the service has now, by id of the target groups there. */
  readonly live: Map<string, MemberSet>;
  /** Work that is under way ends it; who is refused elsewhere stays for longer. */
  ends: boolean;
}

/** Unit → whom it serves though they shall be served elsewhere, as long as they are not. */
export type Moving = ReadonlyMap<Unit, Leaving>;

export function findMoving(results: readonly Shared[], present: Present): Moving {
  const moving = new Map<Unit, Leaving>();
  for (const { group, result } of results) {
    const refused = new Set(result.problems.flatMap(({ severity, service }) => (severity === 'error' ? service : [])));
    for (const service of group.services) {
      const { id } = service;
      const old = [...present.balancersFor(id)].flatMap((handle) => present.at('LoadBalancer', handle) ?? []);
      const elsewhere = old.filter(({ unit, owned }) => owned && unit !== result.unit);
      if (elsewhere.length === 0) continue;
      const fronts = result.resources.filter(({ kind, serves }) => isFront(kind) && serves.includes(id));
      const asked = fronts.length > 0 || refused.has(id);
      if (!asked || (!refused.has(id) && fronts.every((front) => serves(front, result.resources, present)))) continue;
      for (const { unit, id: lb } of elsewhere) {
        const leaving = moving.get(unit) ?? { services: new Set(), live: new Map(), ends: false };
        moving.set(unit, leaving);
        leaving.services.add(service);
        leaving.ends ||= !refused.has(id);
        follow(result.resources, id, lb, leaving.live, present);
      }
    }
  }
  return moving;
}

function isFront(kind: string): boolean {
  return kind === 'Listener' || kind === 'Rule';
}

/** Whether a front that is wanted is there, at a load balancer that is set up, and sends to somebody who is ready; or nobody is to be had. */
function serves(front: Resource, wanted: readonly Resource[], present: Present): boolean {
  const [now] = present.of(front.kind, front.id);
  if (now === undefined || isSettingUp(now, present)) return false;
  const groups = [front.refs.TargetGroupArn, ...(front.sets.TargetGroups?.keys() ?? [])].filter(
    (one) => one !== undefined,
  );
  if (groups.length === 0) return true;
  const sent = new Set<Handle | undefined>([now.refs.TargetGroupArn, ...(now.sets.TargetGroups?.keys() ?? [])]);
  return groups.some((group) => {
    const targets = wanted.find(({ kind, id }) => kind === 'TargetGroup' && id === group)?.sets.Targets;
    const there = present.of('TargetGroup', group).filter(({ handle }) => sent.has(handle));
    return there.length > 0 && (targets === undefined || targets.size === 0 || there.some(isReady));
  });
}

function isReady({ health }: Observed): boolean {
  return [...(health?.Targets?.values() ?? [])].includes('ready');
}

function isSettingUp({ refs }: Observed, present: Present): boolean {
  const handle = refs.LoadBalancerArn ?? present.at('Listener', refs.ListenerArn)?.refs.LoadBalancerArn;
  return present.at('LoadBalancer', handle)?.facts.pending === true;
}

/** Target groups of a service are called alike at every load balancer; what is kept follows its targets where they are of the same type. */
function follow(
  wanted: readonly Resource[],
  service: ServiceId,
  lb: string,
  live: Map<string, MemberSet>,
  present: Present,
): void {
  for (const { kind, id, serves, attrs, sets } of wanted) {
    if (kind !== 'TargetGroup' || sets.Targets === undefined || !serves.includes(service)) continue;
    const there = `${lb}${id.slice(id.indexOf('|'))}`;
    const same = ({ attrs: now }: Observed) =>
      now.TargetType === attrs.TargetType && now.IpAddressType === attrs.IpAddressType;
    if (id.includes('|') && present.of('TargetGroup', there).some(same)) live.set(there, sets.Targets);
  }
}

/** What the load balancers of `results` hold besides, and what others hold alone, for those who are still on their way. */
export function keepMoving(results: readonly Shared[], moving: Moving, present: Present): readonly Resource[] {
  const covered = new Set<Unit>();
  for (const entry of results) {
    const { unit, stopped, resources } = entry.result;
    covered.add(unit);
    const leaving = moving.get(unit);
    // Who is stopped keeps all that is there.
    if (leaving === undefined || stopped) continue;
    const kept = keepServices(unit, [...leaving.services], resources, { present, live: leaving.live });
    const groups = kept.filter((one) => one.kind === 'TargetGroup' && !resources.includes(one));
    const opened = entry.result.opened.length > 0 ? [...entry.result.opened, ...groups] : [];
    entry.result = { ...entry.result, resources: kept, opened };
  }
  const alone = [...moving].filter(([unit]) => !covered.has(unit));
  return alone.flatMap(([unit, { live }]) => keepUnit(unit, present, live satisfies LiveTargets));
}
