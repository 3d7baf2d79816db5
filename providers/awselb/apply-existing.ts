/**
 * What a create finds in its place: our own object, whose create was answered to nobody, or somebody else's. Ownership tags decide;
 * listeners and rules of our load balancers are ours by their place.
 */
import { type Attrs, type Handle, type Step, sameJson, WeirError } from '../../src/model/index.ts';
import { apiCode } from './api-error.ts';
import { handleOf, listOf, tagsOf } from './apply-codec.ts';
import { canonicalConditions } from './conditions.ts';
import type { Drive } from './drive.ts';
import { descriptionIn } from './see-security-group.ts';

const taken =
  /^(DuplicateLoadBalancerName|DuplicateTargetGroupName|DuplicateListener|PriorityInUse|InvalidGroup\.Duplicate|InvalidPermission\.Duplicate)$/;

/** Whether a create was refused because something stands in its place. */
export function isTaken(error: unknown): boolean {
  return taken.test(apiCode(error));
}

/** Handle of our own object in the place of this create. Throws E_HELD, which names who stands there instead. */
export async function findExisting(step: Step, drive: Drive, signal: AbortSignal): Promise<Handle> {
  const look = looks[step.kind];
  if (look === undefined) throw new WeirError('E_BUG', `${step.kind} has no place to be taken`);
  return await look(step, drive, signal);
}

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

type Look = (step: Step, drive: Drive, signal: AbortSignal) => Promise<Handle>;

