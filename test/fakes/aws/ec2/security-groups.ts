import type * as api from '@aws-sdk/client-ec2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import { ask, listTags, tagsFor } from './describe.ts';
import { expandPermissions, packPermissions, ruleKey } from './permissions.ts';
import type { GroupRule, SecurityGroup } from './state.ts';

/** Rules of one direction that a group may hold (default quota). */
const rulesPerGroup = 60;

/** Every VPC has one, and it cannot be deleted. */
export function makeDefaultGroup(world: World, VpcId: string): SecurityGroup {
  return makeGroup(world, { VpcId, GroupName: 'default', Description: 'default VPC security group', tags: new Map() });
}

function makeGroup(
  world: World,
  of: Pick<SecurityGroup, 'VpcId' | 'GroupName' | 'Description' | 'tags'>,
): SecurityGroup {
  const GroupId = world.ec2.ids.ec2('sg');
  const group: SecurityGroup = { ...of, GroupId, rules: new Map() };
  addRules(
    world,
    group,
    [{ GroupId, IsEgress: true, IpProtocol: '-1', FromPort: -1, ToPort: -1, CidrIpv4: '0.0.0.0/0' }],
    new Map(),
  );
  return world.ec2.securityGroups.add(GroupId, group);
}

function addRules(
  world: World,
  group: SecurityGroup,
  rules: readonly Omit<GroupRule, 'SecurityGroupRuleId' | 'tags'>[],
  tags: ReadonlyMap<string, string>,
): GroupRule[] {
  return rules.map((rule) => {
    const SecurityGroupRuleId = world.ec2.ids.ec2('sgr');
    const made = { ...rule, SecurityGroupRuleId, tags: new Map(tags) };
    group.rules.set(SecurityGroupRuleId, made);
    return made;
  });
}

export function createSecurityGroup(world: World, input: Given<api.CreateSecurityGroupRequest>) {
  const { GroupName, Description, VpcId } = input;
  if (VpcId === undefined || world.ec2.vpcs.get(VpcId) === undefined)
    refuse('InvalidVpcID.NotFound', `The vpc ID '${VpcId}' does not exist`);
  if (GroupName.length > 255 || GroupName.startsWith('sg-'))
    refuse('InvalidParameterValue', `Invalid value '${GroupName}' for groupName.`);
  if (Description.length > 255 || !/^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]*$/.test(Description)) {
    refuse('InvalidParameterValue', `Value (${Description}) for parameter GroupDescription is invalid.`);
  }
  for (const group of world.ec2.securityGroups.all()) {
    if (group.VpcId === VpcId && group.GroupName === GroupName)
      refuse('InvalidGroup.Duplicate', `The security group '${GroupName}' already exists for VPC '${VpcId}'`);
  }
  const group = makeGroup(world, {
    VpcId,
    GroupName,
    Description,
    tags: tagsFor('security-group', input.TagSpecifications),
  });
  return {
    GroupId: group.GroupId,
    Tags: listTags(group),
    SecurityGroupArn: world.arn('ec2', `security-group/${group.GroupId}`),
  };
}

export function deleteSecurityGroup(world: World, input: Given<api.DeleteSecurityGroupRequest>) {
  const group = findGroup(world, input.GroupId);
  if (group.GroupName === 'default')
    refuse('CannotDelete', `the specified group: "${group.GroupId}" name: "default" cannot be deleted by a user`);
  const used = [...world.ec2.interfaces.all()].some(({ groups }) => groups.includes(group.GroupId));
  const named = [...world.ec2.securityGroups.all()].some(
    (other) =>
      other !== group && [...other.rules.values()].some(({ ReferencedGroupId }) => ReferencedGroupId === group.GroupId),
  );
  if (used || named) refuse('DependencyViolation', `resource ${group.GroupId} has a dependent object`);
  world.ec2.securityGroups.delete(group.GroupId);
  return { Return: true, GroupId: group.GroupId };
}

