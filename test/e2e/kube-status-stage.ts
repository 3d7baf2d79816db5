/** What a user sees of weir in the objects of a real API server. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownAddress } from '../fakes/own-address.ts';
import { startWeir, type WeirProcess } from '../fakes/weir-process.ts';
import { type ApiObject, type ControlPlane, eventually, kubectl } from '../kube/index.ts';

export interface Written extends ApiObject {
  readonly status?: {
    readonly loadBalancer?: {
      readonly ingress?: readonly {
        readonly ip?: string;
        readonly hostname?: string;
        readonly ports?: readonly { readonly port: number; readonly protocol: string }[];
      }[];
    };
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
      readonly lastTransitionTime: string;
    }[];
  };
}

export interface EventObject extends ApiObject {
  readonly reason: string;
  readonly note: string;
  readonly type: string;
  readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly series?: { readonly count: number };
}

/** A weir with a folder of its own that follows a cluster and writes back to it. */
export class StatusUser {
  readonly address: string;
  readonly folder: string;
  readonly plane: ControlPlane;
  running: WeirProcess | undefined;

  private constructor(plane: ControlPlane, folder: string, address: string) {
    this.plane = plane;
    this.folder = folder;
    this.address = address;
  }

  /** `number`: of several in one test. */
  static async make(plane: ControlPlane, number = 0): Promise<StatusUser> {
    return new StatusUser(plane, await mkdtemp(join(tmpdir(), 'weir-status-')), ownAddress(number));
  }

  /** `source` and `more`: what the configuration has besides. */
  async start(
    source: object,
    { balancer = {}, ...more }: { readonly balancer?: object; readonly [key: string]: unknown } = {},
  ): Promise<WeirProcess> {
    const config = {
      instance: 'status-e2e',
      stateDir: join(this.folder, 'state'),
      sources: [{ type: 'kubernetes', kubeconfig: this.plane.admin.kubeconfig, ...source }],
      balancers: [{ provider: 'haproxy', options: { addresses: [this.address] }, ...balancer }],
      metrics: { listen: `${this.address}:8378` },
      api: { listen: `${this.address}:8377` },
      onExit: 'stop',
      ...more,
    };
    await writeFile(join(this.folder, 'weir.yaml'), JSON.stringify(config));
    this.running = await startWeir(['-c', join(this.folder, 'weir.yaml')], `${this.address}:8378`, this.folder);
    return this.running;
  }

  async end(): Promise<void> {
    await this.running?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  service(namespace: string, name: string): Promise<Written> {
    return this.plane.client.request<Written>('GET', `/api/v1/namespaces/${namespace}/services/${name}`);
  }

  ingress(namespace: string, name: string): Promise<Written> {
    const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}`;
    return this.plane.client.request<Written>('GET', path);
  }

  async events(namespace: string): Promise<readonly EventObject[]> {
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const { items } = await this.plane.client.request<{ items: readonly EventObject[] }>('GET', path);
    return items;
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return kubectl(args, { plane: this.plane });
  }

  async state(): Promise<string> {
    return (await fetch(`http://${this.address}:8377/api/v1/state`)).text();
  }
}

export function addressesOf({ status }: Written): readonly string[] {
  return (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '');
}

export function programmedOf({ status }: Written): string {
  const found = status?.conditions?.find(({ type }) => type === 'Programmed');
  return found === undefined ? 'none' : `${found.status} ${found.reason}`;
}

/** Asks until the object is as it shall be. */
export function until<T extends Written>(ask: () => Promise<T>, right: (object: T) => boolean): Promise<T> {
  return eventually(ask, right, 30_000);
}

/** An account of another namespace may read this one's services and write what weir writes of them, by a Role: what the chart makes of `namespaces`. */
export async function grantStatus(
  plane: ControlPlane,
  namespace: string,
  { home, account }: { readonly home: string; readonly account: string },
): Promise<void> {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: account, namespace } };
  const verbs = ['get', 'list', 'watch', 'patch'];
  await plane.client.apply({
    ...role,
    kind: 'Role',
    rules: [
      { apiGroups: [''], resources: ['services', 'services/status', 'secrets', 'pods', 'pods/status'], verbs },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'ingresses/status'], verbs },
      { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'get', 'patch'] },
    ],
  });
  await plane.client.apply({
    ...role,
    kind: 'RoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: home }],
  });
}
