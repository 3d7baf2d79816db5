/** Shield Advanced: protections of load balancers. */
import * as sdk from '@aws-sdk/client-shield';
import { type Action, type Given, rowsOf } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';
import type { World } from '../core/world.ts';

export function shieldActions(world: World): readonly Action[] {
  const row = rowsOf(world);
  return [
    row(sdk.GetSubscriptionState$, 'read', getSubscriptionState),
    row(sdk.DescribeProtection$, 'read', describeProtection),
    row(sdk.ListProtections$, 'read', listProtections),
    row(sdk.CreateProtection$, 'write', createProtection),
    row(sdk.DeleteProtection$, 'write', deleteProtection),
  ];
}

function getSubscriptionState(world: World) {
  return { SubscriptionState: world.shieldSubscribed ? 'ACTIVE' : 'INACTIVE' };
}

function describeProtection(world: World, input: Given<sdk.DescribeProtectionRequest>) {
  if ((input.ProtectionId === undefined) === (input.ResourceArn === undefined)) {
    refuse('InvalidParameterException', 'You must specify either the ID or the resource of a protection');
  }
  const found = [...world.protections.values()].find(
    ({ Id, ResourceArn }) => Id === input.ProtectionId || ResourceArn === input.ResourceArn,
  );
  if (found === undefined) refuse('ResourceNotFoundException', 'The referenced protection does not exist.');
  return { Protection: { ...found } };
}

function listProtections(world: World, input: Given<sdk.ListProtectionsRequest>) {
  const { items, next } = page(
    [...world.protections.values()],
    ({ Id }) => Id,
    { marker: input.NextToken, size: input.MaxResults, most: 1000 },
    'InvalidPaginationTokenException',
  );
  return { Protections: items.map((found) => ({ ...found })), NextToken: next };
}

function createProtection(world: World, input: Given<sdk.CreateProtectionRequest>) {
  if (!world.shieldSubscribed) {
    refuse('ResourceNotFoundException', 'The subscription does not exist.');
  }
  const balancer = world.elb.loadBalancers.get(input.ResourceArn);
  if (balancer === undefined || balancer.type !== 'application')
    refuse('InvalidResourceException', `Unrecognized resource '${input.ResourceArn}'`);
  for (const { ResourceArn } of world.protections.values()) {
    if (ResourceArn === input.ResourceArn)
      refuse('ResourceAlreadyExistsException', `The resource ${ResourceArn} is already protected.`);
  }
  const Id = world.ids.uuid();
  world.protections.set(Id, { Id, Name: input.Name, ResourceArn: input.ResourceArn });
  return { ProtectionId: Id };
}

function deleteProtection(world: World, input: Given<sdk.DeleteProtectionRequest>) {
  if (!world.protections.delete(input.ProtectionId))
    refuse('ResourceNotFoundException', 'The referenced protection does not exist.');
  return {};
}
