import type { Backend, Json } from '../../model/index.ts';
import type { PeerContext, PeerPort, PeerService } from '../reader.ts';

/** Who is behind a backend: names and tags of what is made for it hang on this. */
export function identityOf(service: PeerService, port: PeerPort, written: string = String(port.port)): Json {
  return {
    namespace: service.meta.namespace,
    name: service.meta.name,
    uid: service.meta.uid ?? '',
    port: written,
    targetPort: String(port.targetPort ?? port.port),
  };
}

/**
 * The backend of a port with targets of the kind asked for, or undefined where nodes are asked for and the Service has no node port; the
 * reason is told.
 */
export function targetsOf(
  service: PeerService,
  port: PeerPort,
  kind: 'ip' | 'instance',
  at: readonly (string | number)[],
  context: PeerContext,
): Backend | undefined {
  if (kind === 'instance' && port.nodePort === undefined) {
    const full = `Service ${service.meta.namespace}/${service.meta.name}`;
    const reason =
      service.type === 'ClusterIP'
        ? `is a port of ${full}, which is of type ClusterIP: targets of type instance are reached by node port; make it NodePort or set target type ip`
        : `is a port of ${full} without nodePort: targets of type instance are reached by it; read the object from the cluster, write the nodePort, or set target type ip`;
    context.tell({ code: 'E_FIELD_MISSING', path: at, value: port.port, reason });
    return undefined;
  }
  return { ...context.backend(service, port, at, kind), targetKind: kind };
}
