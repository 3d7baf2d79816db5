import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Access } from './access.ts';
import { KubeError } from './kube-error.ts';
import { readOwnedFile, readToken } from './read-credential.ts';

export const serviceAccountDir = '/var/run/secrets/kubernetes.io/serviceaccount';

interface InClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  readonly rereadMs: number;
  readonly now: () => number;
}

/** Whether this process runs in a Pod with a service account. */
export function isInCluster({ env, directory }: Pick<InClusterOptions, 'env' | 'directory'>): boolean {
  return (env.KUBERNETES_SERVICE_HOST ?? '') !== '' && existsSync(join(directory, 'token'));
}

/** The service account of this Pod. Token and authority rotate: both are read again every `rereadMs`. */
export async function openInCluster(options: InClusterOptions): Promise<Access> {
  const { env, directory, rereadMs, now } = options;
  const host = env.KUBERNETES_SERVICE_HOST ?? '';
  const port = env.KUBERNETES_SERVICE_PORT ?? '443';
  if (!isInCluster(options))
    throw new KubeError(
      0,
      'Config',
      `this process does not run in a Pod with a service account (KUBERNETES_SERVICE_HOST and ${join(directory, 'token')} are needed): name a kubeconfig, or set automountServiceAccountToken`,
    );
  const where = 'service account of this Pod';
  const namespace = await readOwnedFile(join(directory, 'namespace'), where).then(
    (text) => text.trim(),
    () => '',
  );
  return {
    name: 'in-cluster',
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...(namespace === '' ? {} : { namespace }),
    reloadEveryMs: 250,
    async load() {
      const token = await readToken(join(directory, 'token'), where);
      const ca = await readOwnedFile(join(directory, 'ca.crt'), where);
      return { headers: { authorization: `Bearer ${token}` }, tls: { ca, insecure: false }, untilMs: now() + rereadMs };
    },
  };
}
