import type { Handle } from '../../src/model/index.ts';
import type { Call, Ec2Call, ElbCall, GuardCall } from './apply-call.ts';
import type { Clients } from './clients.ts';

/** Sends one call. Answers the handle of what a create has made. Throws WeirError. */
export async function send(clients: Clients, call: Call, signal: AbortSignal): Promise<Handle | undefined> {
  if (isEc2(call)) return await sendEc2(clients, call, signal);
  if (isGuard(call)) return await sendGuard(clients, call, signal);
  return await sendElb(clients, call, signal);
}

const guards: readonly string[] = ['AssociateWebACL', 'DisassociateWebACL', 'CreateProtection', 'Unprotect'];
const ec2: readonly string[] = ['CreateTags', 'DeleteTags'];

function isGuard(call: Call): call is GuardCall {
  return guards.includes(call.name);
}

function isEc2(call: Call): call is Ec2Call {
  return call.name.includes('SecurityGroup') ? call.name !== 'SetSecurityGroups' : ec2.includes(call.name);
}

async function sendElb(clients: Clients, { name, input }: ElbCall, abortSignal: AbortSignal) {
  const [sdk, elb] = await Promise.all([import('@aws-sdk/client-elastic-load-balancing-v2'), clients.elb()]);
  const how = { abortSignal };
  switch (name) {
    case 'CreateLoadBalancer':
      return (await elb.send(new sdk.CreateLoadBalancerCommand(input), how)).LoadBalancers?.[0]?.LoadBalancerArn;
    case 'CreateTargetGroup':
      return (await elb.send(new sdk.CreateTargetGroupCommand(input), how)).TargetGroups?.[0]?.TargetGroupArn;
    case 'CreateListener':
      return (await elb.send(new sdk.CreateListenerCommand(input), how)).Listeners?.[0]?.ListenerArn;
    case 'CreateRule':
      return (await elb.send(new sdk.CreateRuleCommand(input), how)).Rules?.[0]?.RuleArn;
    case 'DeleteLoadBalancer':
      await elb.send(new sdk.DeleteLoadBalancerCommand(input), how);
      return undefined;
    case 'ModifyLoadBalancerAttributes':
      await elb.send(new sdk.ModifyLoadBalancerAttributesCommand(input), how);
      return undefined;
    case 'SetSubnets':
      await elb.send(new sdk.SetSubnetsCommand(input), how);
      return undefined;
    case 'SetSecurityGroups':
      await elb.send(new sdk.SetSecurityGroupsCommand(input), how);
      return undefined;
    case 'SetIpAddressType':
      await elb.send(new sdk.SetIpAddressTypeCommand(input), how);
      return undefined;
    case 'ModifyCapacityReservation':
      await elb.send(new sdk.ModifyCapacityReservationCommand(input), how);
      return undefined;
    case 'ModifyIpPools':
      await elb.send(new sdk.ModifyIpPoolsCommand(input), how);
      return undefined;
    case 'ModifyTargetGroup':
      await elb.send(new sdk.ModifyTargetGroupCommand(input), how);
      return undefined;
    case 'ModifyTargetGroupAttributes':
      await elb.send(new sdk.ModifyTargetGroupAttributesCommand(input), how);
      return undefined;
    case 'DeleteTargetGroup':
      await elb.send(new sdk.DeleteTargetGroupCommand(input), how);
      return undefined;
    case 'RegisterTargets':
      await elb.send(new sdk.RegisterTargetsCommand(input), how);
      return undefined;
    case 'DeregisterTargets':
      await elb.send(new sdk.DeregisterTargetsCommand(input), how);
      return undefined;
    case 'ModifyListener':
      await elb.send(new sdk.ModifyListenerCommand(input), how);
      return undefined;
    case 'ModifyListenerAttributes':
      await elb.send(new sdk.ModifyListenerAttributesCommand(input), how);
      return undefined;
    case 'DeleteListener':
      await elb.send(new sdk.DeleteListenerCommand(input), how);
      return undefined;
    case 'AddListenerCertificates':
      await elb.send(new sdk.AddListenerCertificatesCommand(input), how);
      return undefined;
    case 'RemoveListenerCertificates':
      await elb.send(new sdk.RemoveListenerCertificatesCommand(input), how);
      return undefined;
    case 'ModifyRule':
      await elb.send(new sdk.ModifyRuleCommand(input), how);
      return undefined;
    case 'DeleteRule':
      await elb.send(new sdk.DeleteRuleCommand(input), how);
      return undefined;
    case 'SetRulePriorities':
      await elb.send(new sdk.SetRulePrioritiesCommand(input), how);
      return undefined;
    case 'AddTags':
      await elb.send(new sdk.AddTagsCommand(input), how);
      return undefined;
    case 'RemoveTags':
      await elb.send(new sdk.RemoveTagsCommand(input), how);
      return undefined;
  }
}

async function sendEc2(clients: Clients, { name, input }: Ec2Call, abortSignal: AbortSignal) {
  const [sdk, client] = await Promise.all([import('@aws-sdk/client-ec2'), clients.ec2()]);
  const how = { abortSignal };
  switch (name) {
    case 'CreateSecurityGroup':
      return (await client.send(new sdk.CreateSecurityGroupCommand(input), how)).GroupId;
    case 'AuthorizeSecurityGroupIngress': {
      const { SecurityGroupRules } = await client.send(new sdk.AuthorizeSecurityGroupIngressCommand(input), how);
      return SecurityGroupRules?.[0]?.SecurityGroupRuleId;
    }
    case 'DeleteSecurityGroup':
      await client.send(new sdk.DeleteSecurityGroupCommand(input), how);
      return undefined;
    case 'RevokeSecurityGroupIngress':
      await client.send(new sdk.RevokeSecurityGroupIngressCommand(input), how);
      return undefined;
    case 'UpdateSecurityGroupRuleDescriptionsIngress':
      await client.send(new sdk.UpdateSecurityGroupRuleDescriptionsIngressCommand(input), how);
      return undefined;
    case 'ModifySecurityGroupRules':
      await client.send(new sdk.ModifySecurityGroupRulesCommand(input), how);
      return undefined;
    case 'CreateTags':
      await client.send(new sdk.CreateTagsCommand(input), how);
      return undefined;
    case 'DeleteTags':
      await client.send(new sdk.DeleteTagsCommand(input), how);
      return undefined;
  }
}

async function sendGuard(clients: Clients, { name, input }: GuardCall, abortSignal: AbortSignal): Promise<undefined> {
  const how = { abortSignal };
  if (name === 'AssociateWebACL' || name === 'DisassociateWebACL') {
    const [sdk, waf] = await Promise.all([import('@aws-sdk/client-wafv2'), clients.wafv2()]);
    if (name === 'AssociateWebACL') await waf.send(new sdk.AssociateWebACLCommand(input), how);
    else await waf.send(new sdk.DisassociateWebACLCommand(input), how);
    return;
  }
  const [sdk, shield] = await Promise.all([import('@aws-sdk/client-shield'), clients.shield()]);
  if (name === 'CreateProtection') {
    await shield.send(new sdk.CreateProtectionCommand(input), how);
    return;
  }
  const { Protection } = await shield.send(new sdk.DescribeProtectionCommand(input), how);
  const ProtectionId = Protection?.Id;
  if (ProtectionId !== undefined) await shield.send(new sdk.DeleteProtectionCommand({ ProtectionId }), how);
}
