/** Every action of ELBv2 that the fake knows. */
import * as sdk from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Action, rowsOf } from '../core/action.ts';
import type { World } from '../core/world.ts';
import { describeAccountLimits, describeSslPolicies } from './account.ts';
import { describeListenerAttributes, modifyListenerAttributes } from './listener-attributes.ts';
import {
  addListenerCertificates,
  describeListenerCertificates,
  removeListenerCertificates,
} from './listener-certificates.ts';
import { createListener, deleteListener, describeListeners, modifyListener } from './listeners.ts';
import { describeLoadBalancerAttributes, modifyLoadBalancerAttributes } from './load-balancer-attributes.ts';
import { createLoadBalancer, deleteLoadBalancer, describeLoadBalancers } from './load-balancers.ts';
import { createRule, deleteRule, describeRules, modifyRule, setRulePriorities } from './rules.ts';
import {
  describeCapacityReservation,
  modifyCapacityReservation,
  modifyIpPools,
  setIpAddressType,
  setSecurityGroups,
  setSubnets,
} from './set-balancer.ts';
import { addTags, describeTags, removeTags } from './tags.ts';
import { describeTargetGroupAttributes, modifyTargetGroupAttributes } from './target-group-attributes.ts';
import { createTargetGroup, deleteTargetGroup, describeTargetGroups, modifyTargetGroup } from './target-groups.ts';
import { deregisterTargets, describeTargetHealth, registerTargets } from './targets.ts';
import * as trust from './trust-stores.ts';

export function elbActions(world: World): readonly Action[] {
  const row = rowsOf(world);
  return [
    row(sdk.CreateLoadBalancer$, 'write', createLoadBalancer),
    row(sdk.DescribeLoadBalancers$, 'read', describeLoadBalancers),
    row(sdk.DeleteLoadBalancer$, 'write', deleteLoadBalancer),
    row(sdk.DescribeLoadBalancerAttributes$, 'read', describeLoadBalancerAttributes),
    row(sdk.ModifyLoadBalancerAttributes$, 'write', modifyLoadBalancerAttributes),
    row(sdk.SetSubnets$, 'write', setSubnets),
    row(sdk.SetSecurityGroups$, 'write', setSecurityGroups),
    row(sdk.SetIpAddressType$, 'write', setIpAddressType),
    row(sdk.ModifyCapacityReservation$, 'write', modifyCapacityReservation),
    row(sdk.DescribeCapacityReservation$, 'read', describeCapacityReservation),
    row(sdk.ModifyIpPools$, 'write', modifyIpPools),
    row(sdk.CreateTargetGroup$, 'write', createTargetGroup),
    row(sdk.ModifyTargetGroup$, 'write', modifyTargetGroup),
    row(sdk.DeleteTargetGroup$, 'write', deleteTargetGroup),
    row(sdk.DescribeTargetGroups$, 'read', describeTargetGroups),
    row(sdk.DescribeTargetGroupAttributes$, 'read', describeTargetGroupAttributes),
    row(sdk.ModifyTargetGroupAttributes$, 'write', modifyTargetGroupAttributes),
    row(sdk.RegisterTargets$, 'targets', registerTargets),
    row(sdk.DeregisterTargets$, 'targets', deregisterTargets),
    row(sdk.DescribeTargetHealth$, 'read', describeTargetHealth),
    row(sdk.CreateListener$, 'write', createListener),
    row(sdk.ModifyListener$, 'write', modifyListener),
    row(sdk.DeleteListener$, 'write', deleteListener),
    row(sdk.DescribeListeners$, 'read', describeListeners),
    row(sdk.DescribeListenerAttributes$, 'read', describeListenerAttributes),
    row(sdk.ModifyListenerAttributes$, 'write', modifyListenerAttributes),
    row(sdk.AddListenerCertificates$, 'write', addListenerCertificates),
    row(sdk.RemoveListenerCertificates$, 'write', removeListenerCertificates),
    row(sdk.DescribeListenerCertificates$, 'read', describeListenerCertificates),
    row(sdk.CreateRule$, 'write', createRule),
    row(sdk.ModifyRule$, 'write', modifyRule),
    row(sdk.DeleteRule$, 'write', deleteRule),
    row(sdk.DescribeRules$, 'read', describeRules),
    row(sdk.SetRulePriorities$, 'write', setRulePriorities),
    row(sdk.AddTags$, 'write', addTags),
    row(sdk.RemoveTags$, 'write', removeTags),
    row(sdk.DescribeTags$, 'read', describeTags),
    row(sdk.DescribeAccountLimits$, 'read', describeAccountLimits),
    row(sdk.DescribeSSLPolicies$, 'read', describeSslPolicies),
    row(sdk.CreateTrustStore$, 'write', trust.createTrustStore),
    row(sdk.ModifyTrustStore$, 'write', trust.modifyTrustStore),
    row(sdk.DeleteTrustStore$, 'write', trust.deleteTrustStore),
    row(sdk.DescribeTrustStores$, 'read', trust.describeTrustStores),
    row(sdk.AddTrustStoreRevocations$, 'write', trust.addTrustStoreRevocations),
    row(sdk.RemoveTrustStoreRevocations$, 'write', trust.removeTrustStoreRevocations),
    row(sdk.DescribeTrustStoreRevocations$, 'read', trust.describeTrustStoreRevocations),
    row(sdk.DescribeTrustStoreAssociations$, 'read', trust.describeTrustStoreAssociations),
    row(sdk.GetTrustStoreCaCertificatesBundle$, 'read', trust.getTrustStoreCaCertificatesBundle),
    row(sdk.GetTrustStoreRevocationContent$, 'read', trust.getTrustStoreRevocationContent),
    row(sdk.GetResourcePolicy$, 'read', trust.getResourcePolicy),
    row(sdk.DeleteSharedTrustStoreAssociation$, 'write', trust.deleteSharedTrustStoreAssociation),
  ];
}
