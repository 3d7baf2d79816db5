/**
 * The kinds of AWS ELBv2. Attribute keys are the API's own. A key that begins with a small letter and has a dot is an entry of the
 * kind's attributes (`idle_timeout.timeout_seconds` of a LoadBalancer goes to ModifyLoadBalancerAttributes, values are text); keys with
 * a capital are fields of Create… and Modify…. An observed object whose attributes were not read yet has `unread: true` in their place:
 * the model then wants nothing of them. Tags are a set everywhere: key → `{ Value }`.
 *
 * LoadBalancer       id `service/NS/NAME` or `ingress/STACK`. Name, Type, Scheme (immutable), VpcId, IpAddressType,
 *                    SubnetMappings ([{SubnetId, AllocationId?, PrivateIPv4Address?, IPv6Address?, SourceNatIpv6Prefix?}] by SubnetId),
 *                    SecurityGroups (ids that are given; the word `backend` is the balancer's shared back-end group),
 *                    EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic, EnablePrefixForIpv6SourceNat, CustomerOwnedIpv4Pool,
 *                    IpamPools {Ipv4IpamPoolId}, MinimumLoadBalancerCapacity {CapacityUnits}, WebACLArn (wafv2; '' none),
 *                    ShieldProtection (boolean). Set ManagedSecurityGroups: front-end groups that weir makes.
 *                    One that carries the tag of adoption was made by somebody else: a delete takes our tags and groups off it, no more.
 * TargetGroup        id `LB|RESOURCE` (resource as in the ownership tag). Name, TargetType, Protocol, ProtocolVersion, Port, VpcId,
 *                    IpAddressType (all immutable), HealthCheckEnabled, HealthCheckProtocol, HealthCheckPort, HealthCheckPath,
 *                    HealthCheckIntervalSeconds, HealthCheckTimeoutSeconds, HealthyThresholdCount, UnhealthyThresholdCount,
 *                    Matcher {HttpCode | GrpcCode}. Made by somebody else: `Foreign: true` and TargetGroupArn, nothing more; with id
 *                    `bound|ARN` its targets are ours, with id `pointed|ARN` listeners only point at it, and what a binding fills has
 *                    `binding|ARN` for id and handle beside it. A create of such a one calls nothing, a delete takes our targets out.
 *                    `held` of a target or security group, or of a rule in one: why it is not deleted.
 *                    Set Targets: `address:port` or `i-…:port` → {AvailabilityZone: 'all'} where the target is outside of the VPC.
 * Listener           id `LB|PORT`. Place, Port, Protocol, SslPolicy, AlpnPolicy, MutualAuthentication {Mode,
 *                    TrustStoreArn, IgnoreClientCertificateExpiry, AdvertiseTrustStoreCaNames}, DefaultActions (what stands before or in
 *                    place of the forward: authenticate, redirect, fixed-response), TargetGroupStickinessConfig. Set Certificates:
 *                    ARN → {IsDefault}. Forward: set TargetGroups (weighted) on an ALB and for weighted NLB ports, else the
 *                    ref TargetGroupArn. With `others: true` it has rules that somebody else made, on a load balancer that is given
 *                    back: a delete takes our tags and our default action off it, no more. So with one that was there before
 *                    us, which then sends to the target group that its tag of adoption names.
 *                    `empty: true`: in a group that others share, and nobody of them is served there.
 * Rule               id `LISTENER|CONDITIONS`. Place, Conditions (canonical), Actions, TargetGroupStickinessConfig, Transforms, Priority
 *                    (a rank: the planner compares order, and picks numbers). ClientSecret {sha256, origin} here and on Listeners:
 *                    where the OIDC secret is found; the driver keeps the hash in a tag that it hides. Forward: set TargetGroups.
 * SecurityGroup      id `LB|sg`, `LB|sg2` … or `backend`. GroupName, Description, VpcId (immutable). Set IpPermissions: natural key
 *                    `tcp|80|80|10.0.0.0/8` → {IpProtocol, FromPort, ToPort, CidrIp | CidrIpv6 | PrefixListId}.
 * SecurityGroupRule  id `GROUP|PROTOCOL|backend`: a rule in the group of nodes or pods, which is not ours: GroupId, IpProtocol,
 *                    FromPort, ToPort, Description (the claim); from the ref `Source` (the back-end group that is ours) or
 *                    SourceGroupId (one that is given). With id `GROUP|PROTOCOL|RANGE|PORT-PORT`: from the addresses `Cidr`.
 *
 * After normalize() every field is there: '' or {} or [] or false says that it is not set, and a create leaves it out.
 *
 * Place is what clients know of a front, the same over generations: `LB:80`, for a rule with its conditions behind it.
 */
