/** A whole cluster with weir beside it and clients in front: what tests of the whole path share. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { ask } from '../fakes/ask.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { startWeir, type WeirProcess } from '../fakes/weir-process.ts';
import {
  type ApiList,
  type ApiObject,
  type ControlPlane,
  eventually,
  type Kubelet,
  startControlPlane,
  startKubelet,
} from '../kube/index.ts';

export interface PathStage {
  readonly plane: ControlPlane;
  readonly kubelet: Kubelet;
  /** Where HAProxy listens, and weir beside it. */
  readonly address: string;
  readonly weir: WeirProcess;
  /** Status and who answered, of one request. */
  who(host: string, path?: string): Promise<string>;
  /** SHA-256 fingerprint of the certificate that a name gets. */
  certificate(name: string): Promise<string | undefined>;
  /** Names of the Pods of a label `app`, those that end apart. */
  podsOf(namespace: string, app: string): Promise<readonly string[]>;
  /** One value of the metrics page; all values of the name together. */
  metric(name: string): Promise<number>;
  end(): Promise<void>;
}

const rights = [
  { apiGroups: [''], resources: ['services', 'secrets', 'nodes'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'ingressclasses'], verbs: ['list', 'watch'] },
];

/** weir runs under an account that may read what it needs and nothing else. */
export async function startPath(): Promise<PathStage> {
  const address = ownAddress();
  const metrics = `${address}:8378`;
  const folder = await mkdtemp(join(tmpdir(), 'weir-path-'));
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const plane = await startControlPlane();
    undo.push(() => plane.stop());
    const kubelet = await startKubelet({ plane });
    undo.push(() => kubelet.stop());
    const config = {
      instance: 'kube-path',
      stateDir: join(folder, 'state'),
      sources: [{ type: 'kubernetes', kubeconfig: await readerOf(plane) }],
      balancers: [{ provider: 'haproxy', options: { addresses: [address], maxConnections: 2_000 } }],
      metrics: { listen: metrics },
      api: { listen: `${address}:8377` },
      onExit: 'stop',
    };
    await writeFile(join(folder, 'weir.yaml'), JSON.stringify(config));
    const weir = await startWeir(['-c', join(folder, 'weir.yaml')], metrics, folder);
    undo.push(() => weir.stop());
    return {
      ...{ plane, kubelet, address, weir, end },
      async who(host, path = '/') {
        const { status, body } = await ask({ address, port: 80, host, path });
        return `${status} ${body.trim()}`;
      },
      certificate: (name) => fingerprintAt(address, name),
      async podsOf(namespace, app) {
        const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(`app=${app}`)}`;
        const { items } = await plane.client.request<ApiList>('GET', path);
        return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(nameOf);
      },
      async metric(name) {
        const text = await (await fetch(`http://${metrics}/metrics`)).text();
        const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))];
        return values.reduce((sum, [, value]) => sum + Number(value), 0);
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Kubeconfig of an account with weir's rights. */
async function readerOf(plane: ControlPlane): Promise<string> {
  const namespace = 'weir-system';
  await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const account = await plane.serviceAccount(namespace, 'weir');
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'weir' } };
  await plane.client.apply({ ...role, kind: 'ClusterRole', rules: rights });
  await plane.client.apply({
    ...role,
    kind: 'ClusterRoleBinding',
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'weir' },
    subjects: [{ kind: 'ServiceAccount', name: 'weir', namespace }],
  });
  return account.kubeconfig;
}

function nameOf({ metadata }: ApiObject): string {
  return metadata.name;
}

/** Of the certificate that a name gets there; undefined: no handshake. */
export function fingerprintAt(address: string, servername: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 443, servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
  });
}

/** A namespace in which Pods are admitted. */
export async function makePlace(plane: ControlPlane, name: string): Promise<void> {
  await plane.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await eventually(
    () => plane.client.probe('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`),
    (code) => code === 200,
  );
}
