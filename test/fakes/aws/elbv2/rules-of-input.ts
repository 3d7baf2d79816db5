/** Ranges of ELBv2's parameters (API reference, version 2015-12-01). */
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
  'LoadBalancerAttribute.Key': [1, 256],
  'LoadBalancerAttribute.Value': [0, 1024],
  'AuthenticateOidcActionConfig.SessionTimeout': [1, 604_800],
  'AuthenticateCognitoActionConfig.SessionTimeout': [1, 604_800],
};
