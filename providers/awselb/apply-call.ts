/** Calls that change the account, as data: a step becomes a list of them, which is counted, or sent. */
import type * as Ec2 from '@aws-sdk/client-ec2';
import type * as Elb from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AssociateWebACLCommandInput, DisassociateWebACLCommandInput } from '@aws-sdk/client-wafv2';
import type { Handle, Observed, Step } from '../../src/model/index.ts';
import { type RateClass, rateClassOf } from './rates.ts';

export interface ElbInputs {
  CreateLoadBalancer: Elb.CreateLoadBalancerCommandInput;
  DeleteLoadBalancer: Elb.DeleteLoadBalancerCommandInput;
  ModifyLoadBalancerAttributes: Elb.ModifyLoadBalancerAttributesCommandInput;
  SetSubnets: Elb.SetSubnetsCommandInput;
  SetSecurityGroups: Elb.SetSecurityGroupsCommandInput;
  SetIpAddressType: Elb.SetIpAddressTypeCommandInput;
  ModifyCapacityReservation: Elb.ModifyCapacityReservationCommandInput;
  ModifyIpPools: Elb.ModifyIpPoolsCommandInput;
  CreateTargetGroup: Elb.CreateTargetGroupCommandInput;
  ModifyTargetGroup: Elb.ModifyTargetGroupCommandInput;
  ModifyTargetGroupAttributes: Elb.ModifyTargetGroupAttributesCommandInput;
  DeleteTargetGroup: Elb.DeleteTargetGroupCommandInput;
  RegisterTargets: Elb.RegisterTargetsCommandInput;
  DeregisterTargets: Elb.DeregisterTargetsCommandInput;
  CreateListener: Elb.CreateListenerCommandInput;
  ModifyListener: Elb.ModifyListenerCommandInput;
  ModifyListenerAttributes: Elb.ModifyListenerAttributesCommandInput;
  DeleteListener: Elb.DeleteListenerCommandInput;
  AddListenerCertificates: Elb.AddListenerCertificatesCommandInput;
  RemoveListenerCertificates: Elb.RemoveListenerCertificatesCommandInput;
  CreateRule: Elb.CreateRuleCommandInput;
  ModifyRule: Elb.ModifyRuleCommandInput;
  DeleteRule: Elb.DeleteRuleCommandInput;
  SetRulePriorities: Elb.SetRulePrioritiesCommandInput;
  AddTags: Elb.AddTagsCommandInput;
  RemoveTags: Elb.RemoveTagsCommandInput;
}

export interface Ec2Inputs {
  CreateSecurityGroup: Ec2.CreateSecurityGroupCommandInput;
  DeleteSecurityGroup: Ec2.DeleteSecurityGroupCommandInput;
  AuthorizeSecurityGroupIngress: Ec2.AuthorizeSecurityGroupIngressCommandInput;
  RevokeSecurityGroupIngress: Ec2.RevokeSecurityGroupIngressCommandInput;
  UpdateSecurityGroupRuleDescriptionsIngress: Ec2.UpdateSecurityGroupRuleDescriptionsIngressCommandInput;
  ModifySecurityGroupRules: Ec2.ModifySecurityGroupRulesCommandInput;
  CreateTags: Ec2.CreateTagsCommandInput;
  DeleteTags: Ec2.DeleteTagsCommandInput;
}

/** Web ACLs and Shield Advanced. Unprotect looks the protection up and deletes it. */
export interface GuardInputs {
  AssociateWebACL: AssociateWebACLCommandInput;
  DisassociateWebACL: DisassociateWebACLCommandInput;
  CreateProtection: { readonly ResourceArn: Handle; readonly Name: string };
  Unprotect: { readonly ResourceArn: Handle };
}

type CallIn<Inputs> = { [Name in keyof Inputs]: { readonly name: Name; readonly input: Inputs[Name] } }[keyof Inputs];

export type ElbCall = CallIn<ElbInputs>;
export type Ec2Call = CallIn<Ec2Inputs>;
export type GuardCall = CallIn<GuardInputs>;
export type Call = ElbCall | Ec2Call | GuardCall;

/** What a step comes to. */
export interface Work {
  /** Answers the new handle. */
  readonly create?: Call;
  /** Made by somebody else: the handle of a create that calls nothing. */
  readonly existing?: Handle;
  /** The other calls in their order; `handle`: the object of the step, a new one too. */
  rest(handle: Handle): readonly Call[];
}

/** What the calls of a step depend on besides the step. Their number does not, but where the account already says so. */
export interface View {
  /** The object as it is; undefined when only the number of calls is asked for. */
  readonly now?: Observed | undefined;
  /** The back-end security group that weir made. */
  readonly backendGroup?: Handle | undefined;
  /** OIDC client secret, for a step that brings another one. */
  readonly clientSecret?: string | undefined;
  /** Tags of what has no set of tags: rules in the groups of nodes and pods. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Targets that we have registered in a group of somebody else; undefined: all of them. */
  readonly registered?: ReadonlySet<string> | undefined;
}

export type WorkOf = (step: Step, view: View) => Work;

export const nothing: Work = { rest: () => [] };

/** The call's names in the API. */
export function apiCallsOf({ name }: Pick<Call, 'name'>): readonly string[] {
  return name === 'Unprotect' ? ['DescribeProtection', 'DeleteProtection'] : [name];
}

/** API calls by rate class. */
export function countCalls({ create, rest }: Work): Readonly<Partial<Record<RateClass, number>>> {
  const counts: Partial<Record<RateClass, number>> = {};
  for (const call of [...(create === undefined ? [] : [create]), ...rest('')])
    for (const name of apiCallsOf(call)) counts[rateClassOf(name)] = (counts[rateClassOf(name)] ?? 0) + 1;
  return counts;
}
