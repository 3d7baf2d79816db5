/** What is told of each service: DNS names and ports, whether and why not yet it is reachable, and each target as AWS sees it. Pure. */
import type { TargetHealth } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ExportedService, Handle, Observed, ServiceId, ServiceReport } from '../../src/model/index.ts';
import type { Account } from './account.ts';
import { groupArn, targetKey } from './names.ts';

type Condition = ServiceReport['conditions'][number];
type Target = ServiceReport['targets'][number];

/** `account`: the answers of DescribeTargetHealth, for the reason codes. */
export function report(
  services: readonly ExportedService[],
  observed: readonly Observed[],
  account: Pick<Account, 'health'>,
): readonly ServiceReport[] {
  const index = indexOf(observed.filter(({ owned }) => owned));
  return services.map(({ id }) => {
    const { balancers = [], groups = [] } = index.services.get(id) ?? {};
    const used = groups.filter(({ handle }) => index.used.has(handle));
    const targets = fold((used.length > 0 ? used : groups).flatMap((group) => targetsOf(group, account)));
    const addresses = balancers.flatMap((balancer) => {
      const ports = portsOf(balancer, id, index);
      return (balancer.facts.addresses ?? []).map((host) => ({ host, ports }));
    });
    const binding = balancers.length === 0 && groups.some(({ attrs }) => attrs.Foreign === true);
    const conditions = [
      { type: 'Accepted', status: true, reason: 'Accepted', message: '' },
      binding ? bound : programmed(id, balancers, index),
      healthy(targets, used.length > 0 || binding),
    ];
    return { service: id, addresses, conditions, targets };
  });
}

interface Index {
  readonly services: ReadonlyMap<ServiceId, { readonly balancers: Observed[]; readonly groups: Observed[] }>;
  /** Listeners of a load balancer, rules of a listener. */
  readonly children: ReadonlyMap<Handle, readonly Observed[]>;
  /** Target groups that get traffic, or that are others' and only filled. */
  readonly used: ReadonlySet<Handle>;
}

function indexOf(observed: readonly Observed[]): Index {
  const services = new Map<ServiceId, { balancers: Observed[]; groups: Observed[] }>();
  const fronts = frontsOf(observed);
  const children = new Map<Handle, Observed[]>();
  const used = new Set<Handle>();
  for (const object of observed) {
    const { kind, refs, sets } = object;
    const parent = kind === 'Listener' ? refs.LoadBalancerArn : refs.ListenerArn;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), object]);
    if (refs.TargetGroupArn !== undefined) used.add(refs.TargetGroupArn);
    for (const [handle, { attrs }] of sets.TargetGroups ?? []) if (attrs.Weight !== 0) used.add(handle);
    if (kind !== 'LoadBalancer' && kind !== 'TargetGroup') continue;
    if (object.id.startsWith('pointed|')) continue;
    // Who came to a load balancer that was there stands at its fronts before anybody has read it again.
    for (const id of new Set([...object.serves, ...(fronts.get(object.handle) ?? [])])) {
      const mine = services.get(id) ?? { balancers: [], groups: [] };
      services.set(id, mine);
      (kind === 'LoadBalancer' ? mine.balancers : mine.groups).push(object);
    }
  }
  return { services, children, used };
}

/** Load balancer → services at its listeners and rules. */
function frontsOf(observed: readonly Observed[]): ReadonlyMap<Handle, readonly ServiceId[]> {
  const found = new Map<Handle, ServiceId[]>();
  const listeners = new Map(observed.flatMap((one) => (one.kind === 'Listener' ? [[one.handle, one]] : [])));
  for (const { refs, serves } of observed) {
    const balancer = refs.LoadBalancerArn ?? listeners.get(refs.ListenerArn ?? '')?.refs.LoadBalancerArn;
    if (balancer === undefined) continue;
    const known = found.get(balancer);
    if (known === undefined) found.set(balancer, [...serves]);
    else known.push(...serves);
  }
  return found;
}

