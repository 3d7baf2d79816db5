/** WAFv2: which web ACL guards which application load balancer. */
import * as sdk from '@aws-sdk/client-wafv2';
import { type Action, type Given, rowsOf } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';
import type { World } from '../core/world.ts';

export function wafActions(world: World): readonly Action[] {
  const row = rowsOf(world);
  return [
    row(sdk.GetWebACLForResource$, 'read', getWebAclForResource),
    row(sdk.AssociateWebACL$, 'write', associateWebAcl),
    row(sdk.DisassociateWebACL$, 'write', disassociateWebAcl),
    row(sdk.ListWebACLs$, 'read', listWebAcls),
    row(sdk.ListResourcesForWebACL$, 'read', listResourcesForWebAcl),
  ];
}

const idOf = (arn: string): string => arn.split('/').at(-1) ?? arn;

function getWebAclForResource(world: World, input: Given<sdk.GetWebACLForResourceRequest>) {
  findGuarded(world, input.ResourceArn);
  const arn = world.webAclOf.get(input.ResourceArn);
  if (arn === undefined) return {};
  return {
    WebACL: {
      Name: world.webAcls.get(arn) ?? '',
      Id: idOf(arn),
      ARN: arn,
      DefaultAction: { Allow: {} },
      VisibilityConfig: { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: 'none' },
    },
  };
}

function associateWebAcl(world: World, input: Given<sdk.AssociateWebACLRequest>) {
  findGuarded(world, input.ResourceArn);
  if (!world.webAcls.has(input.WebACLArn)) {
    refuse(
      'WAFNonexistentItemException',
      `AWS WAF couldn't perform the operation because your resource doesn't exist: ${input.WebACLArn}`,
    );
  }
  world.webAclOf.set(input.ResourceArn, input.WebACLArn);
  return {};
}

function disassociateWebAcl(world: World, input: Given<sdk.DisassociateWebACLRequest>) {
  findGuarded(world, input.ResourceArn);
  world.webAclOf.delete(input.ResourceArn);
  return {};
}

function listWebAcls(world: World, input: Given<sdk.ListWebACLsRequest>) {
  const all = input.Scope === 'REGIONAL' ? [...world.webAcls] : [];
  const { items, next } = page(
    all,
    ([arn]) => arn,
    { marker: input.NextMarker, size: input.Limit, most: 100 },
    'WAFInvalidParameterException',
  );
  return { WebACLs: items.map(([ARN, Name]) => ({ ARN, Name, Id: idOf(ARN) })), NextMarker: next };
}

function listResourcesForWebAcl(world: World, input: Given<sdk.ListResourcesForWebACLRequest>) {
  if (!world.webAcls.has(input.WebACLArn))
    refuse('WAFNonexistentItemException', `There is no web ACL ${input.WebACLArn}`);
  return { ResourceArns: [...world.webAclOf].filter(([, acl]) => acl === input.WebACLArn).map(([arn]) => arn) };
}

function findGuarded(world: World, arn: string): void {
  const balancer = world.elb.loadBalancers.get(arn);
  if (balancer === undefined) refuse('WAFNonexistentItemException', `There is no resource ${arn}`);
  if (balancer.type !== 'application') refuse('WAFInvalidParameterException', `A web ACL cannot guard ${arn}`);
}
