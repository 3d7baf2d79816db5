/** The objects that most tests begin with: a Deployment of echo Pods, its Service, and what the EndpointSlices say of them. */
import type { ControlPlane } from './control-plane.ts';
import type { ApiList, ApiObject, ApplyObject } from './request.ts';

export interface DeploymentOptions {
  /** Absent: one. */
  readonly replicas?: number;
  /** terminationGracePeriodSeconds, default 30. */
  readonly graceSeconds?: number;
  /** Types of conditions that must be True before a Pod is Ready. */
  readonly gates?: readonly string[];
  readonly hostNetwork?: boolean;
  /** Of the Pods; see pod.ts for those that the kubelet obeys. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Ports by name; default http 8080. */
  readonly ports?: Readonly<Record<string, number>>;
}

/** Pods of label `app: name`. Without `replicas` it becomes a DaemonSet by its `kind` alone. */
export function deployment(
  namespace: string,
  name: string,
  {
    replicas,
    graceSeconds = 30,
    gates = [],
    hostNetwork = false,
    annotations = {},
    ports = { http: 8080 },
  }: DeploymentOptions = {},
): ApplyObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations },
        spec: {
          hostNetwork,
          terminationGracePeriodSeconds: graceSeconds,
          readinessGates: gates.map((conditionType) => ({ conditionType })),
          containers: [
            {
              name: 'echo',
              image: 'echo',
              ports: Object.entries(ports).map(([port, containerPort]) => ({ name: port, containerPort })),
            },
          ],
        },
      },
    },
  };
}

/** Selects the Pods of `deployment`, port 80 to the port named http; `spec` goes over it. */
export function serviceOf(namespace: string, name: string, spec: Readonly<Record<string, unknown>> = {}): ApplyObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...spec },
  };
}

export interface EndpointSlice extends ApiObject {
  readonly addressType: string;
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
  readonly endpoints:
    | readonly {
        readonly addresses: readonly string[];
        readonly conditions: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
        readonly nodeName?: string;
        readonly targetRef?: { readonly name: string };
      }[]
    | null;
}

export interface SliceEndpoint {
  readonly address: string;
  readonly pod: string;
  readonly serving: boolean;
}

/** The endpoints in all slices of a Service. */
export async function slicesOf(
  plane: ControlPlane,
  namespace: string,
  service: string,
): Promise<{ readonly ready: readonly SliceEndpoint[]; readonly terminating: readonly SliceEndpoint[] }> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  const { items } = await plane.client.request<ApiList<EndpointSlice>>('GET', `${path}?labelSelector=${selector}`);
  const all = items.flatMap(({ endpoints }) => endpoints ?? []);
  const flat = (some: typeof all) =>
    some.flatMap(({ addresses, conditions, targetRef }) =>
      addresses.map((address) => ({ address, pod: targetRef?.name ?? '', serving: conditions.serving === true })),
    );
  return {
    ready: flat(all.filter(({ conditions }) => conditions.ready === true)),
    terminating: flat(all.filter(({ conditions }) => conditions.terminating === true)),
  };
}
