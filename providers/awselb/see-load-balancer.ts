import type { LoadBalancer } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Attrs, Member, Observed } from '../../src/model/index.ts';
import { backendGroup, loadBalancerResource } from './names.ts';
import { attributesOf, foreignUnit, given, seen, tagSet, type View } from './see-parts.ts';

/** Undefined: what ELBv2 has no name for. */
export function seeLoadBalancer(balancer: LoadBalancer, view: View): Observed | undefined {
  const { LoadBalancerArn: handle, LoadBalancerName, Type, Scheme, VpcId } = balancer;
  if (handle === undefined || LoadBalancerName === undefined) return undefined;
  const { account, owners } = view;
  const tags = account.tags.get(handle);
  const owner = owners.of(handle, tags);
  const place = given({ Name: LoadBalancerName, Type, Scheme, VpcId });
  const facts = {
    ...(balancer.DNSName === undefined ? {} : { addresses: [balancer.DNSName] }),
    ...stateOf(balancer),
  };
  // The tags of a stack may stand on other things: only this one is its load balancer.
  if (owner === undefined || (owner.resource ?? loadBalancerResource) !== loadBalancerResource) {
    const left = owners.leftAlone(handle, tags);
    const unit = left?.unit ?? owners.inTheWay(handle, LoadBalancerName) ?? foreignUnit(handle, view);
    const rest = { serves: [], refs: {}, sets: { Tags: tagSet(tags) }, owned: false, facts };
    return seen({ kind: 'LoadBalancer', id: left?.lb ?? handle, unit, handle, attrs: place, ...rest });
  }
  const managed = new Map<string, Member>();
  const others: string[] = [];
  for (const group of balancer.SecurityGroups ?? []) {
    if (group === view.backendGroup) others.push(backendGroup);
    else if (isManaged(group, owner.lb, view)) managed.set(group, { attrs: {} });
    else others.push(group);
  }
  const extras = account.extras.get(handle) ?? {};
  const attrs: Attrs = {
    ...attributesOf(handle, view),
    ...place,
    ...given({
      IpAddressType: balancer.IpAddressType,
      SubnetMappings: mappings(balancer),
      SecurityGroups: others,
      CustomerOwnedIpv4Pool: balancer.CustomerOwnedIpv4Pool,
      IpamPools: balancer.IpamPools,
      EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic:
        balancer.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic,
      EnablePrefixForIpv6SourceNat: balancer.EnablePrefixForIpv6SourceNat,
      MinimumLoadBalancerCapacity:
        extras.capacityUnits === undefined ? undefined : { CapacityUnits: extras.capacityUnits },
      WebACLArn: extras.webAclArn,
      ShieldProtection: extras.shield,
    }),
  };
  return seen({
    kind: 'LoadBalancer',
    id: owner.lb,
    unit: owner.unit,
    handle,
    owned: true,
    serves: owners.servicesOf({ ...owner, resource: undefined }),
    attrs,
    refs: {},
    sets: { ...(managed.size === 0 ? {} : { ManagedSecurityGroups: managed }), Tags: tagSet(tags) },
    facts,
  });
}

/** Facts of how far AWS has come with it. */
export function stateOf({ State: { Code, Reason } = {} }: Pick<LoadBalancer, 'State'>): Observed['facts'] {
  return {
    ...(Code === undefined ? {} : { state: Code }),
    ...(Reason === undefined ? {} : { reason: Reason }),
    ...(Code === 'provisioning' ? { pending: true } : {}),
  };
}

/** Whether a group was made for this load balancer. */
function isManaged(group: string, lb: string, { account, owners }: View): boolean {
  const tags = account.tags.get(group);
  const owner = tags === undefined || owners.isBackendGroup(tags) ? undefined : owners.of(group, tags);
  return owner?.lb === lb;
}

function mappings({ AvailabilityZones = [] }: LoadBalancer) {
  return AvailabilityZones.map(({ SubnetId, LoadBalancerAddresses = [], SourceNatIpv6Prefixes = [] }) => {
    const [address] = LoadBalancerAddresses;
    return given({
      SubnetId,
      AllocationId: address?.AllocationId,
      PrivateIPv4Address: address?.PrivateIPv4Address,
      IPv6Address: address?.IPv6Address,
      SourceNatIpv6Prefix: SourceNatIpv6Prefixes[0],
    });
  });
}
