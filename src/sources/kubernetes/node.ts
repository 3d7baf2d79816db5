import type { LocatedObject, Node } from '../../model/index.ts';
import { type Cidr, parseTargetAddress } from '../../net/index.ts';
import { readZone } from './endpoint-slice.ts';
import type { Field } from './field.ts';
import { type Metadata, openObject, type Reading } from './metadata.ts';
import type { Place } from './place.ts';

export interface NodeView {
  readonly kind: 'Node';
  readonly place: Place;
  readonly meta: Metadata;
  readonly node: Node;
}

const excludeLabels = [
  'node.kubernetes.io/exclude-from-external-load-balancers',
  'alpha.service-controller.kubernetes.io/exclude-balancer',
];
const zoneLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone'];
/** The cluster autoscaler sets it on machines that it is about to delete. */
const leavingTaint = 'ToBeDeletedByClusterAutoscaler';

/** Reads a core/v1 Node. One without conditions (written by hand) counts as ready. */
export function parseNode(located: LocatedObject, allowed: readonly Cidr[]): Reading<NodeView> {
  const { root, meta, notes } = openObject(located, 'Node', { clusterWide: true });
  const { problems, place } = notes;
  if (meta === undefined) return { problems };
  const labels = root.at('metadata').at('labels');
  const zone = zoneLabels.map((key) => readZone(labels.at(key))).find((name) => name !== undefined);
  const instanceId = readInstanceId(root.at('spec').at('providerID'));
  const taints = root.at('spec').at('taints').items();
  const leaving = meta.deleting || taints.some((taint) => taint.at('key').value === leavingTaint);
  // The label's presence counts, whatever its value.
  const excluded = leaving || excludeLabels.some((key) => labels.at(key).value !== undefined);
  const node: Node = {
    name: meta.name,
    addresses: readAddresses(root.at('status').at('addresses'), allowed),
    labels: meta.labels,
    ...(zone === undefined ? {} : { zone }),
    ...(instanceId === undefined ? {} : { instanceId }),
    ready: readReady(root.at('status').at('conditions')),
    ...(excluded ? { excluded } : {}),
    ...(leaving ? { leaving } : {}),
    ...(lacksNetwork(root.at('status').at('conditions')) ? { networkUnavailable: true } : {}),
  };
  return { view: { kind: 'Node', place, meta, node }, problems };
}

/** Internal addresses; external ones only where there are none. */
function readAddresses(list: Field, allowed: readonly Cidr[]): readonly string[] {
  const of = (type: string): readonly string[] =>
    list
      .items()
      .filter((item) => item.at('type').value === type)
      .flatMap((item) => item.at('address').required((value) => parseTargetAddress(value, allowed)) ?? []);
  const internal = of('InternalIP');
  return [...new Set(internal.length > 0 ? internal : of('ExternalIP'))];
}

function readReady(conditions: Field): boolean {
  const items = conditions.items();
  return (
    items.length === 0 || items.some((item) => item.at('type').value === 'Ready' && item.at('status').value === 'True')
  );
}

function lacksNetwork(conditions: Field): boolean {
  return conditions
    .items()
    .some((item) => item.at('type').value === 'NetworkUnavailable' && item.at('status').value === 'True');
}

/** The last element of `aws:///eu-west-1a/i-0abc`, `qcloud:///100003/ins-abc`, `gce://project/zone/name`, `openstack:///uuid`. */
function readInstanceId(field: Field): string | undefined {
  const text = field.value === '' ? undefined : field.text(1024);
  if (text === undefined) return undefined;
  const id = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/]*\/)*([A-Za-z0-9][A-Za-z0-9._-]{0,127})$/.exec(text)?.[1];
  return id ?? field.refuse('E_FIELD_VALUE', 'must be like aws:///zone/i-0123 and end with the id of the machine');
}
