/** MetalLB: its pools, advertisements, peers, annotations and old ConfigMap, read into plain intent. Gives no address and announces none. */
import type { PeerReader } from '../reader.ts';
import { annotationTable, prefixes } from './annotation-table.ts';

export { annotationTable, type MetallbAnnotation, prefixes } from './annotation-table.ts';
export type { MetallbFinding, MetallbObject, MetallbOptions } from './collect.ts';
export { type ConfigMapFinding, convertConfigMap } from './config-map.ts';
export { allocationFailed, ipAllocated, type MetallbEvent, nodeAssigned } from './event-words.ts';
export type * from './intent.ts';
export { type Announced, renderLayer2Status } from './layer2-status.ts';
export { type MetallbMetric, metricNames } from './metric-names.ts';
export { renderPoolStatus } from './pool-status.ts';
export { readMetallb } from './read-objects.ts';
export { readServiceWords, type ServiceWords, type WordFinding } from './service-words.ts';

/** Stands in lists of controllers: a balancer gives addresses out of pools. No class of Ingresses names it. */
export const poolController = 'metallb.io';
/** As that: a balancer announces addresses on the local network. */
export const layer2Controller = 'metallb.io/layer2';
export const namespaceKind = '/Namespace';

const kind = { versions: ['v1beta1'], home: true } as const;

/** Its Services stay weir's own: what it says is about their addresses alone, and is read beside everything else. */
export const metallb: PeerReader = {
  name: 'metallb',
  title: 'MetalLB',
  prefixes,
  controllers: [poolController, layer2Controller],
  onlyWanted: true,
  kinds: {
    'metallb.io/IPAddressPool': kind,
    'metallb.io/L2Advertisement': kind,
    'metallb.io/BGPAdvertisement': kind,
    'metallb.io/BGPPeer': { versions: ['v1beta2', 'v1beta1'], home: true },
    'metallb.io/BFDProfile': kind,
    'metallb.io/Community': kind,
    [namespaceKind]: {
      versions: ['v1'],
      clusterWide: true,
      lost: 'namespaceSelectors of IPAddressPools select none',
    },
  },
  former: { 'metallb.io/AddressPool': 'an IPAddressPool and an L2Advertisement' },
  reference: () =>
    Object.entries(annotationTable).map(([key, { value, means }]) => {
      const old = `${prefixes[1]}${key} is read too`;
      return { name: prefixes[0] + key, on: ['Service'], value, means: `${means}; ${old}` };
    }),
  claims: () => undefined,
  service: () => undefined,
};
