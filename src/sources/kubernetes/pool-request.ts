import { poolController, readServiceWords } from '../../compat/metallb/index.ts';
import type { AddressRequest } from '../../model/index.ts';
import { ownPrefix } from '../../model/prefix.ts';
import type { Family } from '../../net/index.ts';
import type { Draft } from './draft.ts';
import type { KubernetesReadOptions } from './options.ts';
import type { OwnAnnotations } from './own-annotations.ts';
import type { ServiceView } from './service.ts';
import { standsFor } from './take-class.ts';

/** Whether a Service asks for an address out of a pool, where a balancer takes addresses from there. */
export function asksPools({ type }: Pick<ServiceView, 'type'>, options: KubernetesReadOptions): boolean {
  return type === 'LoadBalancer' && standsFor([poolController], options);
}

/** Who names a pool where none is asked hears that it means nothing. */
export function tellPoolless({ pool }: Pick<OwnAnnotations, 'pool'>, draft: Draft): void {
  if (pool === undefined) return;
  const name = `${ownPrefix}pool`;
  const reason =
    'has no effect: addresses out of pools are for Services of type LoadBalancer, where a balancer has fromPools: true';
  draft.tell({ code: 'W_ANNOTATION_IGNORED', path: ['metadata', 'annotations', name], name, reason });
}

export interface PoolRequest {
  readonly address: AddressRequest | undefined;
  /** `address.…` → annotation or field that says so. */
  readonly origin?: Readonly<Record<string, string>>;
}

/** Where what it holds stands, while nothing asks for more. */
const plainOrigin = { 'address.list': 'status.loadBalancer' };

/**
 * What a Service of type LoadBalancer asks of pools, in our words, MetalLB's and the API's: ours count first. `plain`: what it asks for
 * without pools. Refused: something cannot be read, which was told.
 */
export function poolRequest(
  view: ServiceView,
  plain: AddressRequest | undefined,
  draft: Draft,
): PoolRequest | 'refused' {
  const { own, annotations, loadBalancerIp, familyPolicy, held, id, localOnly, localPods, meta } = view;
  const words = readServiceWords(annotations, loadBalancerIp);
  for (const { name, ...finding } of words.findings)
    draft.tell({ ...finding, path: ['metadata', 'annotations', name], name });
  if (words.refused) return 'refused';
  const pool = own.pool ?? words.pool;
  const shareKey = own.shareKey ?? words.shareKey;
  // The same selector in another namespace selects other Pods.
  const pods = localPods === undefined ? id : `${meta.namespace} ${localPods}`;
  const backendKey = own.backendKey ?? (localOnly ? `pods ${pods}` : undefined);
  const address = {
    ...plain,
    ...(pool === undefined ? {} : { pool }),
    fromPool: [...new Set([...(own.addresses ?? []), ...words.list])],
    families: own.addressFamilies ?? familiesOf(view),
    ...(familyPolicy === undefined ? {} : { familyPolicy }),
    ...(shareKey === undefined ? {} : { shareKey }),
    ...(backendKey === undefined ? {} : { backendKey }),
    held,
  };
  const ours = {
    ...(own.pool === undefined ? {} : { 'address.pool': `${ownPrefix}pool` }),
    ...(own.addresses === undefined ? {} : { 'address.list': `${ownPrefix}addresses` }),
  };
  const written = { ...words.origin, ...ours };
  // There are thousands of Services that ask for nothing in particular.
  return { address, origin: Object.keys(written).length === 0 ? plainOrigin : { ...plainOrigin, ...written } };
}

/** As the API server has decided; in files, as the policy has it. Asking for addresses says nothing of families: it is judged by them. */
function familiesOf({ families, familyPolicy }: ServiceView): readonly Family[] {
  if (families.length > 0) return families;
  return familyPolicy === undefined ? ['ipv4'] : ['ipv4', 'ipv6'];
}
