/** Kubeconfigs, clusters opened with an environment of nothing but what a test says, and who the server takes them for. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Cluster, KubeError, type OpenClusterOptions, openCluster } from '../../src/kube/index.ts';
import { systemClock } from '../../src/run/index.ts';
import { collect, temporary } from './cluster-to.ts';
import { certificate, type FakeApi, send } from './fake-api.ts';

export type Entry = Readonly<Record<string, unknown>>;

export function kubeconfig(port: number, user: Entry, more: { readonly cluster?: Entry; readonly name?: string } = {}) {
  const name = more.name ?? 'test';
  return JSON.stringify({
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'shop' } }],
    clusters: [
      {
        name,
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': Buffer.from(certificate.certificate).toString('base64'),
          'tls-server-name': 'localhost',
          ...more.cluster,
        },
      },
    ],
    users: [{ name, user }],
  });
}

/** With an environment of nothing but what the test says. */
export async function open(t: TestContext, options: Partial<OpenClusterOptions>): Promise<Cluster> {
  const { log } = collect();
  const cluster = await openCluster({ env: {}, clock: systemClock, log, ...options });
  t.after(() => cluster.close());
  return cluster;
}

export async function openText(
  t: TestContext,
  text: string,
  options: Partial<OpenClusterOptions> = {},
): Promise<Cluster> {
  const file = join(temporary(t), 'config');
  writeFileSync(file, text);
  return open(t, { kubeconfig: file, ...options });
}

/** Who asks, as the server sees it. */
export async function headersOf(api: FakeApi, cluster: Cluster) {
  api.intercept = ({ stream }) => {
    send(stream, 200, { kind: 'ok' });
    return true;
  };
  await cluster.get('/version');
  return api.asked.at(-1)?.headers ?? {};
}

export async function failure(work: Promise<unknown>): Promise<KubeError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof KubeError) return error;
    throw error;
  }
  throw new Error('it has not failed');
}
