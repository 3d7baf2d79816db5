import type {
  CreateLoadBalancerCommandInput,
  SetIpAddressTypeCommandInput,
  SetSecurityGroupsCommandInput,
  SetSubnetsCommandInput,
  SubnetMapping,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Attrs, Handle, Step } from '../../src/model/index.ts';
import type { Call, View, Work } from './apply-call.ts';
import {
  attributesOf,
  fieldsOf,
  isEmpty,
  isObject,
  listOf,
  membersAfter,
  tagsOf,
  textsOf,
  withTags,
} from './apply-codec.ts';
import { elbTags } from './apply-tags.ts';
import { unusual } from './default-attributes.ts';
import { isMadeElsewhere } from './made-elsewhere.ts';
import { backendGroup } from './names.ts';

export function loadBalancerWork(step: Step, view: View): Work {
  switch (step.op) {
    case 'create':
      return created(step, view);
    case 'update':
      return { rest: (handle) => updated(handle, step.attrs ?? {}, view) };
    case 'add':
    case 'set':
    case 'remove':
      return step.set === 'Tags' ? elbTags(step) : { rest: (handle) => groupsChanged(handle, step, view) };
    case 'delete': {
      if (view.now !== undefined && isMadeElsewhere(view.now)) return { rest: (handle) => givenBack(handle, view) };
      const { ShieldProtection, 'deletion_protection.enabled': locked } = view.now?.attrs ?? {};
      // First, while the load balancer can still be read: after it nobody would look. One that will not go keeps its protection.
      const guarded = ShieldProtection === true && locked !== 'true';
      return {
        rest: (LoadBalancerArn) => [
          ...(guarded ? [{ name: 'Unprotect' as const, input: { ResourceArn: LoadBalancerArn } }] : []),
          { name: 'DeleteLoadBalancer', input: { LoadBalancerArn } },
        ],
      };
    }
    default:
      return { rest: () => [] };
  }
}

