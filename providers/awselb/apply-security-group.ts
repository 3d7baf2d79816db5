/** Security groups with their rules, and single rules in groups of nodes and pods. */
import type { CreateSecurityGroupCommandInput, IpPermission, Tag } from '@aws-sdk/client-ec2';
import type { Attrs, Handle, HandleRef, Json, Step } from '../../src/model/index.ts';
import type { Call, View, Work } from './apply-call.ts';
import { fieldsOf, tagsOf } from './apply-codec.ts';
import { ec2Tags } from './apply-tags.ts';

export function securityGroupWork(step: Step): Work {
  const { op, attrs = {}, sets = {}, members = [] } = step;
  switch (op) {
    case 'create': {
      const Tags = tagsOf(sets.Tags);
      return {
        create: {
          name: 'CreateSecurityGroup',
          input: {
            ...fieldsOf<CreateSecurityGroupCommandInput>(attrs, 'GroupName', 'Description', 'VpcId'),
            ...(Tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: 'security-group', Tags }] }),
          },
        },
        rest: () => [],
      };
    }
    case 'add':
    case 'set':
    case 'remove': {
      if (step.set === 'Tags') return ec2Tags(step);
      const said = permissionsOf(members.flatMap(([key, member]) => (member === null ? [] : [[key, member.attrs]])));
      const gone = permissionsOf(members.flatMap(([key, member]) => (member === null ? [[key, {}]] : [])));
      const name = op === 'set' ? 'UpdateSecurityGroupRuleDescriptionsIngress' : 'AuthorizeSecurityGroupIngress';
      return {
        rest: (GroupId): readonly Call[] => [
          ...(said.length === 0 ? [] : [{ name, input: { GroupId, IpPermissions: said } } as const]),
          ...(gone.length === 0
            ? []
            : [{ name: 'RevokeSecurityGroupIngress', input: { GroupId, IpPermissions: gone } } as const]),
        ],
      };
    }
    case 'delete':
      return { rest: (GroupId) => [{ name: 'DeleteSecurityGroup', input: { GroupId } }] };
    default:
      return { rest: () => [] };
  }
}

/** `tcp|80|80|10.0.0.0/8` → one permission for each protocol and range of ports, with all their sources. */
function permissionsOf(rules: readonly (readonly [HandleRef, Attrs])[]): IpPermission[] {
  const permissions = new Map<string, IpPermission & Required<Sources>>();
  for (const [key, attrs] of rules) {
    const [IpProtocol = '', from, to, source = ''] = String(key).split('|');
    const place = `${IpProtocol}|${from}|${to}`;
    const ports = IpProtocol === '-1' ? {} : { FromPort: Number(from), ToPort: Number(to) };
    const permission = permissions.get(place) ?? { IpProtocol, ...ports, ...noSources() };
    permissions.set(place, permission);
    const said = descriptionOf(attrs.Description);
    if (source.startsWith('pl-')) permission.PrefixListIds.push({ PrefixListId: source, ...said });
    else if (source.startsWith('sg-')) permission.UserIdGroupPairs.push({ GroupId: source, ...said });
    else if (source.includes(':')) permission.Ipv6Ranges.push({ CidrIpv6: source, ...said });
    else permission.IpRanges.push({ CidrIp: source, ...said });
  }
  return [...permissions.values()].map(({ IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs, ...rest }) => ({
    ...rest,
    ...(IpRanges.length === 0 ? {} : { IpRanges }),
    ...(Ipv6Ranges.length === 0 ? {} : { Ipv6Ranges }),
    ...(PrefixListIds.length === 0 ? {} : { PrefixListIds }),
    ...(UserIdGroupPairs.length === 0 ? {} : { UserIdGroupPairs }),
  }));
}

interface Sources {
  IpRanges: NonNullable<IpPermission['IpRanges']>;
  Ipv6Ranges: NonNullable<IpPermission['Ipv6Ranges']>;
  PrefixListIds: NonNullable<IpPermission['PrefixListIds']>;
  UserIdGroupPairs: NonNullable<IpPermission['UserIdGroupPairs']>;
}

function noSources(): Sources {
  return { IpRanges: [], Ipv6Ranges: [], PrefixListIds: [], UserIdGroupPairs: [] };
}

function descriptionOf(value: Json | undefined): { Description?: string } {
  return typeof value === 'string' && value !== '' ? { Description: value } : {};
}

/** A rule in a group of somebody else. Its range changes in place, so that nothing in use is shut out for a moment. */
export function securityGroupRuleWork({ op, attrs = {}, refs = {} }: Step, { now, tags = {} }: View): Work {
  const all = { ...now?.attrs, ...attrs };
  const GroupId = String(all.GroupId);
  const source = refs.Source ?? now?.refs.Source ?? all.SourceGroupId;
  const range = all.Cidr === undefined ? undefined : String(all.Cidr);
  const content = {
    IpProtocol: String(all.IpProtocol),
    FromPort: Number(all.FromPort),
    ToPort: Number(all.ToPort),
  };
  const said = descriptionOf(all.Description);
  switch (op) {
    case 'create': {
      const Tags: Tag[] = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      return {
        create: {
          name: 'AuthorizeSecurityGroupIngress',
          input: {
            GroupId,
            IpPermissions: [
              {
                ...content,
                ...(range === undefined
                  ? { UserIdGroupPairs: [{ GroupId: String(source), ...said }] }
                  : range.includes(':')
                    ? { Ipv6Ranges: [{ CidrIpv6: range, ...said }] }
                    : { IpRanges: [{ CidrIp: range, ...said }] }),
              },
            ],
            ...(Tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: 'security-group-rule', Tags }] }),
          },
        },
        rest: () => [],
      };
    }
    case 'update':
      return {
        rest: (SecurityGroupRuleId: Handle) => [
          {
            name: 'ModifySecurityGroupRules',
            input: {
              GroupId,
              SecurityGroupRules: [
                { SecurityGroupRuleId, SecurityGroupRule: { ...content, ReferencedGroupId: String(source), ...said } },
              ],
            },
          },
        ],
      };
    case 'delete':
      return {
        rest: (handle: Handle) => [
          { name: 'RevokeSecurityGroupIngress', input: { GroupId, SecurityGroupRuleIds: [handle] } },
        ],
      };
    default:
      return { rest: () => [] };
  }
}
