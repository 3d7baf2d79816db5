/** Resource Groups Tagging: everything tagged of a Region in pages, filtered by tag and type. */
import * as sdk from '@aws-sdk/client-resource-groups-tagging-api';
import { type Action, type Given, rowsOf } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';
import { listTags, type Tags } from '../core/tags.ts';
import type { World } from '../core/world.ts';

export function taggingActions(world: World): readonly Action[] {
  return [rowsOf(world)(sdk.GetResources$, 'read', getResources)];
}

interface Tagged {
  readonly arn: string;
  /** `service:type`, as ResourceTypeFilters name it. */
  readonly type: string;
  readonly tags: Tags;
}

function* everything(world: World): Generator<Tagged> {
  const { elb, ec2, acm } = world;
  for (const { arn, tags } of elb.loadBalancers.list()) yield { arn, tags, type: 'elasticloadbalancing:loadbalancer' };
  for (const { arn, tags } of elb.targetGroups.list()) yield { arn, tags, type: 'elasticloadbalancing:targetgroup' };
  for (const { arn, tags } of elb.listeners.list()) yield { arn, tags, type: 'elasticloadbalancing:listener' };
  for (const { rule } of elb.rules.list())
    yield { arn: rule.arn, tags: rule.tags, type: 'elasticloadbalancing:listener-rule' };
  for (const { arn, tags } of elb.trustStores.list()) yield { arn, tags, type: 'elasticloadbalancing:truststore' };
  for (const { GroupId, tags } of ec2.securityGroups.list()) {
    yield { arn: world.arn('ec2', `security-group/${GroupId}`), tags, type: 'ec2:security-group' };
  }
  for (const { SubnetId, tags } of ec2.subnets.list())
    yield { arn: world.arn('ec2', `subnet/${SubnetId}`), tags, type: 'ec2:subnet' };
  for (const { VpcId, tags } of ec2.vpcs.list()) yield { arn: world.arn('ec2', `vpc/${VpcId}`), tags, type: 'ec2:vpc' };
  for (const { CertificateArn, tags } of acm.certificates.list())
    yield { arn: CertificateArn, tags, type: 'acm:certificate' };
}

function getResources(world: World, input: Given<sdk.GetResourcesInput>) {
  const { TagFilters: filters = [], ResourceTypeFilters: types = [], ResourceARNList: arns } = input;
  if (arns?.length && (filters.length > 0 || types.length > 0 || input.ResourcesPerPage !== undefined)) {
    refuse('InvalidParameterException', 'ResourceARNList cannot stand beside filters and pages');
  }
  if (filters.length > 50) refuse('InvalidParameterException', 'Up to 50 tag filters can be given');
  if (new Set(filters.map(({ Key }) => Key)).size < filters.length)
    refuse('InvalidParameterException', 'A tag key appears in two filters');
  if (input.TagsPerPage !== undefined)
    refuse('InvalidParameterException', 'TagsPerPage is not what a controller needs: use ResourcesPerPage');
  const found: Tagged[] = [];
  for (const each of everything(world)) {
    // Only what is tagged, or was, is known to this API.
    if (each.tags.size === 0 || (arns?.length && !arns.includes(each.arn))) continue;
    if (types.length > 0 && !types.some((type) => each.type === type || each.type.startsWith(`${type}:`))) continue;
    if (filters.every(({ Key = '', Values = [] }) => holds(each.tags.get(Key), Values))) found.push(each);
  }
  const { items, next } = page(
    found,
    ({ arn }) => arn,
    { marker: input.PaginationToken, size: input.ResourcesPerPage ?? (arns?.length ? 100 : 50), most: 100 },
    'PaginationTokenExpiredException',
  );
  // The last page has an empty token, not none.
  return {
    PaginationToken: next ?? '',
    ResourceTagMappingList: items.map(({ arn, tags }) => ({ ResourceARN: arn, Tags: listTags(tags) })),
  };
}

function holds(value: string | undefined, values: readonly string[]): boolean {
  return value !== undefined && (values.length === 0 || values.includes(value));
}