/** Ports where the service is served, in order. */
function portsOf({ handle }: Observed, id: ServiceId, { children }: Index): readonly number[] {
  const ports = (children.get(handle) ?? []).filter((listener) =>
    [listener, ...(children.get(listener.handle) ?? [])].some(({ serves }) => serves.includes(id)),
  );
  return ports.map(({ attrs }) => Number(attrs.Port)).sort((a, b) => a - b);
}

const bound: Condition = {
  type: 'Programmed',
  status: true,
  reason: 'Bound',
  message: 'targets are registered in a target group of somebody else',
};

function programmed(id: ServiceId, balancers: readonly Observed[], index: Index): Condition {
  const say = (status: boolean, reason: string, message: string): Condition => ({
    type: 'Programmed',
    status,
    reason,
    message,
  });
  const worst = balancers.find(({ facts }) => !serving(facts.state)) ?? balancers[0];
  if (worst === undefined) return say(false, 'NoLoadBalancer', 'the load balancer does not exist yet');
  const { attrs, facts } = worst;
  const name = `load balancer ${String(attrs.Name)}`;
  const why = facts.reason === undefined ? '' : `: ${facts.reason}`;
  if (facts.state === 'failed') return say(false, 'Failed', `${name} could not be set up${why}`);
  if (!serving(facts.state))
    return say(false, 'Provisioning', `${name} is being set up (${facts.state ?? 'just made'}), which takes minutes`);
  if (balancers.every((one) => portsOf(one, id, index).length === 0))
    return say(false, 'NoListener', `${name} has no listener for the service yet`);
  if (facts.state === 'active_impaired') return say(true, 'Impaired', `${name} serves, but cannot grow${why}`);
  return say(true, 'Programmed', '');
}

function serving(state: string | undefined): boolean {
  return state === 'active' || state === 'active_impaired';
}

function healthy(targets: readonly Target[], used: boolean): Condition {
  const ready = targets.filter(({ health }) => health === 'ready').length;
  const counted = targets.filter(({ health }) => health !== 'draining');
  const reasons = [...new Set(counted.flatMap(({ health, reason }) => (health === 'ready' ? [] : (reason ?? health))))];
  const why = reasons.length === 0 ? '' : `: ${reasons.slice(0, 3).join('; ')}`;
  const [status, reason, message] =
    counted.length === 0
      ? [false, 'NoTargets', 'no target is registered']
      : !used
        ? [false, 'NotInUse', 'no listener sends to the targets yet, so AWS does not check them']
        : ready > 0
          ? [true, 'Healthy', `${ready} of ${counted.length} targets are healthy${why}`]
          : [false, 'NoHealthyTarget', `none of ${counted.length} targets is healthy${why}`];
  return { type: 'Healthy', status, reason, message } as const;
}

function targetsOf({ handle, health = {} }: Observed, account: Pick<Account, 'health'>): readonly Target[] {
  const told = new Map<string, TargetHealth | undefined>();
  for (const { Target, TargetHealth: state } of account.health.get(groupArn(handle)) ?? [])
    if (Target?.Id !== undefined) told.set(targetKey(Target.Id, Target.Port ?? 0), state);
  return [...(health.Targets ?? [])].map(([key, state]) => {
    const { Reason, Description } = told.get(key) ?? {};
    const reason = state === 'ready' ? '' : [Reason, Description].filter(Boolean).join(': ');
    return { key, health: state, ...(reason === '' ? {} : { reason }) };
  });
}

/** Worst first: one target may stand in several groups, and drains in one that was replaced. */
const ranks: readonly string[] = ['unhealthy', 'initial', 'ready', 'draining'];

function fold(targets: readonly Target[]): readonly Target[] {
  const found = new Map<string, Target>();
  const rank = ({ health }: Target): number => ranks.indexOf(health);
  for (const target of targets) {
    const known = found.get(target.key);
    if (known === undefined || rank(target) < rank(known)) found.set(target.key, target);
  }
  return [...found.values()];
}
