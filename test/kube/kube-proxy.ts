/**
 * Node ports: every Node forwards them to Pods as kube-proxy does, by endpoints that are ready or, when none is, that still serve while
 * they end; `externalTrafficPolicy: Local` to Pods of that Node only, with the health check port that tells who has some. The client's
 * address is not kept, and where kube-proxy would drop a packet the connection is refused.
 */
import { followObjects } from './follow.ts';
import type { PodHost } from './pod-network.ts';
import type { ApiClient, ApiObject } from './request.ts';
import type { EndpointSlice } from './workload.ts';

interface Service extends ApiObject {
  readonly spec: {
    readonly externalTrafficPolicy?: string;
    readonly healthCheckNodePort?: number;
    readonly ports?: readonly {
      readonly name?: string;
      readonly protocol?: string;
      readonly nodePort?: number;
    }[];
  };
}

export interface Target {
  readonly address: string;
  readonly port: number;
}

export interface KubeProxyOptions {
  readonly client: ApiClient;
  readonly nodes: readonly { readonly name: string; readonly host: PodHost }[];
  /** `/namespaces/x`, or empty for all. */
  readonly scope: string;
  readonly signal: AbortSignal;
  readonly report: (problem: string) => void;
}

/** Until the signal. */
export async function runKubeProxy({ client, nodes, scope, signal, report }: KubeProxyOptions): Promise<void> {
  const services = new Map<string, Service>();
  const slices = new Map<string, EndpointSlice>();
  /** What each Node was told, by port; a port that is not wanted any more is told so once. */
  const told = new Map<string, string>();
  let line = Promise.resolve();
  const tell = (node: string, port: number, wish: string, act: () => Promise<void>): void => {
    const key = `${node}:${port}`;
    if ((told.get(key) ?? '') === wish) return;
    told.set(key, wish);
    line = line.then(act).catch((error) => {
      if (!signal.aborted) report(`node port ${key}: ${error}`);
    });
  };

  const update = (): void => {
    for (const { name, host } of nodes) {
      const wanted = new Set<number>();
      for (const service of services.values()) {
        for (const [port, targets] of forwarded(service, slicesOf(service, slices), name)) {
          wanted.add(port);
          tell(name, port, JSON.stringify(targets), () => host.forward(port, targets));
        }
        const { healthCheckNodePort: port, externalTrafficPolicy } = service.spec;
        if (port === undefined || externalTrafficPolicy !== 'Local') continue;
        wanted.add(port);
        const local = usable(slicesOf(service, slices), name).length;
        tell(name, port, `health ${local}`, () => host.health(port, local));
      }
      for (const key of told.keys()) {
        const [node = '', port = ''] = key.split(':');
        if (node !== name || wanted.has(Number(port)) || told.get(key) === '') continue;
        tell(name, Number(port), '', () => host.forward(Number(port), []));
      }
    }
  };
  const into = <T extends ApiObject>(objects: Map<string, T>) => ({
    onObject: (object: T) => {
      objects.set(object.metadata.uid ?? '', object);
      update();
    },
    onGone: (object: T) => {
      objects.delete(object.metadata.uid ?? '');
      update();
    },
  });
  await Promise.all([
    followObjects<Service>(client, `/api/v1${scope}/services`, into(services), signal),
    followObjects<EndpointSlice>(client, `/apis/discovery.k8s.io/v1${scope}/endpointslices`, into(slices), signal),
  ]);
}

function slicesOf({ metadata }: Service, slices: ReadonlyMap<string, EndpointSlice>): readonly EndpointSlice[] {
  return [...slices.values()].filter(
    (slice) =>
      slice.metadata.namespace === metadata.namespace &&
      slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name &&
      slice.addressType === 'IPv4',
  );
}

function forwarded(
  { spec }: Service,
  slices: readonly EndpointSlice[],
  node: string,
): readonly (readonly [number, readonly Target[]])[] {
  const only = spec.externalTrafficPolicy === 'Local' ? node : undefined;
  return (spec.ports ?? []).flatMap(({ name = '', protocol = 'TCP', nodePort }) => {
    if (nodePort === undefined || protocol !== 'TCP') return [];
    const targets = usable(slices, only).flatMap(({ address, ports }) =>
      ports
        .filter((one) => (one.name ?? '') === name && one.port !== undefined)
        .map(({ port = 0 }) => ({ address, port })),
    );
    return [[nodePort, targets] as const];
  });
}

interface Endpoint {
  readonly address: string;
  readonly ports: readonly { readonly name?: string; readonly port?: number }[];
}

function usable(slices: readonly EndpointSlice[], node?: string): readonly Endpoint[] {
  const all = slices.flatMap(({ endpoints, ports }) =>
    (endpoints ?? [])
      .filter(({ nodeName }) => node === undefined || nodeName === node)
      .map(({ addresses, conditions }) => ({ address: addresses[0] ?? '', ports: ports ?? [], conditions })),
  );
  const ready = all.filter(({ conditions }) => conditions.ready !== false);
  return ready.length > 0 ? ready : all.filter(({ conditions }) => conditions.serving === true);
}