const looks: Readonly<Record<string, Look>> = {
  async LoadBalancer({ attrs = {}, sets }, drive, abortSignal) {
    const [sdk, elb] = await elbOf(drive);
    const Name = String(attrs.Name);
    const { LoadBalancers } = await elb.send(new sdk.DescribeLoadBalancersCommand({ Names: [Name] }), { abortSignal });
    return await own(LoadBalancers?.[0]?.LoadBalancerArn, `the load balancer name ${Name}`, tagsOf(sets?.Tags), drive);
  },
  async TargetGroup({ attrs = {}, sets }, drive, abortSignal) {
    const [sdk, elb] = await elbOf(drive);
    const Name = String(attrs.Name);
    const { TargetGroups } = await elb.send(new sdk.DescribeTargetGroupsCommand({ Names: [Name] }), { abortSignal });
    return await own(TargetGroups?.[0]?.TargetGroupArn, `the target group name ${Name}`, tagsOf(sets?.Tags), drive);
  },
  async Listener({ attrs = {}, refs }, drive, abortSignal) {
    const [sdk, elb] = await elbOf(drive);
    const LoadBalancerArn = handleOf(refs?.LoadBalancerArn, 'the load balancer of a listener');
    const { Listeners } = await elb.send(new sdk.DescribeListenersCommand({ LoadBalancerArn, PageSize: 400 }), {
      abortSignal,
    });
    const found = Listeners?.find(({ Port }) => Port === attrs.Port)?.ListenerArn;
    return found ?? gone(`port ${String(attrs.Port)}`);
  },
  async Rule({ attrs = {}, refs }, drive, abortSignal) {
    const [sdk, elb] = await elbOf(drive);
    const ListenerArn = handleOf(refs?.ListenerArn, 'the listener of a rule');
    const { Rules } = await elb.send(new sdk.DescribeRulesCommand({ ListenerArn, PageSize: 400 }), { abortSignal });
    const there = Rules?.find(({ Priority }) => Priority === String(attrs.Priority));
    if (there?.RuleArn === undefined) return gone(`priority ${String(attrs.Priority)}`);
    const conditions = listOf<Attrs>(JSON.parse(JSON.stringify(there.Conditions ?? [])));
    if (sameJson([...canonicalConditions(conditions)], attrs.Conditions ?? [])) return there.RuleArn;
    throw new WeirError('E_APPLY', `priority ${String(attrs.Priority)} is held by ${there.RuleArn} in the meantime`);
  },
  async SecurityGroup({ attrs = {}, sets }, drive, abortSignal) {
    const [sdk, ec2] = await Promise.all([import('@aws-sdk/client-ec2'), drive.clients.ec2()]);
    const Filters = [
      { Name: 'group-name', Values: [String(attrs.GroupName)] },
      { Name: 'vpc-id', Values: [String(attrs.VpcId)] },
    ];
    const { SecurityGroups } = await ec2.send(new sdk.DescribeSecurityGroupsCommand({ Filters }), { abortSignal });
    const [group] = SecurityGroups ?? [];
    const what = `the security group name ${String(attrs.GroupName)}`;
    if (group?.GroupId === undefined) return gone(what);
    return prove(group.GroupId, what, tagsOf(sets?.Tags), group.Tags ?? []);
  },
  async SecurityGroupRule({ attrs = {}, refs }, drive, abortSignal) {
    const [sdk, ec2] = await Promise.all([import('@aws-sdk/client-ec2'), drive.clients.ec2()]);
    const Filters = [{ Name: 'group-id', Values: [String(attrs.GroupId)] }];
    const { SecurityGroupRules } = await ec2.send(new sdk.DescribeSecurityGroupRulesCommand({ Filters }), {
      abortSignal,
    });
    const source = refs?.Source ?? attrs.SourceGroupId ?? attrs.Cidr;
    const found = SecurityGroupRules?.find(
      ({ IsEgress, IpProtocol, FromPort, ToPort, ReferencedGroupInfo, CidrIpv4, CidrIpv6 }) =>
        IsEgress !== true &&
        IpProtocol === attrs.IpProtocol &&
        FromPort === attrs.FromPort &&
        ToPort === attrs.ToPort &&
        (ReferencedGroupInfo?.GroupId ?? CidrIpv4 ?? CidrIpv6) === source,
    );
    const what = `the rule ${String(attrs.IpProtocol)} ${String(attrs.FromPort)}-${String(attrs.ToPort)} of ${String(attrs.GroupId)}`;
    if (found?.SecurityGroupRuleId === undefined) return gone(what);
    const described = async (): Promise<string | undefined> => {
      const wish = new sdk.DescribeSecurityGroupsCommand({ GroupIds: [String(attrs.GroupId)] });
      const { SecurityGroups } = await ec2.send(wish, { abortSignal });
      return descriptionIn(SecurityGroups?.[0], found);
    };
    if ((found.Description ?? (await described())) === attrs.Description) return found.SecurityGroupRuleId;
    throw held(what, found.SecurityGroupRuleId);
  },
};

function elbOf({ clients }: Drive) {
  return Promise.all([import('@aws-sdk/client-elastic-load-balancing-v2'), clients.elb()]);
}

async function own(arn: Handle | undefined, what: string, wanted: readonly Tag[], drive: Drive): Promise<Handle> {
  if (arn === undefined) return gone(what);
  const [sdk, elb] = await elbOf(drive);
  const { TagDescriptions } = await elb.send(new sdk.DescribeTagsCommand({ ResourceArns: [arn] }));
  return prove(arn, what, wanted, TagDescriptions?.[0]?.Tags ?? []);
}

function prove(handle: Handle, what: string, wanted: readonly Tag[], found: readonly Tag[]): Handle {
  const proofs = wanted.filter(({ Key }) => /^(elbv2|service|ingress)\.k8s\.aws\//.test(Key ?? ''));
  const ours = proofs.every(({ Key, Value }) => found.some((tag) => tag.Key === Key && tag.Value === Value));
  if (ours && proofs.length > 0) return handle;
  throw held(what, handle);
}

function held(what: string, by: Handle): WeirError {
  return new WeirError('E_HELD', `${what} is taken by ${by}, which is not ours`);
}

/** Refused because of something that is no longer there. */
function gone(what: string): never {
  throw new WeirError('E_APPLY', `${what} was taken a moment ago and is free now`);
}
