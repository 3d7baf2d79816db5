/** Ranges of ELBv2's parameters: those of AWS's own service model (version 2015-12-01), weights and durations from the API reference. */
import type { Range } from '../core/validate.ts';

const port: Range = [1, 65_535];
const pageSize: Range = [1, 400];
const check = (input: string): Record<string, Range> => ({
  [`${input}.HealthCheckIntervalSeconds`]: [5, 300],
  [`${input}.HealthCheckTimeoutSeconds`]: [2, 120],
  [`${input}.HealthyThresholdCount`]: [2, 10],
  [`${input}.UnhealthyThresholdCount`]: [2, 10],
  [`${input}.HealthCheckPath`]: [1, 1024],
});
/** An empty list of tags is refused, none is fine. */
const tagged = [
  'AddTags',
  'CreateListener',
  'CreateLoadBalancer',
  'CreateRule',
  'CreateTargetGroup',
  'CreateTrustStore',
];
const paged = [
  'DescribeAccountLimits',
  'DescribeListenerCertificates',
  'DescribeListeners',
  'DescribeLoadBalancers',
  'DescribeRules',
  'DescribeSSLPolicies',
  'DescribeTargetGroups',
  'DescribeTrustStoreAssociations',
  'DescribeTrustStoreRevocations',
  'DescribeTrustStores',
];

export const elbRanges: Readonly<Record<string, Range>> = {
  ...check('CreateTargetGroupInput'),
  ...check('ModifyTargetGroupInput'),
  ...Object.fromEntries(paged.map((name): [string, Range] => [`${name}Input.PageSize`, pageSize])),
  'CreateTargetGroupInput.Port': port,
  'CreateTargetGroupInput.TargetControlPort': port,
  'CreateListenerInput.Port': port,
  'ModifyListenerInput.Port': port,
  'TargetDescription.Port': port,
  'CreateRuleInput.Priority': [1, 50_000],
  'RulePriorityPair.Priority': [1, 50_000],
  'TargetGroupTuple.Weight': [0, 999],
  'TargetGroupStickinessConfig.DurationSeconds': [1, 604_800],
  'Action.Order': [1, 50_000],
  'RedirectActionConfig.Host': [1, 128],
  'RedirectActionConfig.Path': [1, 128],
  'RedirectActionConfig.Query': [0, 128],
  'FixedResponseActionConfig.MessageBody': [0, 1024],
  'FixedResponseActionConfig.ContentType': [0, 32],
  'LoadBalancerAttribute.Key': [0, 256],
  'LoadBalancerAttribute.Value': [0, 1024],
  'ListenerAttribute.Key': [0, 256],
  'TargetGroupAttribute.Key': [0, 256],
  'ModifyLoadBalancerAttributesInput.Attributes': [0, 20],
  'TargetDescription.QuicServerId': [1, 256],
  'RuleCondition.Field': [0, 64],
  'CreateTrustStoreInput.Name': [1, 32],
  ...Object.fromEntries(tagged.map((name): [string, Range] => [`${name}Input.Tags`, [1, Number.POSITIVE_INFINITY]])),
  'AuthenticateOidcActionConfig.SessionTimeout': [1, 604_800],
  'AuthenticateCognitoActionConfig.SessionTimeout': [1, 604_800],
};

export const elbPatterns: Readonly<Record<string, RegExp>> = {
  'CreateTrustStoreInput.Name': /^([a-zA-Z0-9]+-)*[a-zA-Z0-9]+$/,
  'FixedResponseActionConfig.StatusCode': /^(2|4|5)\d\d$/,
  'IpamPools.Ipv4IpamPoolId': /^(ipam-pool-)[a-zA-Z0-9]+$/,
  'ListenerAttribute.Key': /^[a-zA-Z0-9._]+$/,
  'LoadBalancerAttribute.Key': /^[a-zA-Z0-9._]+$/,
  'TargetGroupAttribute.Key': /^[a-zA-Z0-9._]+$/,
  'RedirectActionConfig.Protocol': /^(HTTPS?|#\{protocol\})$/,
};