export function describeSecurityGroups(world: World, input: Given<api.DescribeSecurityGroupsRequest>) {
  const { items, next } = ask(world.ec2.securityGroups, input, {
    ids: input.GroupIds,
    idOf: ({ GroupId }) => GroupId,
    notFound: 'InvalidGroup.NotFound',
    filters: {
      'group-id': ({ GroupId }) => GroupId,
      'group-name': ({ GroupName }) => GroupName,
      'vpc-id': ({ VpcId }) => VpcId,
      description: ({ Description }) => Description,
      'ip-permission.group-id': ({ rules }) =>
        [...rules.values()].flatMap(({ IsEgress, ReferencedGroupId }) =>
          IsEgress || ReferencedGroupId === undefined ? [] : [ReferencedGroupId],
        ),
    },
  });
  return {
    SecurityGroups: items.map((group) => ({
      GroupId: group.GroupId,
      GroupName: group.GroupName,
      Description: group.Description,
      VpcId: group.VpcId,
      OwnerId: world.accountId,
      SecurityGroupArn: world.arn('ec2', `security-group/${group.GroupId}`),
      IpPermissions: packPermissions(world, group, false),
      IpPermissionsEgress: packPermissions(world, group, true),
      Tags: listTags(group),
    })),
    NextToken: next,
  };
}

type Authorize = Given<api.AuthorizeSecurityGroupIngressRequest> | Given<api.AuthorizeSecurityGroupEgressRequest>;

function authorize(world: World, input: Authorize, IsEgress: boolean) {
  const group = findGroup(world, input.GroupId);
  const wanted = expandPermissions(world, group, input.IpPermissions, IsEgress);
  const present = [...group.rules.values()].filter((rule) => rule.IsEgress === IsEgress);
  const keys = new Set(present.map(ruleKey));
  for (const rule of wanted) {
    const key = ruleKey(rule);
    if (keys.has(key)) refuse('InvalidPermission.Duplicate', `the specified rule "peer: ${key}" already exists`);
    keys.add(key);
  }
  if (keys.size > rulesPerGroup)
    refuse('RulesPerSecurityGroupLimitExceeded', 'The maximum number of rules per security group has been reached.');
  const added = addRules(world, group, wanted, tagsFor('security-group-rule', input.TagSpecifications));
  return { Return: true, SecurityGroupRules: added.map((rule) => describeRule(world, rule)) };
}

export function authorizeIngress(world: World, input: Given<api.AuthorizeSecurityGroupIngressRequest>) {
  return authorize(world, input, false);
}

export function authorizeEgress(world: World, input: Given<api.AuthorizeSecurityGroupEgressRequest>) {
  return authorize(world, input, true);
}

type Revoke = Given<api.RevokeSecurityGroupIngressRequest> | Given<api.RevokeSecurityGroupEgressRequest>;

