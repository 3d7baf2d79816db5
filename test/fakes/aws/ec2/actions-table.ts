/** Every action of EC2 that the fake knows: what a load balancer controller and a seeding need. */
import * as sdk from '@aws-sdk/client-ec2';
import { type Action, rowsOf } from '../core/action.ts';
import type { World } from '../core/world.ts';
import * as machines from './machines.ts';
import * as networks from './networks.ts';
import * as groups from './security-groups.ts';
import * as tags from './tags.ts';

export function ec2Actions(world: World): readonly Action[] {
  const row = rowsOf(world);
  return [
    row(sdk.CreateVpc$, 'write', networks.createVpc),
    row(sdk.DescribeVpcs$, 'read', networks.describeVpcs),
    row(sdk.CreateSubnet$, 'write', networks.createSubnet),
    row(sdk.DeleteSubnet$, 'write', networks.deleteSubnet),
    row(sdk.DescribeSubnets$, 'read', networks.describeSubnets),
    row(sdk.CreateRouteTable$, 'write', networks.createRouteTable),
    row(sdk.CreateRoute$, 'write', networks.createRoute),
    row(sdk.AssociateRouteTable$, 'write', networks.associateRouteTable),
    row(sdk.DescribeRouteTables$, 'read', networks.describeRouteTables),
    row(sdk.CreateInternetGateway$, 'write', networks.createInternetGateway),
    row(sdk.AttachInternetGateway$, 'write', networks.attachInternetGateway),
    row(sdk.DescribeInternetGateways$, 'read', networks.describeInternetGateways),
    row(sdk.CreateSecurityGroup$, 'write', groups.createSecurityGroup),
    row(sdk.DeleteSecurityGroup$, 'write', groups.deleteSecurityGroup),
    row(sdk.DescribeSecurityGroups$, 'read', groups.describeSecurityGroups),
    row(sdk.DescribeSecurityGroupRules$, 'read', groups.describeSecurityGroupRules),
    row(sdk.AuthorizeSecurityGroupIngress$, 'write', groups.authorizeIngress),
    row(sdk.AuthorizeSecurityGroupEgress$, 'write', groups.authorizeEgress),
    row(sdk.RevokeSecurityGroupIngress$, 'write', groups.revokeIngress),
    row(sdk.RevokeSecurityGroupEgress$, 'write', groups.revokeEgress),
    row(sdk.ModifySecurityGroupRules$, 'write', groups.modifySecurityGroupRules),
    row(sdk.UpdateSecurityGroupRuleDescriptionsIngress$, 'write', groups.updateDescriptionsIngress),
    row(sdk.RunInstances$, 'write', machines.runInstances),
    row(sdk.DescribeInstances$, 'read', machines.describeInstances),
    row(sdk.DescribeNetworkInterfaces$, 'read', machines.describeNetworkInterfaces),
    row(sdk.ModifyNetworkInterfaceAttribute$, 'write', machines.modifyNetworkInterfaceAttribute),
    row(sdk.AllocateAddress$, 'write', machines.allocateAddress),
    row(sdk.DescribeAddresses$, 'read', machines.describeAddresses),
    row(sdk.CreateManagedPrefixList$, 'write', machines.createManagedPrefixList),
    row(sdk.DescribeManagedPrefixLists$, 'read', machines.describeManagedPrefixLists),
    row(sdk.DescribeAvailabilityZones$, 'read', machines.describeAvailabilityZones),
    row(sdk.CreateTags$, 'write', tags.createTags),
    row(sdk.DeleteTags$, 'write', tags.deleteTags),
    row(sdk.DescribeTags$, 'read', tags.describeTags),
  ];
}
