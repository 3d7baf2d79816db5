import { type Step, WeirError } from '../../src/model/index.ts';
import { apiCode } from './api-error.ts';
import type { Drive } from './drive.ts';

/** Answers of ModifyCapacityReservation for a load balancer that is still being set up. */
const tooEarly = new Set(['InvalidConfigurationRequest', 'OperationNotPermitted', 'PriorRequestNotComplete']);

function isActive({ handle }: Step, { known }: Drive): boolean {
  return typeof handle === 'string' && known.find('LoadBalancer', handle)?.facts.state === 'active';
}

/** What something holds up for now, a deletion above all, as an error that names it; every other error as it is. */
export async function tellBlockers(error: unknown, step: Step, drive: Drive, signal: AbortSignal): Promise<unknown> {
  const code = apiCode(error);
  if (step.attrs?.MinimumLoadBalancerCapacity !== undefined && tooEarly.has(code) && !isActive(step, drive))
    return new WeirError('E_APPLY', 'capacity is reserved as soon as the load balancer is set up', { cause: error });
  if (step.op !== 'delete' || typeof step.handle !== 'string') return error;
  if (step.kind === 'SecurityGroup' && code === 'DependencyViolation') {
    // Who it is is a service to the reader: that it cannot be asked is no other error.
    const users = await usersOfGroup(step.handle, drive, signal).catch(() => []);
    const by = users.length === 0 ? 'something that AWS does not name' : users.join(', ');
    return waiting(`security group ${step.handle} is still used by ${by}`, error);
  }
  if (step.kind === 'TargetGroup' && code === 'ResourceInUse') {
    const { handle } = step;
    const users = drive.known
      .all()
      .filter(({ refs, sets }) => refs.TargetGroupArn === handle || sets.TargetGroups?.has(handle) === true)
      .map((one) => `${one.kind} ${one.handle}`);
    const by = users.length === 0 ? 'a listener or rule that is not ours, or not gone yet' : users.join(', ');
    return waiting(`target group ${handle} is still used by ${by}`, error);
  }
  return error;
}

function waiting(message: string, cause: unknown): WeirError {
  return new WeirError('E_APPLY', `${message}; it is deleted as soon as that is gone`, { cause });
}

/** Network interfaces that carry the group (those of a deleted load balancer stay for minutes), and groups that let it in. */
async function usersOfGroup(group: string, { clients }: Drive, abortSignal: AbortSignal): Promise<readonly string[]> {
  const [sdk, ec2] = await Promise.all([import('@aws-sdk/client-ec2'), clients.ec2()]);
  const [{ NetworkInterfaces = [] }, { SecurityGroups = [] }] = await Promise.all([
    ec2.send(new sdk.DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'group-id', Values: [group] }] }), {
      abortSignal,
    }),
    ec2.send(
      new sdk.DescribeSecurityGroupsCommand({ Filters: [{ Name: 'ip-permission.group-id', Values: [group] }] }),
      { abortSignal },
    ),
  ]);
  return [
    ...NetworkInterfaces.slice(0, 5).map(
      ({ NetworkInterfaceId = '?', Description = '' }) =>
        `network interface ${NetworkInterfaceId}${Description === '' ? '' : ` (${Description})`}`,
    ),
    ...SecurityGroups.filter(({ GroupId }) => GroupId !== group).map(
      ({ GroupId = '?' }) => `a rule of security group ${GroupId}`,
    ),
  ];
}
