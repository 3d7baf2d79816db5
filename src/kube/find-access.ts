import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Access, Grant } from './access.ts';
import type { Limits, OpenClusterOptions } from './contract.ts';
import { followKubeconfig } from './follow-kubeconfig.ts';
import { createIdentity } from './identity.ts';
import { isInCluster, openInCluster, serviceAccountDir } from './in-cluster.ts';
import { KubeError } from './kube-error.ts';
import type { ClusterEntry } from './kubeconfig-schema.ts';
import { readAuthority } from './read-credential.ts';
import { configError, type Kubeconfig, type Placed } from './read-kubeconfig.ts';

/** Finds the cluster that the options mean. Reads files, contacts nobody. Rejects with KubeError `Config` or `Credentials`. */
export async function findAccess(options: OpenClusterOptions, limits: Limits): Promise<Access> {
  const env = options.env ?? process.env;
  const inCluster = {
    env,
    directory: options.serviceAccountDir ?? serviceAccountDir,
    rereadMs: limits.rereadMs,
    now: options.clock.now,
  };
  if (options.inCluster === true) return openInCluster(inCluster);
  const openFiles = (files: readonly string[], optional: boolean) =>
    followKubeconfig({
      ...{ files, optional, rereadMs: limits.rereadMs, now: options.clock.now },
      accessOf: (config) => accessOf(config, options, limits),
    });
  if (options.kubeconfig !== undefined) return openFiles([options.kubeconfig], false);
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (listed.length > 0) return openFiles(listed, true);
  if (options.context === undefined && isInCluster(inCluster)) return openInCluster(inCluster);
  const own = join(env.HOME ?? env.USERPROFILE ?? '', '.kube', 'config');
  if (existsSync(own)) return openFiles([own], false);
  throw new KubeError(
    0,
    'Config',
    `no cluster is named: there is no ${own}, $KUBECONFIG is empty and this process runs in no Pod with a service account; name a kubeconfig`,
  );
}

function accessOf(config: Kubeconfig, options: OpenClusterOptions, limits: Limits): Access {
  const file = config.files.join(', ');
  const name = options.context ?? config.currentContext;
  if (name === undefined) throw configError(file, 'current-context is missing: set it, or name a context');
  const context = config.contexts.get(name);
  if (context === undefined)
    throw configError(file, `context ${JSON.stringify(name)} is not there: ${oneOf('contexts', config.contexts)}`);
  const { cluster: clusterName, user: userName, namespace } = context.entry;
  const where = `${context.file}, context ${name}`;
  const cluster = config.clusters.get(clusterName);
  if (cluster === undefined)
    throw configError(
      where,
      `cluster ${JSON.stringify(clusterName)} is not there: ${oneOf('clusters', config.clusters)}`,
    );
  const user = userName === undefined ? undefined : config.users.get(userName);
  if (userName !== undefined && user === undefined)
    throw configError(where, `user ${JSON.stringify(userName)} is not there: ${oneOf('users', config.users)}`);
  const { clock, env = process.env } = options;
  const identity =
    user === undefined
      ? undefined
      : createIdentity(user, cluster, { rereadMs: limits.rereadMs, now: clock.now, wall: clock.wall, env });
  return {
    name: options.name ?? name,
    server: checkServer(cluster),
    ...(namespace === undefined ? {} : { namespace }),
    reloadEveryMs: identity?.reloadEveryMs ?? 250,
    async load(refused, signal) {
      const who = await identity?.load(refused, signal);
      return checkTls(
        {
          headers: who?.headers ?? {},
          tls: {
            ...(await readTls(cluster)),
            ...(who?.cert === undefined ? {} : { cert: who.cert }),
            ...(who?.key === undefined ? {} : { key: who.key }),
          },
          ...untilOf(who?.untilMs, cluster, clock.now() + limits.rereadMs),
        },
        where,
      );
    },
  };
}

function oneOf(what: string, map: ReadonlyMap<string, unknown>): string {
  const names = [...map.keys()].sort();
  return names.length === 0 ? `it has no ${what}` : `it has the ${what} ${names.slice(0, 20).join(', ')}`;
}

function checkServer({ file, name, entry }: Placed<ClusterEntry>): string {
  const where = `${file}, cluster ${name}`;
  const url = URL.canParse(entry.server) ? new URL(entry.server) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '')
    throw configError(where, 'server is no address like https://host:port: correct it');
  if (entry['proxy-url'] !== undefined)
    throw configError(where, 'proxy-url cannot be used: make the API server reachable directly and remove it');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

async function readTls(cluster: Placed<ClusterEntry>) {
  const { entry } = cluster;
  const insecure = entry['insecure-skip-tls-verify'] ?? false;
  const ca = await readAuthority(cluster);
  if (insecure && ca !== undefined)
    throw configError(
      `${cluster.file}, cluster ${cluster.name}`,
      'certificate-authority and insecure-skip-tls-verify exclude each other: remove one',
    );
  const serverName = entry['tls-server-name'];
  return { insecure, ...(ca === undefined ? {} : { ca }), ...(serverName === undefined ? {} : { serverName }) };
}

function untilOf(untilMs: number | undefined, { entry }: Placed<ClusterEntry>, rereadAtMs: number) {
  const fromFile = entry['certificate-authority'] !== undefined && entry['certificate-authority-data'] === undefined;
  if (!fromFile) return untilMs === undefined ? {} : { untilMs };
  return { untilMs: Math.min(untilMs ?? rereadAtMs, rereadAtMs) };
}

/** Certificates that no session could use are told here, with their place, and not as a failed handshake. */
function checkTls(grant: Grant, where: string): Grant {
  const { ca, cert, key } = grant.tls;
  const check = (what: string, material: { ca?: string; cert?: string; key?: string }) => {
    try {
      createSecureContext(material);
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^error:[^:]*:/, '') : '';
      throw configError(where, `${what} cannot be used (${reason}): it must be PEM`);
    }
  };
  if (ca !== undefined) {
    check('certificate-authority', { ca });
    if (!ca.includes('-----BEGIN')) throw configError(where, 'certificate-authority holds no PEM certificate');
  }
  if (cert !== undefined && key !== undefined) check('client-certificate with client-key', { cert, key });
  return grant;
}
