import type { AddTagsInput, DescribeTagsInput, RemoveTagsInput } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { listTags, putTags } from '../core/tags.ts';
import type { World } from '../core/world.ts';

/** The thing of an ARN that has tags; the error names its kind. */
export function findTagged(world: World, arn: string): { tags: Map<string, string> } {
  const { elb } = world;
  const kind = /^arn:aws:elasticloadbalancing:[^:]*:[^:]*:([a-z-]+)\//.exec(arn)?.[1];
  switch (kind) {
    case 'loadbalancer':
      return elb.loadBalancers.get(arn) ?? refuse('LoadBalancerNotFound', `Load balancer '${arn}' not found`);
    case 'targetgroup':
      return elb.targetGroups.get(arn) ?? refuse('TargetGroupNotFound', `Target group '${arn}' not found`);
    case 'listener':
      return elb.listeners.get(arn) ?? refuse('ListenerNotFound', `Listener '${arn}' not found`);
    case 'listener-rule':
      return elb.rules.get(arn)?.rule ?? refuse('RuleNotFound', `Rule '${arn}' not found`);
    case 'truststore':
      return elb.trustStores.get(arn) ?? refuse('TrustStoreNotFound', `Trust store '${arn}' not found`);
    default:
      return refuse('ValidationError', `'${arn}' is not a valid resource ARN`);
  }
}

export function addTags(world: World, input: Given<AddTagsInput>) {
  const resources = checkArns(input.ResourceArns).map((arn) => findTagged(world, arn));
  const next = resources.map(({ tags }) => putTags(input.Tags, tags));
  resources.forEach((resource, index) => {
    resource.tags = next[index] ?? resource.tags;
  });
  return {};
}

export function removeTags(world: World, input: Given<RemoveTagsInput>) {
  for (const { tags } of checkArns(input.ResourceArns).map((arn) => findTagged(world, arn))) {
    for (const key of input.TagKeys) tags.delete(key);
  }
  return {};
}

export function describeTags(world: World, input: Given<DescribeTagsInput>) {
  return {
    TagDescriptions: checkArns(input.ResourceArns).map((ResourceArn) => ({
      ResourceArn,
      Tags: listTags(findTagged(world, ResourceArn).tags),
    })),
  };
}

function checkArns(arns: readonly string[]): readonly string[] {
  if (arns.length === 0) refuse('ValidationError', 'At least one resource ARN must be specified');
  if (arns.length > 20) refuse('ValidationError', 'Up to 20 resource ARNs can be specified in one call');
  return arns;
}
