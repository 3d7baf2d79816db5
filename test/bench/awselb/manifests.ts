/** Kubernetes objects as users of aws-load-balancer-controller write them, as plain JSON. Nothing here knows weir's own words. */
import { createHash } from 'node:crypto';

export interface Endpoint {
  readonly address: string;
  readonly ready?: boolean;
}

export type Manifest = Readonly<Record<string, unknown>>;

const nlb = 'service.beta.kubernetes.io/aws-load-balancer';
const alb = 'alb.ingress.kubernetes.io';

export interface NetworkService {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly number[];
  readonly endpoints: readonly Endpoint[];
  /** Without the prefix: `scheme`, `nlb-target-type` … */
  readonly annotations?: Readonly<Record<string, string>>;
  /** What changes when somebody touches the object and nothing in it. */
  readonly revision?: number;
}

/** A Service of type LoadBalancer for a network load balancer, with its endpoints (port 8080 for every port). */
export function networkService(service: NetworkService): readonly Manifest[] {
  const { namespace, name, ports, endpoints, annotations = {}, revision = 1 } = service;
  const named = Object.entries({ type: 'external', 'nlb-target-type': 'ip', ...annotations });
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        namespace,
        name,
        uid: uidOf(`${namespace}/${name}`),
        resourceVersion: String(revision),
        creationTimestamp: '2026-01-01T00:00:00Z',
        annotations: Object.fromEntries(named.map(([key, value]) => [`${nlb}-${key}`, value])),
      },
      spec: {
        type: 'LoadBalancer',
        selector: { app: name },
        ports: ports.map((port, i) => ({
          name: `p${port}`,
          port,
          targetPort: 8080,
          nodePort: 30_000 + i,
          protocol: 'TCP',
        })),
      },
    },
    slice(
      namespace,
      name,
      ports.map((port) => `p${port}`),
      endpoints,
    ),
  ];
}

export interface WebService {
  readonly namespace: string;
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

/** A plain Service behind Ingresses. */
export function webService({ namespace, name, endpoints }: WebService): readonly Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name, uid: uidOf(`${namespace}/${name}`) },
      spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
    slice(namespace, name, ['http'], endpoints),
  ];
}

export interface IngressPath {
  readonly host: string;
  readonly path: string;
  readonly service: string;
}

export interface WebIngress {
  readonly namespace: string;
  readonly name: string;
  readonly paths: readonly IngressPath[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly revision?: number;
}

export function ingress({ namespace, name, paths, annotations = {}, revision = 1 }: WebIngress): Manifest {
  const hosts = [...new Set(paths.map(({ host }) => host))];
  const named = Object.entries({ 'target-type': 'ip', ...annotations });
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      namespace,
      name,
      uid: uidOf(`ingress/${namespace}/${name}`),
      resourceVersion: String(revision),
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: Object.fromEntries(named.map(([key, value]) => [`${alb}/${key}`, value])),
    },
    spec: {
      ingressClassName: 'alb',
      rules: hosts.map((host) => ({
        host,
        http: {
          paths: paths
            .filter((one) => one.host === host)
            .map(({ path, service }) => ({
              path,
              pathType: 'Prefix',
              backend: { service: { name: service, port: { number: 80 } } },
            })),
        },
      })),
    },
  };
}

/** The same name has the same uid: nobody is deleted and made anew here. */
function uidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function slice(namespace: string, name: string, ports: readonly string[], endpoints: readonly Endpoint[]): Manifest {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace, name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: ports.map((port) => ({ name: port, port: 8080, protocol: 'TCP' })),
    endpoints: endpoints.map(({ address, ready = true }) => ({ addresses: [address], conditions: { ready } })),
  };
}
