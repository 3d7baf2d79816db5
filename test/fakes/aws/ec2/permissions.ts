/** Security group rules: from IpPermissions to single rules and back. */
import { isIP } from 'node:net';
import type { IpPermission } from '@aws-sdk/client-ec2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import type { GroupRule, SecurityGroup } from './state.ts';

type Bare = Omit<GroupRule, 'SecurityGroupRuleId' | 'tags'>;

const numbers: Readonly<Record<string, string>> = { '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6' };

/** One rule for each source of each permission. */
export function expandPermissions(
  world: World,
  group: SecurityGroup,
  permissions: readonly Given<IpPermission>[] | undefined,
  IsEgress: boolean,
): readonly Bare[] {
  if (permissions === undefined || permissions.length === 0)
    refuse('MissingParameter', 'The request must contain the parameter ipPermissions');
  return permissions.flatMap((permission) => {
    const base = { GroupId: group.GroupId, IsEgress, ...portsOf(permission) };
    const rules: Bare[] = [
      ...(permission.IpRanges ?? []).map(({ CidrIp = '', Description }) => ({
        ...base,
        CidrIpv4: checkRange(CidrIp, 4),
        ...said(Description),
      })),
      ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6 = '', Description }) => ({
        ...base,
        CidrIpv6: checkRange(CidrIpv6, 6),
        ...said(Description),
      })),
      ...(permission.PrefixListIds ?? []).map(({ PrefixListId = '', Description }) => {
        if (world.ec2.prefixLists.get(PrefixListId) === undefined)
          refuse('InvalidPrefixListID.NotFound', `The prefix list ID '${PrefixListId}' does not exist`);
        return { ...base, PrefixListId, ...said(Description) };
      }),
      ...(permission.UserIdGroupPairs ?? []).map(({ GroupId = '', Description }) => {
        if (world.ec2.securityGroups.get(GroupId) === undefined)
          refuse('InvalidGroup.NotFound', `The security group '${GroupId}' does not exist`);
        return { ...base, ReferencedGroupId: GroupId, ...said(Description) };
      }),
    ];
    if (rules.length === 0) refuse('MissingParameter', 'A permission must name at least one source');
    return rules;
  });
}

function said(Description: string | undefined): { Description?: string } {
  if (Description === undefined) return {};
  if (Description.length > 255 || !/^[a-zA-Z0-9. _\-:/()#,@[\]+=;{}!$*&]*$/.test(Description)) {
    refuse('InvalidParameterValue', `Invalid rule description '${Description}'.`);
  }
  return { Description };
}

function portsOf({
  IpProtocol = '',
  FromPort,
  ToPort,
}: Given<IpPermission>): Pick<GroupRule, 'IpProtocol' | 'FromPort' | 'ToPort'> {
  const protocol = numbers[IpProtocol] ?? IpProtocol.toLowerCase();
  if (protocol === '-1') return { IpProtocol: '-1', FromPort: -1, ToPort: -1 };
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'icmp' && protocol !== 'icmpv6') {
    refuse('InvalidPermission.Malformed', `Unsupported IP protocol "${IpProtocol}"`);
  }
  const from =
    FromPort ??
    (protocol.startsWith('icmp') ? -1 : refuse('InvalidParameterValue', 'Invalid port: fromPort is required'));
  const to = ToPort ?? from;
  if (!protocol.startsWith('icmp') && (from < 0 || to > 65_535 || from > to))
    refuse('InvalidParameterValue', `Invalid TCP/UDP port range (${from}:${to})`);
  return { IpProtocol: protocol, FromPort: from, ToPort: to };
}

function checkRange(range: string, family: 4 | 6): string {
  const [address = '', bits = ''] = range.split('/');
  if (isIP(address) !== family || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    refuse('InvalidParameterValue', `CIDR block ${range} is malformed`);
  }
  return range;
}

/** What makes a rule another one: everything but its id, description and tags. */
export function ruleKey(rule: Bare): string {
  const { IpProtocol, FromPort, ToPort, CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId } = rule;
  return [
    CidrIpv4 ?? CidrIpv6 ?? PrefixListId ?? ReferencedGroupId,
    IpProtocol,
    `from port: ${FromPort}`,
    `to port: ${ToPort}`,
  ].join(', ');
}

/** As DescribeSecurityGroups shows rules: one permission for each protocol and port range. */
export function packPermissions(world: World, group: SecurityGroup, egress: boolean): IpPermission[] {
  const packed = new Map<
    string,
    Required<Pick<IpPermission, 'IpRanges' | 'Ipv6Ranges' | 'PrefixListIds' | 'UserIdGroupPairs'>> & IpPermission
  >();
  for (const rule of group.rules.values()) {
    if (rule.IsEgress !== egress) continue;
    const key = `${rule.IpProtocol} ${rule.FromPort} ${rule.ToPort}`;
    let permission = packed.get(key);
    if (permission === undefined) {
      const ports = rule.IpProtocol === '-1' ? {} : { FromPort: rule.FromPort, ToPort: rule.ToPort };
      permission = {
        IpProtocol: rule.IpProtocol,
        ...ports,
        IpRanges: [],
        Ipv6Ranges: [],
        PrefixListIds: [],
        UserIdGroupPairs: [],
      };
      packed.set(key, permission);
    }
    const { Description, CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId } = rule;
    if (CidrIpv4 !== undefined) permission.IpRanges?.push({ CidrIp: CidrIpv4, Description });
    if (CidrIpv6 !== undefined) permission.Ipv6Ranges?.push({ CidrIpv6, Description });
    if (PrefixListId !== undefined) permission.PrefixListIds?.push({ PrefixListId, Description });
    if (ReferencedGroupId !== undefined)
      permission.UserIdGroupPairs?.push({ GroupId: ReferencedGroupId, UserId: world.accountId, Description });
  }
  return [...packed.values()];
}
