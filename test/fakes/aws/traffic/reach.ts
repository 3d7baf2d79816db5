/** Where a new connection or request would go at this moment. */
import type { World } from '../core/world.ts';
import { inRange } from '../ec2/state.ts';
import { sharesOf } from '../elbv2/forward.ts';
import { healthOf, settleTargets } from '../elbv2/health.ts';
import { stateOf } from '../elbv2/load-balancers.ts';
import type { Listener, LoadBalancer, Rule, Target } from '../elbv2/state.ts';
import { matchRule, type ProbeRequest } from './match.ts';

export interface Probe extends ProbeRequest {
  /** Name or ARN. */
  readonly loadBalancer: string;
  readonly port: number;
  /** For ports of network load balancers; tcp by default. */
  readonly transport?: 'tcp' | 'udp';
}

export interface ReachedGroup {
  readonly arn: string;
  readonly name: string;
  readonly weight: number;
  /** Healthy ones: `id:port`. */
  readonly targets: readonly string[];
}

export type Reach =
  /** No load balancer, not active, nobody listens, or its security groups let nobody in. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'redirect' | 'fixed-response'; readonly rule: string }
  /** `lost`: the share of traffic (0 … 1) that meets a group without a healthy target. */
  | {
      readonly kind: 'forward';
      readonly rule: string;
      readonly groups: readonly ReachedGroup[];
      readonly lost: number;
    };

export function reach(world: World, probe: Probe): Reach {
  const balancer =
    world.elb.loadBalancerNames.get(probe.loadBalancer) ?? world.elb.loadBalancers.truly(probe.loadBalancer);
  if (balancer === undefined) return { kind: 'refused', why: `there is no load balancer '${probe.loadBalancer}'` };
  if (stateOf(world, balancer) !== 'active')
    return { kind: 'refused', why: `'${balancer.name}' is ${stateOf(world, balancer)}` };
  const listener = [...balancer.listeners].find(
    (each) => each.Port === probe.port && speaks(each, probe.transport ?? 'tcp'),
  );
  if (listener === undefined)
    return { kind: 'refused', why: `nobody listens on port ${probe.port} of '${balancer.name}'` };
  if (probe.sourceIp !== undefined && !letsIn(world, balancer, probe, probe.sourceIp)) {
    return { kind: 'refused', why: `no security group of '${balancer.name}' lets ${probe.sourceIp} in` };
  }
  return reachRule(world, balancer.type === 'application' ? matchRule(listener, probe) : listener.defaultRule);
}

/** What a rule does with a request that meets it. */
export function reachRule(world: World, rule: Rule): Reach {
  const last = rule.actions.at(-1);
  if (last?.Type === 'redirect' || last?.Type === 'fixed-response') return { kind: last.Type, rule: rule.arn };
  const shares = sharesOf(rule.actions).filter(({ weight }) => weight > 0);
  const groups = shares.map(({ arn, weight }): ReachedGroup => {
    const group = world.elb.targetGroups.truly(arn);
    if (group === undefined) return { arn, name: '', weight, targets: [] };
    settleTargets(world, group);
    const healthy = [...group.targets.values()].filter((target) => healthOf(world, group, target).state === 'healthy');
    return { arn, name: group.name, weight, targets: healthy.map(nameOf) };
  });
  const all = groups.reduce((sum, { weight }) => sum + weight, 0);
  const empty = groups.reduce((sum, { weight, targets }) => sum + (targets.length === 0 ? weight : 0), 0);
  return { kind: 'forward', rule: rule.arn, groups, lost: all === 0 ? 1 : empty / all };
}

function nameOf({ id, port }: Target): string {
  if (port === undefined) return id;
  return id.includes(':') && !id.startsWith('arn:') ? `[${id}]:${port}` : `${id}:${port}`;
}

const udp = ['UDP', 'TCP_UDP', 'QUIC', 'TCP_QUIC'];
const onlyUdp = ['UDP', 'QUIC'];

function speaks({ Protocol }: Listener, transport: 'tcp' | 'udp'): boolean {
  return transport === 'udp' ? udp.includes(Protocol) : !onlyUdp.includes(Protocol);
}

/** Whether a security group of the load balancer lets that address in; one without groups lets everybody in. */
function letsIn(world: World, balancer: LoadBalancer, probe: Probe, sourceIp: string): boolean {
  if (balancer.securityGroups.length === 0) return true;
  return balancer.securityGroups.some((id) =>
    [...(world.ec2.securityGroups.truly(id)?.rules.values() ?? [])].some((rule) => {
      if (rule.IsEgress || !['-1', probe.transport ?? 'tcp'].includes(rule.IpProtocol)) return false;
      if (rule.IpProtocol !== '-1' && (probe.port < rule.FromPort || probe.port > rule.ToPort)) return false;
      const listed =
        rule.PrefixListId === undefined ? [] : (world.ec2.prefixLists.truly(rule.PrefixListId)?.entries ?? []);
      const ranges = [rule.CidrIpv4, rule.CidrIpv6, ...listed].filter((range) => range !== undefined);
      return ranges.some((range) => inRange(sourceIp, range));
    }),
  );
}
