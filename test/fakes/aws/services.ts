/** The APIs of one account: their tables of actions, protocols and error words. */
import type { Action } from './core/action.ts';
import { type Service, tableOf } from './core/service.ts';
import type { World } from './core/world.ts';
import { ec2Actions } from './ec2/actions-table.ts';
import { elbActions } from './elbv2/actions-table.ts';
import { elbPatterns, elbRanges } from './elbv2/parameters.ts';
import { acmActions } from './other/acm.ts';
import { shieldActions } from './other/shield.ts';
import { stsActions } from './other/sts.ts';
import { taggingActions } from './other/tagging.ts';
import { wafActions } from './other/wafv2.ts';
import { readEnums } from './wire/enums.ts';

type Plan = Omit<Service, 'actions' | 'enums' | 'ranges' | 'patterns' | 'inert' | 'codes'> & {
  readonly client: string;
  readonly table: (world: World) => readonly Action[];
  readonly ranges?: Service['ranges'];
  readonly patterns?: Service['patterns'];
  readonly inert?: readonly string[];
  readonly codes?: Partial<Service['codes']>;
};

const plans: readonly Plan[] = [
  {
    name: 'elasticloadbalancing',
    iam: 'elasticloadbalancing',
    protocol: 'query',
    version: '2015-12-01',
    xmlNamespace: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/',
    client: 'elastic-load-balancing-v2',
    table: elbActions,
    ranges: elbRanges,
    patterns: elbPatterns,
    codes: { throttled: 'Throttling', denied: 'AccessDenied' },
  },
  {
    name: 'ec2',
    iam: 'ec2',
    protocol: 'ec2',
    version: '2016-11-15',
    xmlNamespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
    client: 'ec2',
    table: ec2Actions,
    ranges: { 'DescribeSubnetsRequest.MaxResults': [5, 1000], 'DescribeSecurityGroupsRequest.MaxResults': [5, 1000] },
    // Instances are all alike here, addresses all of a VPC; tokens of the SDK guard what only a seeding makes.
    inert: [
      'RunInstances.MinCount',
      'RunInstances.ImageId',
      'RunInstances.InstanceType',
      'RunInstances.ClientToken',
      'CreateRouteTable.ClientToken',
      'CreateManagedPrefixList.ClientToken',
      'AllocateAddress.Domain',
    ],
    codes: {
      missing: 'MissingParameter',
      invalid: 'InvalidParameterValue',
      throttled: 'RequestLimitExceeded',
      denied: 'UnauthorizedOperation',
    },
  },
  {
    name: 'acm',
    iam: 'acm',
    protocol: 'json',
    version: 'CertificateManager',
    xmlNamespace: '',
    client: 'acm',
    table: acmActions,
    ranges: { 'ListCertificatesRequest.MaxItems': [1, 1000] },
    inert: ['RequestCertificate.ValidationMethod', 'RequestCertificate.IdempotencyToken'],
    codes: { invalid: 'ValidationException' },
  },
  {
    name: 'tagging',
    iam: 'tag',
    protocol: 'json',
    version: 'ResourceGroupsTaggingAPI_20170126',
    xmlNamespace: '',
    client: 'resource-groups-tagging-api',
    table: taggingActions,
    ranges: { 'GetResourcesInput.ResourcesPerPage': [1, 100], 'GetResourcesInput.ResourceARNList': [1, 100] },
    codes: {
      missing: 'InvalidParameterException',
      invalid: 'InvalidParameterException',
      throttled: 'ThrottledException',
    },
  },
  {
    name: 'wafv2',
    iam: 'wafv2',
    protocol: 'json',
    version: 'AWSWAF_20190729',
    xmlNamespace: '',
    client: 'wafv2',
    table: wafActions,
    codes: { missing: 'WAFInvalidParameterException', invalid: 'WAFInvalidParameterException' },
  },
  {
    name: 'shield',
    iam: 'shield',
    protocol: 'json',
    version: 'AWSShield_20160616',
    xmlNamespace: '',
    client: 'shield',
    table: shieldActions,
    codes: { missing: 'InvalidParameterException', invalid: 'InvalidParameterException' },
  },
  {
    name: 'sts',
    iam: 'sts',
    protocol: 'query',
    version: '2011-06-15',
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    client: 'sts',
    table: stsActions,
    codes: { throttled: 'Throttling', denied: 'AccessDenied' },
  },
];

const words = {
  missing: 'ValidationError',
  invalid: 'ValidationError',
  throttled: 'ThrottlingException',
  denied: 'AccessDeniedException',
};

export function servicesOf(world: World): ReadonlyMap<string, Service> {
  return new Map(
    plans.map(({ client, table, codes, ranges = {}, patterns = {}, inert = [], ...plan }): [string, Service] => [
      plan.name,
      {
        ...plan,
        ranges,
        patterns,
        inert: new Set(inert),
        actions: tableOf(table(world)),
        enums: readEnums(`@aws-sdk/client-${client}`),
        codes: { ...words, ...codes },
      },
    ]),
  );
}
