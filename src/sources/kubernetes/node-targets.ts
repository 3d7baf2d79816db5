import type { Backend, ExportedService, Node, Problem, Target } from '../../model/index.ts';
import { addressFamily } from '../../net/index.ts';

export interface AtNodes {
  readonly service: ExportedService;
  readonly problems: readonly Problem[];
}

/**
 * A service whose requests go to nodes at the node port, where a proxy cannot reach Pods. With externalTrafficPolicy Local only to nodes
 * with Pods of its own, each by how many it has; otherwise to every node that is ready, while any Pod is. Backends without a node port
 * have no targets, which is told.
 */
export function toNodes(service: ExportedService, nodes: readonly Node[]): AtNodes {
  const problems: Problem[] = [];
  const backends = Object.entries(service.backends).map(([key, backend]): readonly [string, Backend] => {
    // What a peer means by instances it says itself.
    if (backend.targetKind === 'instance') return [key, backend];
    if (backend.nodePort === undefined) {
      if (backend.targets.length > 0) problems.push(portless(service, key));
      return [key, { ...backend, targets: [] }];
    }
    return [key, { ...backend, targets: targetsOf(backend, backend.nodePort, nodes) }];
  });
  return { service: { ...service, backends: Object.fromEntries(backends) }, problems };
}

function targetsOf(backend: Backend, port: number, nodes: readonly Node[]): readonly Target[] {
  const serving = backend.targets.filter(({ state, weight }) => state === 'ready' && weight > 0);
  const [first] = backend.targets;
  if (first === undefined) return [];
  const family = addressFamily(first.address);
  return nodes.flatMap((node): readonly Target[] => {
    const own = backend.targets.filter((target) => target.node === node.name);
    if (backend.localOnly === true && own.length === 0) return [];
    // A node that leaves or is not ready gets nothing new; while it is known its connections end by themselves.
    const usable = node.ready && node.excluded !== true;
    const ready = backend.localOnly === true ? own.filter((target) => serving.includes(target)).length : serving.length;
    if (!usable && !node.ready) return [];
    const address = node.addresses.find((one) => addressFamily(one) === family) ?? node.addresses[0];
    if (address === undefined || serving.length === 0) return [];
    const weight = backend.localOnly === true ? Math.min(256, Math.max(1, ready)) : 1;
    const state = usable && ready > 0 ? 'ready' : 'draining';
    const zone = node.zone === undefined ? {} : { zone: node.zone };
    return [{ address, port, node: node.name, ...zone, weight, state }];
  });
}

function portless({ id, origin }: ExportedService, backend: string): Problem {
  const { kind, namespace, name } = origin;
  const who = `${kind} ${namespace}/${name}`;
  return {
    code: 'W_NO_TARGETS',
    severity: 'warning',
    source: `${kind}/${namespace}/${name}`,
    service: id,
    message: `${who}: backend ${backend} has no node port, and requests go to nodes (targets: node): make its Service of type NodePort or LoadBalancer and leave allocateLoadBalancerNodePorts on`,
  };
}