function revoke(world: World, input: Revoke, IsEgress: boolean) {
  const group = findGroup(world, input.GroupId);
  const rules = [...group.rules.values()].filter((rule) => rule.IsEgress === IsEgress);
  const byId = (input.SecurityGroupRuleIds ?? []).map(
    (id) =>
      rules.find((rule) => rule.SecurityGroupRuleId === id) ??
      refuse('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${id}' does not exist`),
  );
  const byContent =
    input.IpPermissions === undefined ? [] : expandPermissions(world, group, input.IpPermissions, IsEgress);
  if (byId.length + byContent.length === 0) refuse('MissingParameter', 'The request must contain rules');
  const found = byContent.map((wanted) => {
    const key = ruleKey(wanted);
    return (
      rules.find((rule) => ruleKey(rule) === key) ??
      refuse('InvalidPermission.NotFound', `The specified rule does not exist in this security group: ${key}`)
    );
  });
  for (const { SecurityGroupRuleId } of [...byId, ...found]) group.rules.delete(SecurityGroupRuleId);
  return { Return: true };
}

export function revokeIngress(world: World, input: Given<api.RevokeSecurityGroupIngressRequest>) {
  return revoke(world, input, false);
}

export function revokeEgress(world: World, input: Given<api.RevokeSecurityGroupEgressRequest>) {
  return revoke(world, input, true);
}

export function describeSecurityGroupRules(world: World, input: Given<api.DescribeSecurityGroupRulesRequest>) {
  const all = world.ec2.securityGroups.list().flatMap((group) => [...group.rules.values()]);
  const table = { get: (id: string) => all.find((rule) => rule.SecurityGroupRuleId === id), list: () => all };
  const { items, next } = ask(table, input, {
    ids: input.SecurityGroupRuleIds,
    idOf: ({ SecurityGroupRuleId }) => SecurityGroupRuleId,
    notFound: 'InvalidSecurityGroupRuleId.NotFound',
    filters: {
      'group-id': ({ GroupId }) => GroupId,
      'security-group-rule-id': ({ SecurityGroupRuleId }) => SecurityGroupRuleId,
    },
  });
  return { SecurityGroupRules: items.map((rule) => describeRule(world, rule)), NextToken: next };
}

export function updateDescriptionsIngress(
  world: World,
  input: Given<api.UpdateSecurityGroupRuleDescriptionsIngressRequest>,
) {
  const group = findGroup(world, input.GroupId);
  for (const wanted of expandPermissions(world, group, input.IpPermissions, false)) {
    const key = ruleKey(wanted);
    const rule = [...group.rules.values()].find((each) => !each.IsEgress && ruleKey(each) === key);
    if (rule === undefined)
      refuse('InvalidPermission.NotFound', `The specified rule does not exist in this security group: ${key}`);
    rule.Description = wanted.Description;
  }
  return { Return: true };
}

/** Whole rules in the place of what was; all of a call or nothing. */
export function modifySecurityGroupRules(world: World, input: Given<api.ModifySecurityGroupRulesRequest>) {
  const group = findGroup(world, input.GroupId);
  const next = new Map(group.rules);
  for (const { SecurityGroupRuleId: id, SecurityGroupRule: asked = {} } of input.SecurityGroupRules) {
    const before = group.rules.get(id);
    if (before === undefined)
      refuse('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID '${id}' does not exist`);
    const { IpProtocol, FromPort, ToPort, CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId, Description } = asked;
    const said = Description === undefined ? {} : { Description };
    const permission = {
      IpProtocol,
      FromPort,
      ToPort,
      IpRanges: CidrIpv4 === undefined ? [] : [{ CidrIp: CidrIpv4, ...said }],
      Ipv6Ranges: CidrIpv6 === undefined ? [] : [{ CidrIpv6, ...said }],
      PrefixListIds: PrefixListId === undefined ? [] : [{ PrefixListId, ...said }],
      UserIdGroupPairs: ReferencedGroupId === undefined ? [] : [{ GroupId: ReferencedGroupId, ...said }],
    };
    const [rule, second] = expandPermissions(world, group, [permission], before.IsEgress);
    if (rule === undefined || second !== undefined)
      refuse('InvalidParameterCombination', 'A security group rule has exactly one source');
    next.set(id, { ...rule, SecurityGroupRuleId: id, tags: before.tags });
  }
  const keys = [...next.values()].map((rule) => `${rule.IsEgress} ${ruleKey(rule)}`);
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice !== undefined) refuse('InvalidPermission.Duplicate', `the specified rule "peer: ${twice}" already exists`);
  for (const [id, rule] of next) group.rules.set(id, rule);
  return { Return: true };
}

function describeRule(world: World, rule: GroupRule): api.SecurityGroupRule {
  const { tags, ReferencedGroupId, ...plain } = rule;
  return {
    ...plain,
    GroupOwnerId: world.accountId,
    ReferencedGroupInfo:
      ReferencedGroupId === undefined ? undefined : { GroupId: ReferencedGroupId, UserId: world.accountId },
    Tags: listTags({ tags }),
  };
}

export function findGroup(world: World, id: string | undefined): SecurityGroup {
  return (
    world.ec2.securityGroups.get(id ?? '') ??
    refuse('InvalidGroup.NotFound', `The security group '${id}' does not exist`)
  );
}
