/** etcd, kube-apiserver and kube-controller-manager on loopback, with RBAC: a Kubernetes of which only the nodes are missing. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CertificateUser,
  issuer,
  type KubeUser,
  makeClientAuthority,
  makeClientCertificate,
  mintServiceAccountToken,
  writeKubeconfig,
  writeServiceAccountKey,
  writeTokens,
} from './credentials.ts';
import { findFreePort } from './free-port.ts';
import { makeProgram, type Program } from './program.ts';
import { findPrograms } from './programs.mjs';
import { keepRemains, type Remains } from './remains.ts';
import { type ApiClient, type ApiObject, makeClient } from './request.ts';

export interface ControlPlaneOptions {
  /** More flags of the API server; of two with one name the later counts. */
  readonly flags?: readonly string[];
  readonly etcdFlags?: readonly string[];
  /** The controller manager; default true. Without it nothing makes EndpointSlices, service accounts, or ends namespaces. */
  readonly kcm?: boolean;
  readonly kcmFlags?: readonly string[];
  /** Users with tokens, and their groups, besides `admin`. For more users later see `certificateUser` and `serviceAccount`. */
  readonly users?: Readonly<Record<string, readonly string[]>>;
}

export interface ControlPlane {
  readonly url: string;
  /** Of the API server's certificate, for 127.0.0.1 and localhost. */
  readonly caFile: string;
  readonly etcdUrl: string;
  /** Logs, data, kubeconfigs; removed at the end. Further files may be put there. */
  readonly directory: string;
  /** In the group system:masters: may do everything. */
  readonly admin: KubeUser;
  /** As admin. */
  readonly client: ApiClient;
  /** One of `options.users`. */
  user(name: string): KubeUser;
  /** Any user in any groups, now. */
  certificateUser(name: string, groups?: readonly string[]): CertificateUser;
  /** Makes the account when it is not there. A lifetime makes a token that ends so soon; without it, in an hour. */
  serviceAccount(namespace: string, name: string, lifetimeSeconds?: number): Promise<KubeUser>;
  clientOf(user: KubeUser): ApiClient;
  /** Answers when it is gone. Its data stays. */
  killApiServer(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** On the same port and data; answers when it is ready. */
  restartApiServer(): Promise<void>;
  /** SIGSTOP, SIGCONT. */
  signalApiServer(signal: NodeJS.Signals): void;
  /** Compacts etcd to its newest revision. Its watch cache still serves older ones, unless the server runs with `--watch-cache=false`. */
  compact(): Promise<void>;
  /** Whether the controller manager runs. */
  readonly controllers: boolean;
  readonly pids: readonly number[];
  /** For what the test starts beside it: must name `directory` in its command line. */
  readonly remains: Remains;
  /** Kills all and removes the directory. The same happens when the test process ends in whatever way. */
  stop(): Promise<void>;
}

const controllerNames = [
  ...['deployment', 'replicaset', 'daemonset', 'statefulset', 'job', 'disruption'],
  ...['endpointslice', 'endpoints', 'endpointslice-mirroring', 'namespace', 'garbage-collector'],
  ...['serviceaccount', 'serviceaccount-token', 'root-ca-certificate-publisher', 'clusterrole-aggregation'],
].map((name) => `${name}-controller`);

const startMs = 60_000;

/** Answers when /readyz says ok, after about three seconds. Throws with the last words of the program that failed. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const programs = findPrograms('kube');
  if (programs.missing !== undefined) throw new Error(programs.missing);
  const remains = keepRemains('kube');
  try {
    return await start(programs.folder, remains, options);
  } catch (error) {
    await remains.clear();
    throw error;
  }
}

async function start(folder: string, remains: Remains, options: ControlPlaneOptions): Promise<ControlPlane> {
  const { directory } = remains;
  const at = (name: string) => join(directory, name);
  const [etcdPort, port] = [await findFreePort(), await findFreePort()];
  const [url, etcdUrl] = [`https://127.0.0.1:${port}`, `http://127.0.0.1:${etcdPort}`];
  const [caFile, keyFile] = [at('pki/apiserver.crt'), at('sa.key')];
  const server = { url, caFile };
  writeServiceAccountKey(keyFile);
  const authority = makeClientAuthority(directory);
  const manager = 'system:kube-controller-manager';
  const tokens = writeTokens(at('tokens.csv'), { ...options.users, admin: ['system:masters'], [manager]: [] });
  const users = new Map(
    [...tokens].map(([name, token]) => {
      const kubeconfig = writeKubeconfig(at(`${encodeURIComponent(name)}.kubeconfig`), server, { token });
      return [name, { name, token, kubeconfig }] satisfies [string, KubeUser];
    }),
  );
  const user = (name: string): KubeUser => {
    const found = users.get(name);
    if (found === undefined) throw new Error(`options.users does not name '${name}'`);
    return found;
  };

  const etcd = makeProgram(
    join(folder, 'etcd'),
    [
      ...['--name=test', `--data-dir=${at('etcd')}`, '--unsafe-no-fsync', '--log-level=error', '--logger=zap'],
      ...[`--listen-client-urls=${etcdUrl}`, `--advertise-client-urls=${etcdUrl}`],
      // Peers there are none: any port to listen on, and one to be called by that means nothing.
      ...['--listen-peer-urls=http://127.0.0.1:0', '--initial-advertise-peer-urls=http://127.0.0.1:1'],
      ...['--initial-cluster=test=http://127.0.0.1:1', ...(options.etcdFlags ?? [])],
    ],
    remains,
  );
  const apiServer = makeProgram(
    join(folder, 'kube-apiserver'),
    [
      ...[`--etcd-servers=${etcdUrl}`, '--bind-address=127.0.0.1', `--secure-port=${port}`],
      // Loopback is no legal address of Endpoints: the server must not publish its own.
      ...['--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none', `--cert-dir=${at('pki')}`],
      ...['--service-cluster-ip-range=10.96.0.0/12', '--authorization-mode=RBAC', '--anonymous-auth=false'],
      ...[`--token-auth-file=${at('tokens.csv')}`, `--client-ca-file=${authority.certFile}`],
      ...['--allow-privileged=true', '--profiling=false', `--service-account-issuer=${issuer}`],
      ...[`--service-account-key-file=${keyFile}`, `--service-account-signing-key-file=${keyFile}`],
      ...(options.flags ?? []),
    ],
    remains,
  );
  const kcmConfig = user(manager).kubeconfig;
  const kcm = makeProgram(
    join(folder, 'kube-controller-manager'),
    [
      ...[`--kubeconfig=${kcmConfig}`, `--authentication-kubeconfig=${kcmConfig}`],
      ...[`--authorization-kubeconfig=${kcmConfig}`, '--leader-elect=false', '--secure-port=0', '--profiling=false'],
      ...['--use-service-account-credentials=true', `--service-account-private-key-file=${keyFile}`],
      // Its own limits are meant for clusters that live longer than a test: a hundred Pods would take it six seconds.
      ...['--kube-api-qps=500', '--kube-api-burst=1000', '--concurrent-service-endpoint-syncs=10'],
      ...[`--root-ca-file=${caFile}`, `--controllers=${controllerNames.join(',')}`, ...(options.kcmFlags ?? [])],
    ],
    remains,
  );
  const wanted = options.kcm === false ? [etcd, apiServer] : [etcd, apiServer, kcm];

  const ready = async (): Promise<ApiClient> => {
    const end = performance.now() + startMs;
    for (;;) {
      assertRunning(etcd);
      assertRunning(apiServer);
      if (performance.now() > end) throw new Error(`not ready after ${startMs / 1000} s: ${apiServer.lastWords()}`);
      // The server writes its certificate when it starts for the first time.
      if (existsSync(caFile)) {
        const client = makeClient(url, caFile, `Bearer ${user('admin').token}`);
        try {
          if ((await client.probe('GET', '/readyz')) === 200) return client;
        } catch {
          // It does not listen yet.
        }
        client.close();
      }
      await sleep(30);
    }
  };
  etcd.start();
  apiServer.start();
  const client = await ready();
  if (wanted.includes(kcm)) kcm.start();

  const clients: ApiClient[] = [client];
  const clientOf = ({ token }: KubeUser): ApiClient => {
    const made = makeClient(url, caFile, `Bearer ${token}`);
    clients.push(made);
    return made;
  };
  return {
    ...{ url, caFile, etcdUrl, directory, remains, client, user, clientOf, admin: user('admin') },
    certificateUser(name, groups = []) {
      const made = makeClientCertificate(directory, authority, name, groups);
      const kubeconfig = writeKubeconfig(`${made.certFile}.kubeconfig`, server, {
        'client-certificate': made.certFile,
        'client-key': made.keyFile,
      });
      return { name, ...made, kubeconfig };
    },
    async serviceAccount(namespace, name, lifetimeSeconds = 3600) {
      const account = await client.apply<ApiObject & { metadata: { uid: string } }>({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name, namespace },
      });
      const token = mintServiceAccountToken(keyFile, { namespace, name, uid: account.metadata.uid }, lifetimeSeconds);
      const file = at(`${namespace}-${name}-${randomBytes(3).toString('hex')}.kubeconfig`);
      const kubeconfig = writeKubeconfig(file, server, { token }, namespace);
      return { name: `system:serviceaccount:${namespace}:${name}`, token, kubeconfig };
    },
    killApiServer: (signal = 'SIGKILL') => apiServer.end(signal),
    async restartApiServer() {
      await apiServer.end();
      apiServer.start();
      (await ready()).close();
      // A controller manager that lost the server while it began has ended.
      if (wanted.includes(kcm)) kcm.start();
    },
    signalApiServer: (signal) => apiServer.signal(signal),
    async compact() {
      const post = async (path: string, body: object) => {
        const reply = await fetch(`${etcdUrl}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
        const answer = (await reply.json()) as { header?: { revision?: string } };
        if (!reply.ok) throw new Error(`etcd ${path}: ${JSON.stringify(answer)}`);
        return answer.header?.revision;
      };
      const revision = await post('range', { key: Buffer.from('/').toString('base64'), limit: 1 });
      await post('compaction', { revision, physical: true });
    },
    controllers: options.kcm !== false,
    get pids() {
      return wanted.flatMap(({ pid }) => pid ?? []);
    },
    async stop() {
      for (const made of clients) made.close();
      await Promise.all(wanted.map((program) => program.end('SIGKILL')));
      await remains.clear();
    },
  };
}

function assertRunning(program: Program): void {
  if (!program.running) throw new Error(`${program.name} ended: ${program.lastWords()}`);
}
