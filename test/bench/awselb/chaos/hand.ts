import { revokeIngress } from '../../../fakes/aws/ec2/security-groups.ts';
import { deleteListener, modifyListener } from '../../../fakes/aws/elbv2/listeners.ts';
import { deleteLoadBalancer } from '../../../fakes/aws/elbv2/load-balancers.ts';
import { deleteRule, setRulePriorities } from '../../../fakes/aws/elbv2/rules.ts';
import { deregisterTargets, registerTargets } from '../../../fakes/aws/elbv2/targets.ts';
import type { FakeAws } from '../../../fakes/aws/index.ts';
import type { Random } from '../../../property/random.ts';

const cluster = 'elbv2.k8s.aws/cluster';
const ours = <T extends { readonly tags: ReadonlyMap<string, string> }>(things: Iterable<T>): readonly T[] =>
  [...things].filter(({ tags }) => tags.get(cluster) === 'test');

/** Somebody who changes our objects in the console, straight in the state: no call of his is weir's, none is throttled. */
export function interfere({ world }: FakeAws, random: Random): string {
  const pick = <T>(list: readonly T[]): T | undefined => (list.length === 0 ? undefined : random.pick(list));
  const balancer = pick(ours(world.elb.loadBalancers.all()));
  const listener = pick([...(balancer?.listeners ?? [])]);
  const group = pick(ours(world.elb.targetGroups.all()));
  const target = pick([...(group?.targets.values() ?? [])]);
  const deeds: Record<string, () => void> = {
    'takes a target out': () => {
      if (group === undefined || target === undefined) return;
      const asked = { Id: target.id, Port: target.port, AvailabilityZone: undefined, QuicServerId: undefined };
      deregisterTargets(world, { TargetGroupArn: group.arn, Targets: [asked] });
    },
    'puts a target in': () => {
      if (group === undefined) return;
      const asked = { Id: '10.0.140.77', Port: 8080, AvailabilityZone: undefined, QuicServerId: undefined };
      registerTargets(world, { TargetGroupArn: group.arn, Targets: [asked] });
    },
    'deletes a listener': () => {
      if (listener !== undefined) deleteListener(world, { ListenerArn: listener.arn });
    },
    'deletes a rule': () => {
      const rule = pick([...(listener?.rules ?? [])]);
      if (rule !== undefined) deleteRule(world, { RuleArn: rule.arn });
    },
    'turns rules around': () => {
      const [a, b] = random.shuffle([...(listener?.rules ?? [])]);
      if (a?.priority === undefined || b?.priority === undefined) return;
      const RulePriorities = [
        { RuleArn: a.arn, Priority: b.priority },
        { RuleArn: b.arn, Priority: a.priority },
      ];
      setRulePriorities(world, { RulePriorities });
    },
    'changes an action': () => {
      if (listener === undefined || balancer?.type !== 'application') return;
      const FixedResponseConfig = { StatusCode: '503', ContentType: undefined, MessageBody: undefined };
      const DefaultActions = [{ Type: 'fixed-response' as const, FixedResponseConfig }];
      modifyListener(world, { ListenerArn: listener.arn, DefaultActions: Object(DefaultActions) } as Parameters<
        typeof modifyListener
      >[1]);
    },
    'deletes a load balancer': () => {
      if (balancer !== undefined && random.chance(0.3)) deleteLoadBalancer(world, { LoadBalancerArn: balancer.arn });
    },
    'changes an attribute': () => {
      group?.attributes.set('deregistration_delay.timeout_seconds', '7');
      balancer?.attributes.set('load_balancing.cross_zone.enabled', 'true');
    },
    'writes a tag': () => {
      balancer?.tags.set('team', 'nobody');
    },
    'closes a security group': () => {
      const own = pick(ours(world.ec2.securityGroups.all()));
      const rule = pick([...(own?.rules.values() ?? [])].filter(({ IsEgress }) => !IsEgress));
      if (own === undefined || rule === undefined) return;
      revokeIngress(world, { GroupId: own.GroupId, SecurityGroupRuleIds: [rule.SecurityGroupRuleId] } as Parameters<
        typeof revokeIngress
      >[1]);
    },
  };
  const deed = random.pick(Object.keys(deeds));
  deeds[deed]?.();
  return deed;
}
