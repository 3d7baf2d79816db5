import type { CreateTagsRequest, DeleteTagsRequest, DescribeTagsRequest } from '@aws-sdk/client-ec2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import type { World } from '../core/world.ts';
import { ask, putTags } from './describe.ts';
import type { Tagged } from './state.ts';

interface Kind {
  readonly prefix: string;
  readonly type: string;
  readonly get: (id: string) => Tagged | undefined;
  readonly list: () => readonly (readonly [id: string, Tagged])[];
}

function kindsOf({ ec2 }: World): readonly Kind[] {
  const kind = <T extends Tagged>(
    prefix: string,
    type: string,
    table: { get(id: string): T | undefined; list(): readonly T[] },
    idOf: (row: T) => string,
  ): Kind => ({
    prefix,
    type,
    get: (id) => table.get(id),
    list: () => table.list().map((row) => [idOf(row), row] as const),
  });
  const rules = () => ec2.securityGroups.list().flatMap((group) => [...group.rules.values()]);
  const ruleTable = { get: (id: string) => rules().find((rule) => rule.SecurityGroupRuleId === id), list: rules };
  return [
    kind('vpc-', 'vpc', ec2.vpcs, (row) => row.VpcId),
    kind('subnet-', 'subnet', ec2.subnets, (row) => row.SubnetId),
    kind('rtb-', 'route-table', ec2.routeTables, (row) => row.RouteTableId),
    kind('igw-', 'internet-gateway', ec2.internetGateways, (row) => row.InternetGatewayId),
    kind('sg-', 'security-group', ec2.securityGroups, (row) => row.GroupId),
    kind('sgr-', 'security-group-rule', ruleTable, (row) => row.SecurityGroupRuleId),
    kind('i-', 'instance', ec2.instances, (row) => row.InstanceId),
    kind('eni-', 'network-interface', ec2.interfaces, (row) => row.NetworkInterfaceId),
    kind('eipalloc-', 'elastic-ip', ec2.addresses, (row) => row.AllocationId),
    kind('pl-', 'prefix-list', ec2.prefixLists, (row) => row.PrefixListId),
  ];
}

function find(world: World, id: string): Tagged {
  const kind = kindsOf(world).find(({ prefix }) => id.startsWith(prefix));
  return kind?.get(id) ?? refuse('InvalidID', `The ID '${id}' is not valid`);
}

export function createTags(world: World, input: Given<CreateTagsRequest>) {
  const rows = input.Resources.map((id) => find(world, id));
  for (const { tags } of rows) putTags(tags, input.Tags);
  return {};
}

export function deleteTags(world: World, input: Given<DeleteTagsRequest>) {
  for (const { tags } of input.Resources.map((id) => find(world, id))) {
    if (input.Tags === undefined) tags.clear();
    // A value that is said must be the one that is there.
    for (const { Key = '', Value } of input.Tags ?? [])
      if (Value === undefined || tags.get(Key) === Value) tags.delete(Key);
  }
  return {};
}

export function describeTags(world: World, input: Given<DescribeTagsRequest>) {
  const all = kindsOf(world).flatMap(({ type, list }) =>
    list().flatMap(([ResourceId, { tags }]) =>
      [...tags].map(([Key, Value]) => ({ ResourceId, ResourceType: type, Key, Value, tags })),
    ),
  );
  const { items, next } = ask({ get: () => undefined, list: () => all }, input, {
    ids: undefined,
    idOf: ({ ResourceId, Key }) => `${ResourceId}#${Key}`,
    notFound: 'InvalidID',
    filters: {
      'resource-id': ({ ResourceId }) => ResourceId,
      'resource-type': ({ ResourceType }) => ResourceType,
      key: ({ Key }) => Key,
      value: ({ Value }) => Value,
    },
  });
  return {
    Tags: items.map(({ ResourceId, ResourceType, Key, Value }) => ({ ResourceId, ResourceType, Key, Value })),
    NextToken: next,
  };
}
