import type { IpPermission, SecurityGroup, SecurityGroupRule } from '@aws-sdk/client-ec2';
import type { Attrs, Member, Observed } from '../../src/model/index.ts';
import { type HeldThings, heldAttr } from './held-things.ts';
import {
  backendGroup,
  backendRuleDescription,
  cidrRuleId,
  clusterTag,
  securityGroupId,
  securityGroupResource,
} from './names.ts';
import { foreignUnit, given, seen, tagSet, type View } from './see-parts.ts';

/** `stays`: groups by which load balancers that stay reach their targets. */
export function seeSecurityGroup(group: SecurityGroup, view: View, stays: HeldThings): Observed | undefined {
  const { GroupId: handle, GroupName, Description, VpcId } = group;
  if (handle === undefined || GroupName === undefined) return undefined;
  const { account, owners } = view;
  const tags = account.tags.get(handle) ?? {};
  const attrs = given({ GroupName, Description, VpcId });
  const owner = owners.of(handle, tags);
  const shared = owners.isBackendGroup(tags) && view.ownsShared;
  const number = [0, 1, 2, 3].find((one) => securityGroupResource(one) === owner?.resource);
  if (!shared && (owner === undefined || number === undefined)) {
    const unit = foreignUnit(handle, view);
    const rest = { serves: [], refs: {}, sets: {}, owned: false, facts: {} };
    return seen({ kind: 'SecurityGroup', id: handle, unit, handle, attrs, ...rest });
  }
  return seen({
    kind: 'SecurityGroup',
    id: owner === undefined || number === undefined ? backendGroup : securityGroupId(owner.lb, number),
    unit: owner?.unit ?? owners.sharedUnit,
    handle,
    owned: true,
    serves: owner === undefined ? [] : owners.servicesOf({ ...owner, resource: undefined }),
    attrs: { ...attrs, ...heldAttr(view.held(handle) ?? (shared ? stays(handle) : undefined)) },
    refs: {},
    sets: { IpPermissions: permissions(group.IpPermissions ?? []), Tags: tagSet(tags) },
    facts: {},
  });
}

/** Natural key → rule, one for each source. */
function permissions(list: readonly IpPermission[]): ReadonlyMap<string, Member> {
  const found = new Map<string, Member>();
  for (const { IpProtocol = '-1', FromPort = -1, ToPort = -1, ...sources } of list) {
    const add = (source: Attrs, Description: string | undefined): void => {
      const attrs = { IpProtocol, FromPort, ToPort, ...source };
      const described = Description === undefined || Description === '' ? {} : { Description };
      found.set(Object.values(attrs).join('|'), { attrs: { ...attrs, ...described } });
    };
    for (const { CidrIp = '', Description } of sources.IpRanges ?? []) add({ CidrIp }, Description);
    for (const { CidrIpv6 = '', Description } of sources.Ipv6Ranges ?? []) add({ CidrIpv6 }, Description);
    for (const { PrefixListId = '', Description } of sources.PrefixListIds ?? []) add({ PrefixListId }, Description);
    for (const { GroupId = '', Description } of sources.UserIdGroupPairs ?? []) add({ GroupId }, Description);
  }
  return found;
}

/** Groups of nodes and pods with rules that let a back-end group in, or addresses, as far as their descriptions tell. */
export function openGroups(groups: Iterable<SecurityGroup>, source: string | undefined): readonly string[] {
  return [...groups].flatMap(({ GroupId, IpPermissions = [] }) =>
    GroupId !== undefined &&
    IpPermissions.some(
      ({ UserIdGroupPairs = [], IpRanges = [], Ipv6Ranges = [] }) =>
        UserIdGroupPairs.some((pair) => pair.GroupId === source && pair.Description === backendRuleDescription) ||
        [...IpRanges, ...Ipv6Ranges].some(({ Description }) => Description === backendRuleDescription),
    )
      ? [GroupId]
      : [],
  );
}

/** What a group says of one of its rules: imitations of AWS describe rules between groups there and nowhere else. */
export function descriptionIn(group: SecurityGroup | undefined, rule: SecurityGroupRule): string | undefined {
  return group?.IpPermissions?.filter(
    ({ IpProtocol, FromPort, ToPort }) =>
      IpProtocol === rule.IpProtocol && FromPort === rule.FromPort && ToPort === rule.ToPort,
  )
    .flatMap(({ UserIdGroupPairs = [] }) => UserIdGroupPairs)
    .find(({ GroupId }) => GroupId === rule.ReferencedGroupInfo?.GroupId)?.Description;
}

/** Undefined: not one that lets the back-end group in, or addresses for us. */
export function seeSecurityGroupRule(rule: SecurityGroupRule, view: View, stays: HeldThings): Observed | undefined {
  const range = rule.CidrIpv4 ?? rule.CidrIpv6;
  return range === undefined ? seeGroupRule(rule, view, stays) : seeRangeRule(rule, range, view);
}

/** Its tag says of which cluster it is; one of aws-load-balancer-controller has none, and is of the cluster of its group. */
function seeRangeRule(
  rule: SecurityGroupRule,
  Cidr: string,
  { account, owners, ownsShared }: View,
): Observed | undefined {
  const { SecurityGroupRuleId: handle, GroupId = '', IpProtocol = '', FromPort = -1, ToPort = -1, Description } = rule;
  const { cluster } = owners.input;
  const said = rule.Tags?.find(({ Key }) => Key === clusterTag)?.Value;
  const ours =
    said === undefined
      ? account.tags.get(GroupId)?.[`kubernetes.io/cluster/${cluster}`] !== undefined
      : said === cluster;
  if (handle === undefined || !ours || !ownsShared) return undefined;
  if (rule.IsEgress === true || Description !== backendRuleDescription) return undefined;
  const attrs = { GroupId, IpProtocol, FromPort, ToPort, Cidr };
  const rest = { serves: [], refs: {}, sets: {}, owned: true, facts: {} };
  return seen({
    kind: 'SecurityGroupRule',
    id: cidrRuleId(attrs),
    unit: owners.sharedUnit,
    handle,
    attrs: { ...attrs, Description },
    ...rest,
  });
}

function seeGroupRule(rule: SecurityGroupRule, view: View, stays: HeldThings): Observed | undefined {
  const { SecurityGroupRuleId: handle, GroupId = '', IpProtocol = '', IsEgress } = rule;
  const Description = rule.Description ?? descriptionIn(view.account.securityGroups.get(GroupId), rule);
  const source = rule.ReferencedGroupInfo?.GroupId;
  const named = view.owners.input.options.backendSecurityGroup;
  const ours = source !== undefined && (source === view.backendGroup || source === named);
  if (handle === undefined || !ours || IsEgress === true || Description !== backendRuleDescription) return undefined;
  if (!view.ownsShared) return undefined;
  const managed = source === view.backendGroup;
  return seen({
    kind: 'SecurityGroupRule',
    id: `${GroupId}|${IpProtocol}|${backendGroup}`,
    unit: view.owners.sharedUnit,
    handle,
    owned: true,
    serves: [],
    attrs: {
      ...given({
        GroupId,
        IpProtocol,
        FromPort: rule.FromPort,
        ToPort: rule.ToPort,
        Description,
        SourceGroupId: managed ? undefined : source,
      }),
      // Where the group is ours, too, that it is held is enough.
      ...(managed ? {} : heldAttr(stays(source))),
    },
    refs: managed ? { Source: source } : {},
    sets: {},
    facts: {},
  });
}
