import type { Handle, ServiceId, Unit } from '../../src/model/index.ts';
import { bindingUnit, holdersOf, isBinding, isBindingUnit } from './holders.ts';
import { bindingGroupId, boundGroupId, loadBalancerId, unitName } from './names.ts';
import { type Owners, settingsOf, stackOfService } from './owners.ts';
import type { Registered } from './registered.ts';

/** A target group of others that our targets are in. */
export interface FilledGroup {
  readonly id: string;
  readonly handle: Handle;
  readonly unit: Unit;
  readonly serves: readonly ServiceId[];
  /** Nobody fills it any more: only these targets are still ours. Absent: all that are there. */
  readonly ours?: ReadonlySet<string>;
}

/** By ARN: what services fill now, and what was filled for a service that fills it no more. Pure. */
export function filledGroups(
  owners: Owners,
  registered: ReturnType<Registered['all']>,
): ReadonlyMap<Handle, FilledGroup> {
  const { services, environment, balancer, options } = owners.input;
  const filled = new Map<Handle, FilledGroup>();
  for (const [arn, service] of holdersOf(services, settingsOf, environment)) {
    const binds = isBinding(service);
    const unit = binds
      ? bindingUnit(balancer, service)
      : unitName(balancer, loadBalancerId(stackOfService(service, options)));
    const id = binds ? bindingGroupId(arn) : boundGroupId(arn);
    filled.set(arn, { id, handle: binds ? id : arn, unit, serves: [service.id] });
  }
  for (const [arn, { unit, serves, targets }] of registered) {
    if (filled.has(arn)) continue;
    // A listener of ours may still send to what stood behind it: that is let go after the listener has turned.
    const behind = !isBindingUnit(balancer, unit) && !owners.foreign.has(arn);
    const id = behind ? boundGroupId(arn) : bindingGroupId(arn);
    filled.set(arn, { id, handle: behind ? arn : id, unit, serves, ours: targets });
  }
  return filled;
}