import type { KindSpec } from '../../src/model/index.ts';
import { deletionGuard } from './deletion-guard.ts';
import { drainMs } from './drain.ts';
import { givingBackOf } from './former-forward.ts';
import { formerRuleOf } from './former-rule.ts';
import { heldGuard } from './held-things.ts';
import { kindWords } from './kind-words.ts';
import { isMadeElsewhere } from './made-elsewhere.ts';
import { isOfGroup } from './names.ts';

const tags = { batch: 50, inCreate: true, max: 50 } as const;
const forward = { batch: 5, serving: true, to: 'TargetGroup', weight: 'Weight', max: 5, inCreate: true } as const;

/** Targets in one call of RegisterTargets or DeregisterTargets. */
export const targetBatch = 200;
/** Rules of one security group. */
export const rulesOfSecurityGroup = 60;

/** Entries of the attributes that somebody named are compared, the rest stays as it is. */
const sticky = (name: string): boolean => /^[a-z]/.test(name);

export const kinds: readonly KindSpec[] = [
  {
    kind: 'SecurityGroup',
    claim: 'tag',
    sticky,
    immutable: ['GroupName', 'Description', 'VpcId'],
    refs: {},
    sets: { IpPermissions: { batch: rulesOfSecurityGroup, max: rulesOfSecurityGroup, deletes: true }, Tags: tags },
    slots: ({ VpcId, GroupName }) => [`security group ${String(VpcId)} ${String(GroupName)}`],
    guarded: heldGuard,
    rateClass: 'ec2',
    shared: isOfGroup,
    words: kindWords.securityGroup,
  },
  {
    kind: 'SecurityGroupRule',
    claim: 'tag',
    // The range of ports changes in place: ModifySecurityGroupRules, or the new range let in before the old one goes.
    immutable: ['GroupId', 'IpProtocol', 'SourceGroupId', 'Source', 'Cidr'],
    sticky,
    refs: { Source: { to: 'SecurityGroup' } },
    sets: {},
    guarded: heldGuard,
    rateClass: 'ec2',
    words: kindWords.securityGroupRule,
  },
  {
    kind: 'LoadBalancer',
    claim: 'tag',
    // The reason of a replacement is the first that differs: the name only follows.
    sticky,
    immutable: ['Type', 'Scheme', 'VpcId', 'Name'],
    refs: {},
    sets: { ManagedSecurityGroups: { batch: 5, to: 'SecurityGroup', max: 5, inCreate: true }, Tags: tags },
    slots: ({ Name }) => [`load balancer ${String(Name)}`],
    rateClass: 'elbv2',
    borrowed: isMadeElsewhere,
    guarded: deletionGuard,
    shared: isOfGroup,
    words: kindWords.loadBalancer,
  },
  {
    kind: 'TargetGroup',
    claim: 'tag',
    sticky,
    immutable: ['TargetType', 'Protocol', 'ProtocolVersion', 'IpAddressType', 'VpcId', 'Port', 'Name'],
    per: 'ListenerArn.LoadBalancerArn',
    refs: {},
    sets: {
      Targets: { batch: targetBatch, serving: true, fits: ['TargetType', 'IpAddressType', 'VpcId'] },
      Tags: tags,
    },
    slots: ({ Name }) => (Name === undefined ? [] : [`target group ${String(Name)}`]),
    rateClass: 'elbv2',
    borrowed: ({ attrs }) => attrs.Foreign === true,
    guarded: heldGuard,
    drainMs,
    words: kindWords.targetGroup,
  },
  {
    kind: 'Listener',
    claim: 'parent',
    sticky,
    immutable: ['Port', 'Place', 'LoadBalancerArn'],
    frontKey: ({ Place }) => String(Place),
    refs: { LoadBalancerArn: { to: 'LoadBalancer' }, TargetGroupArn: { to: 'TargetGroup', serving: true } },
    sets: { TargetGroups: forward, Certificates: { batch: 25, inCreate: true, deletes: true }, Tags: tags },
    // One number, one listener: TCP and UDP on the same port are one TCP_UDP listener.
    slots: ({ Port }, { LoadBalancerArn }) => [`port ${LoadBalancerArn} ${String(Port)}`],
    rateClass: 'elbv2',
    borrowed: (listener) => givingBackOf(listener) !== undefined,
    shared: isOfGroup,
    words: kindWords.listener,
  },
  {
    kind: 'Rule',
    claim: 'parent',
    immutable: ['Place', 'Conditions', 'ListenerArn'],
    frontKey: ({ Place }) => String(Place),
    order: { scope: 'ListenerArn', attr: 'Priority' },
    refs: { ListenerArn: { to: 'Listener' } },
    sets: { TargetGroups: forward, Tags: tags },
    slots: ({ Priority }, { ListenerArn }) => [`priority ${ListenerArn} ${String(Priority)}`],
    rateClass: 'elbv2',
    borrowed: (rule) => formerRuleOf(rule) !== undefined,
    words: kindWords.rule,
  },
];
