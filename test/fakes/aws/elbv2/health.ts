/** The state machine of targets: unused → initial → healthy ⇄ unhealthy, and draining. */
import type { TargetHealthReasonEnum, TargetHealthStateEnum } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { World } from '../core/world.ts';
import { balancersOf } from './release.ts';
import type { Target, TargetGroup } from './state.ts';

export interface Health {
  readonly state: TargetHealthStateEnum;
  readonly reason: TargetHealthReasonEnum | undefined;
  readonly description: string | undefined;
}

/** Lets go of targets whose deregistration delay has passed. */
export function settleTargets(world: World, group: TargetGroup): void {
  const now = world.clock.now();
  for (const [key, target] of group.targets)
    if (target.drainedMs !== undefined && target.drainedMs <= now) group.targets.delete(key);
}

export function healthOf(world: World, group: TargetGroup, target: Target): Health {
  if (target.drainedMs !== undefined) {
    return say('draining', 'Target.DeregistrationInProgress', 'Target deregistration is in progress');
  }
  if (group.users.size === 0) {
    return say('unused', 'Target.NotInUse', 'Target group is not configured to receive traffic from the load balancer');
  }
  if (!zoneServed(group, target)) {
    return say(
      'unused',
      'Target.NotInUse',
      'Target is in an Availability Zone that is not enabled for the load balancer',
    );
  }
  const instance = group.TargetType === 'instance' ? world.ec2.instances.truly(target.id) : undefined;
  if (instance !== undefined && instance.state !== 'running') {
    return say('unused', 'Target.InvalidState', 'Target is in the stopped state');
  }
  if (!group.check.HealthCheckEnabled)
    return say('unavailable', 'Target.HealthCheckDisabled', 'Health checks are not enabled for this target');
  if (target.rising !== undefined && !target.rising.done(world.clock.now())) {
    return say('initial', 'Elb.RegistrationInProgress', 'Target registration is in progress');
  }
  const sick = world.elb.sick.get(`${target.id}:${target.port ?? ''}`) ?? world.elb.sick.get(target.id);
  if (sick !== undefined) return say('unhealthy', 'Target.FailedHealthChecks', sick);
  return { state: 'healthy', reason: undefined, description: undefined };
}

/** ALBs send over zones, NLBs too once told; a target in no zone of the load balancer is not used. */
function zoneServed(group: TargetGroup, target: Target): boolean {
  if (target.zone === undefined || target.zone === 'all') return true;
  for (const balancer of balancersOf(group))
    if (balancer.zones.some(({ ZoneName }) => ZoneName === target.zone)) return true;
  return false;
}

/** The zone that AWS finds for a target by itself. */
export function zoneOf(world: World, group: TargetGroup, id: string): string | undefined {
  if (group.TargetType === 'instance') {
    return world.ec2.subnets.truly(world.ec2.instances.truly(id)?.SubnetId ?? '')?.AvailabilityZone;
  }
  if (group.TargetType !== 'ip' || group.VpcId === undefined) return undefined;
  return world.ec2.subnetOf(group.VpcId, id)?.AvailabilityZone;
}

function say(state: TargetHealthStateEnum, reason: TargetHealthReasonEnum, description: string): Health {
  return { state, reason, description };
}
