/** Options of a balancer on AWS: the account's place, what is discovered by default, what weir may do without being asked again. */
import { z } from 'zod';
import {
  arn,
  attributes,
  idOrName,
  ipAddressType,
  loadBalancerType,
  scheme,
  securityGroupId,
  tagKey,
  tags,
  vpcId,
} from './words.ts';

const limits = z.strictObject({
  callsPerSecond: z.number().positive().default(10).describe('Reading calls a second, of account and region together.'),
  burst: z.int().positive().default(40).describe('Reading calls at once.'),
  writesPerSecond: z.number().positive().default(3).describe('Changing calls a second.'),
  writeBurst: z.int().positive().default(20).describe('Changing calls at once.'),
  targetsPerSecond: z.number().positive().default(4).describe('RegisterTargets and DeregisterTargets calls a second.'),
  targetsBurst: z.int().positive().default(20).describe('RegisterTargets and DeregisterTargets calls at once.'),
});

export const options = z.strictObject({
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as eu-west-1')
    .optional()
    .describe('Default: $AWS_REGION, the profile, or the instance metadata.'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Another endpoint for every API; default: $AWS_ENDPOINT_URL.'),
  profile: z.string().optional().describe('Profile of the shared credentials; default: the default chain.'),
  assumeRole: arn.optional().describe('ARN of a role to assume.'),
  externalId: z.string().optional().describe('External id for the role.'),
  clusterName: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[A-Za-z0-9][\w.-]*$/, 'must be letters, digits, - . _')
    .default('weir')
    .describe(
      'Name in ownership tags and in generated names; that of aws-load-balancer-controller to take over from it.',
    ),
  vpcId: vpcId.optional().describe('Default: by `vpcTags`, else that of the instance metadata.'),
  vpcTags: z.record(z.string(), z.string()).optional().describe('Tags of the VPC, in place of its id.'),
  subnets: z.array(idOrName).min(1).optional().describe('Subnets for every load balancer without its own.'),
  requireClusterTag: z
    .boolean()
    .default(false)
    .describe('Discover only subnets that carry the tag kubernetes.io/cluster/NAME.'),
  securityGroups: z
    .array(idOrName)
    .max(5)
    .optional()
    .describe('Security groups of every load balancer without its own, in place of managed ones.'),
  backendSecurityGroup: securityGroupId
    .optional()
    .describe('Group that nodes and pods let in; default: one that weir makes and all load balancers share.'),
  manageBackendRules: z
    .boolean()
    .default(true)
    .describe('Open the security groups of nodes and pods to the back-end group.'),
  restrictPorts: z.boolean().default(true).describe('Open the ports in use only; false: every port.'),
  scheme: scheme.default('internal').describe('Where a service says nothing and nothing exists.'),
  type: loadBalancerType.optional().describe('Default: by the protocols of the service.'),
  ipAddressType: ipAddressType.default('ipv4').describe('Where a service says nothing.'),
  sslPolicy: z
    .string()
    .regex(/^ELBSecurityPolicy-[\w-]+$/)
    .default('ELBSecurityPolicy-2016-08')
    .describe('Where a service says nothing.'),
  attributes: attributes
    .default({})
    .describe('Load balancer attributes of every load balancer; those of a service win.'),
  tags: tags.default({}).describe('Tags of everything that weir makes.'),
  externalManagedTags: z
    .array(tagKey)
    .default([])
    .describe('Tag keys that somebody else writes: left alone, and refused in services.'),
  groups: z
    .enum(['any', 'namespace', 'none'])
    .default('any')
    .describe('Who may share a load balancer: services of any namespace, of one, nobody.'),
  groupNamespaces: z
    .record(z.string(), z.array(z.string()).min(1))
    .default({})
    .describe('Group → namespaces whose services may join it; a group that is not named: by `groups`.'),
  adopt: z
    .strictObject({
      arns: z.array(arn).default([]).describe('Load balancers that services may name in `adopt`.'),
      tags: z
        .record(z.string(), z.string())
        .default({})
        .describe('Load balancers with all of these tags may be named too.'),
    })
    .prefault({})
    .describe('Load balancers made by somebody else (Terraform …) that services may take over.'),
  allow: z
    .strictObject({
      replaceAdopted: z.boolean().default(false).describe('Replace adopted load balancers when type or scheme change.'),
      replace: z
        .boolean()
        .default(true)
        .describe('Replace own load balancers when type or scheme change: the DNS name changes.'),
    })
    .prefault({})
    .describe('Consent to what takes something away from clients.'),
  orphans: z
    .enum(['keep', 'delete'])
    .default('keep')
    .describe(
      'What carries the tags of the cluster and weir was never asked for: keep, it is left alone and told (W_ORPHAN); delete, everything that no service asks for goes, what aws-load-balancer-controller or another weir of this clusterName has made too. delete only where weir is given every service of the cluster.',
    ),
  waf: z.boolean().default(true).describe('Associate web ACLs (needs wafv2 permissions).'),
  shield: z
    .boolean()
    .default(true)
    .describe('Protect with Shield Advanced where a service asks (needs shield permissions).'),
  certificateDiscovery: z.boolean().default(true).describe('Find certificates in ACM by host where none are named.'),
  quotas: z
    .record(z.string(), z.int().positive())
    .default({})
    .describe('Limits of the account by their name in DescribeAccountLimits, where they cannot be read.'),
  limits: limits.prefault({}).describe('Call budget.'),
});

export type Options = z.infer<typeof options>;
