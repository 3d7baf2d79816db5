import type { Json } from '../../model/index.ts';

/** Who announces a Service, as MetalLB shows it. */
export interface Announced {
  readonly node: string;
  readonly service: { readonly namespace: string; readonly name: string };
  /** Names. */
  readonly interfaces: readonly string[];
  /** Namespace of the objects. */
  readonly home: string;
  /** The Pod that announces: the object goes with it. */
  readonly owner?: { readonly name: string; readonly uid: string };
}

/** A ServiceL2Status (v1beta1) for one Service on one node; the API server makes the name. */
export function renderLayer2Status({ node, service, interfaces, home, owner }: Announced): {
  readonly object: Json;
  /** Goes to the subresource. */
  readonly status: Json;
} {
  const owners =
    owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: owner.name, uid: owner.uid }] };
  return {
    object: {
      apiVersion: 'metallb.io/v1beta1',
      kind: 'ServiceL2Status',
      metadata: {
        generateName: 'l2-',
        namespace: home,
        labels: {
          'metallb.io/node': node,
          'metallb.io/service-name': service.name,
          'metallb.io/service-namespace': service.namespace,
        },
        ...owners,
      },
    },
    status: {
      node,
      serviceName: service.name,
      serviceNamespace: service.namespace,
      interfaces: interfaces.map((name) => ({ name })),
    },
  };
}