/** Somebody else made it: what is ours is taken off it, and it stays. */
function givenBack(LoadBalancerArn: Handle, { now, backendGroup: own }: View): readonly Call[] {
  const managed = now?.sets.ManagedSecurityGroups?.size ?? 0;
  const all = textsOf(now?.attrs.SecurityGroups);
  const theirs = all.filter((group) => group !== backendGroup && group !== own);
  const TagKeys = [...(now?.sets.Tags?.keys() ?? [])].filter((key) => /^(elbv2|service|ingress)\.k8s\.aws\//.test(key));
  return [
    ...(theirs.length > 0 && (managed > 0 || theirs.length < all.length)
      ? [{ name: 'SetSecurityGroups' as const, input: groupsInput(LoadBalancerArn, theirs, {}) }]
      : []),
    ...(TagKeys.length === 0
      ? []
      : [{ name: 'RemoveTags' as const, input: { ResourceArns: [LoadBalancerArn], TagKeys } }]),
  ];
}

function created({ attrs = {}, sets = {} }: Step, view: View): Work {
  const managed = (sets.ManagedSecurityGroups ?? []).map(([handle]) => String(handle));
  const SecurityGroups = groupsOf(attrs, managed, view);
  const NetworkType = attrs.Type === 'network';
  const enforce = attrs.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic;
  const input: CreateLoadBalancerCommandInput = {
    ...fieldsOf<CreateLoadBalancerCommandInput>(
      attrs,
      'Name',
      'Type',
      'Scheme',
      'IpAddressType',
      'CustomerOwnedIpv4Pool',
      'IpamPools',
      ...(NetworkType && attrs.EnablePrefixForIpv6SourceNat !== 'off'
        ? (['EnablePrefixForIpv6SourceNat'] as const)
        : []),
    ),
    SubnetMappings: listOf<SubnetMapping>(attrs.SubnetMappings),
    ...(SecurityGroups.length === 0 ? {} : { SecurityGroups }),
    ...withTags(tagsOf(sets.Tags)),
  };
  const special: Attrs = Object.fromEntries(
    ['MinimumLoadBalancerCapacity', 'WebACLArn', 'ShieldProtection'].flatMap((name) => {
      const value = attrs[name];
      return value === undefined || value === false || isEmpty(value) ? [] : [[name, value]];
    }),
  );
  return {
    create: { name: 'CreateLoadBalancer', input },
    rest: (LoadBalancerArn) => [
      ...(NetworkType && enforce === 'off' && hasGroups(attrs, managed)
        ? [{ name: 'SetSecurityGroups' as const, input: groupsInput(LoadBalancerArn, SecurityGroups, attrs) }]
        : []),
      ...attributesChanged(LoadBalancerArn, unusual('LoadBalancer', attrs)),
      ...guards(LoadBalancerArn, special),
    ],
  };
}

function updated(LoadBalancerArn: Handle, attrs: Attrs, view: View): readonly Call[] {
  const { now } = view;
  const calls: Call[] = [];
  if (attrs.SubnetMappings !== undefined || attrs.EnablePrefixForIpv6SourceNat !== undefined) {
    const SubnetMappings = listOf<SubnetMapping>(attrs.SubnetMappings ?? now?.attrs.SubnetMappings);
    const others = fieldsOf<SetSubnetsCommandInput>(attrs, 'IpAddressType', 'EnablePrefixForIpv6SourceNat');
    calls.push({ name: 'SetSubnets', input: { ...others, LoadBalancerArn, SubnetMappings } });
  } else if (!isEmpty(attrs.IpAddressType)) {
    const { IpAddressType } = fieldsOf<SetIpAddressTypeCommandInput>(attrs, 'IpAddressType');
    calls.push({ name: 'SetIpAddressType', input: { LoadBalancerArn, IpAddressType } });
  }
  if (attrs.SecurityGroups !== undefined || attrs.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic !== undefined) {
    const managed = [...(now?.sets.ManagedSecurityGroups?.keys() ?? [])];
    const groups = groupsOf({ ...now?.attrs, ...attrs }, managed, view);
    // Where none is left, those that weir makes come in a step of their own.
    if (groups.length > 0 || now === undefined)
      calls.push({ name: 'SetSecurityGroups', input: groupsInput(LoadBalancerArn, groups, attrs) });
  }
  return [...calls, ...attributesChanged(LoadBalancerArn, attrs), ...guards(LoadBalancerArn, attrs)];
}

function groupsChanged(LoadBalancerArn: Handle, { members }: Step, view: View): readonly Call[] {
  const { now } = view;
  const managed = [...membersAfter(now?.sets.ManagedSecurityGroups, members).keys()];
  const groups = groupsOf(now?.attrs ?? {}, managed, view);
  if (now !== undefined && groups.length === 0) return [];
  return [{ name: 'SetSecurityGroups', input: groupsInput(LoadBalancerArn, groups, {}) }];
}

function groupsInput(LoadBalancerArn: Handle, groups: readonly string[], attrs: Attrs): SetSecurityGroupsCommandInput {
  const enforce = fieldsOf<SetSecurityGroupsCommandInput>(
    attrs,
    'EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic',
  );
  return { ...enforce, LoadBalancerArn, SecurityGroups: [...groups] };
}

/** Those that are given, with the back-end group in the place of its word, and those that weir makes. */
function groupsOf({ SecurityGroups }: Attrs, managed: readonly string[], { backendGroup: own }: View): string[] {
  const given = textsOf(SecurityGroups).flatMap((group) =>
    group === backendGroup ? (own === undefined ? [] : [own]) : [group],
  );
  return [...new Set([...managed, ...given])];
}

function hasGroups({ SecurityGroups }: Attrs, managed: readonly string[]): boolean {
  return managed.length > 0 || !isEmpty(SecurityGroups);
}

/** Whether the step sends the shared back-end group, by its word. */
export function namesBackendGroup({ attrs, set }: Step, { now }: View): boolean {
  const groups = attrs?.SecurityGroups ?? (attrs === undefined && set !== 'ManagedSecurityGroups' ? [] : undefined);
  return textsOf(groups ?? now?.attrs.SecurityGroups).includes(backendGroup);
}

function attributesChanged(LoadBalancerArn: Handle, attrs: Attrs): readonly Call[] {
  const Attributes = [...attributesOf(attrs)];
  return Attributes.length === 0
    ? []
    : [{ name: 'ModifyLoadBalancerAttributes', input: { LoadBalancerArn, Attributes } }];
}

/** Capacity, address pools, web ACL and Shield. */
function guards(LoadBalancerArn: Handle, attrs: Attrs): readonly Call[] {
  const { MinimumLoadBalancerCapacity: capacity, IpamPools: pools, WebACLArn, ShieldProtection } = attrs;
  const calls: Call[] = [];
  if (capacity !== undefined) {
    const units = isObject(capacity) ? Number(capacity.CapacityUnits) : Number.NaN;
    const asked = Number.isNaN(units)
      ? { ResetCapacityReservation: true }
      : { MinimumLoadBalancerCapacity: { CapacityUnits: units } };
    calls.push({ name: 'ModifyCapacityReservation', input: { LoadBalancerArn, ...asked } });
  }
  if (pools !== undefined) {
    const pool = isObject(pools) && typeof pools.Ipv4IpamPoolId === 'string' ? pools.Ipv4IpamPoolId : undefined;
    const asked = pool === undefined ? { RemoveIpamPools: ['ipv4' as const] } : { IpamPools: { Ipv4IpamPoolId: pool } };
    calls.push({ name: 'ModifyIpPools', input: { LoadBalancerArn, ...asked } });
  }
  if (typeof WebACLArn === 'string' && WebACLArn !== '')
    calls.push({ name: 'AssociateWebACL', input: { WebACLArn, ResourceArn: LoadBalancerArn } });
  else if (WebACLArn !== undefined) calls.push({ name: 'DisassociateWebACL', input: { ResourceArn: LoadBalancerArn } });
  if (ShieldProtection === true) {
    // Names of protections: 1 to 128 of letters, digits and - _ . and spaces.
    const Name = (LoadBalancerArn.split(':').at(-1) ?? 'load-balancer').replaceAll(/[^\w-]/g, '-').slice(-128);
    calls.push({ name: 'CreateProtection', input: { ResourceArn: LoadBalancerArn, Name } });
  } else if (ShieldProtection !== undefined) calls.push({ name: 'Unprotect', input: { ResourceArn: LoadBalancerArn } });
  return calls;
}
