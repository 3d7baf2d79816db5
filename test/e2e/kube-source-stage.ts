/** A source that follows a real API server, as weir itself would follow it. */
import type { TestContext } from 'node:test';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { kubernetesSource } from '../../src/config/config.ts';
import { openCluster } from '../../src/kube/index.ts';
import type { ExportedService, Log, Snapshot } from '../../src/model/index.ts';
import { systemClock } from '../../src/run/index.ts';
import { openKubernetesSource } from '../../src/sources/kubernetes/live.ts';
import type { ControlPlane } from '../kube/index.ts';

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface Followed {
  read(): Promise<Snapshot>;
  /** Reads at every change until it is right; fails with what it has after the time. */
  until(right: (snapshot: Snapshot) => boolean, timeoutMs?: number): Promise<Snapshot>;
  secret(sha256: string): Promise<string | undefined>;
}

/** Followed until the end of the test. */
export function follow(
  t: TestContext,
  kubeconfig: string,
  config: object,
  controllers: readonly string[] = [],
): Followed {
  const source = openKubernetesSource(kubernetesSource.parse({ type: 'kubernetes', ...config }), {
    open: () => openCluster({ kubeconfig, clock: systemClock, log: quiet }),
    clock: systemClock,
    memory: () => 'none',
    controllers,
  });
  const end = new AbortController();
  let wake = () => {};
  const watched = source.watch(() => wake(), end.signal);
  t.after(async () => {
    end.abort();
    await watched;
  });
  const read = () => source.read(end.signal);
  return {
    read,
    secret: (sha256) => source.secret({ sha256, origin: '', names: [] }),
    async until(right, timeoutMs = 20_000) {
      const endMs = performance.now() + timeoutMs;
      for (let last: Snapshot | undefined; ; ) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        last = await read().catch(() => last);
        if (last !== undefined && right(last)) return last;
        const leftMs = endMs - performance.now();
        if (leftMs <= 0) throw new Error(`not right after ${timeoutMs} ms: ${JSON.stringify(last).slice(0, 2000)}`);
        // Not every reading that fails is followed by a change.
        await Promise.race([changed, new Promise((resolve) => setTimeout(resolve, Math.min(200, leftMs)))]);
      }
    },
  };
}

export function targetsOf({ services }: Pick<Snapshot, 'services'>, id: string): readonly string[] {
  const found = services.find((service) => service.id === id);
  return Object.values(found?.backends ?? {}).flatMap(({ targets }) =>
    targets.map(({ address, port }) => `${address}:${port}`),
  );
}

export function certOf({ services }: Pick<Snapshot, 'services'>, id: string): string | undefined {
  const fronts: ExportedService['fronts'] = services.find((service) => service.id === id)?.fronts ?? [];
  return fronts.flatMap(({ tls }) => tls?.certs ?? [])[0]?.sha256;
}

/** A Service of our class in front of addresses that nobody has. */
export async function putService(
  plane: ControlPlane,
  namespace: string,
  name: string,
  spec: object = {},
): Promise<void> {
  await plane.client.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'weir-lb.dev/test',
      ports: [{ name: 'http', port: 80 }],
      ...spec,
    },
  });
}

export async function putSlice(
  plane: ControlPlane,
  namespace: string,
  of: string,
  addresses: readonly string[],
): Promise<void> {
  await plane.client.apply({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${of}-by-hand`, namespace, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  });
}

export async function putIngress(
  plane: ControlPlane,
  namespace: string,
  name: string,
  { host, of = 'web', tls, annotations = {} }: { host: string; of?: string; tls?: string; annotations?: object },
): Promise<void> {
  const backend = { service: { name: of, port: { name: 'http' } } };
  await plane.client.apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace, annotations },
    spec: {
      ingressClassName: 'weir-e2e',
      ...(tls === undefined ? {} : { tls: [{ hosts: [host], secretName: tls }] }),
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  });
}

export async function putSecret(
  plane: ControlPlane,
  namespace: string,
  name: string,
  more: object = {},
): Promise<void> {
  const dayMs = 86_400_000;
  const { certPem, keyPem } = makeCertificate({
    names: ['a.test'],
    notBeforeMs: Date.now() - dayMs,
    notAfterMs: Date.now() + dayMs,
  });
  const encode = (text: string) => Buffer.from(text).toString('base64');
  await plane.client.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': encode(certPem), 'tls.key': encode(keyPem), ...more },
  });
}

export async function putClass(plane: ControlPlane): Promise<void> {
  await plane.client.apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'weir-e2e' },
    spec: { controller: 'weir-lb.dev/ingress' },
  });
}

/** The rights of an installation in one namespace. */
export async function grantRead(plane: ControlPlane, namespace: string, account: string): Promise<void> {
  const verbs = ['get', 'list', 'watch'];
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: account, namespace } };
  await plane.client.apply({
    ...role,
    kind: 'Role',
    rules: [
      { apiGroups: [''], resources: ['services', 'secrets'], verbs },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs },
    ],
  });
  await plane.client.apply({
    ...role,
    kind: 'RoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  });
}
