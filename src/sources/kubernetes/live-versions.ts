import { type Cluster, type JsonObject, KubeError } from '../../kube/index.ts';
import type { LiveKind } from './live-kinds.ts';

/**
 * The newest apiVersion that the server has the kind in; undefined: none that is read. Oldest server: 1.17, the first with EndpointSlices
 * (v1beta1) whose watches have bookmarks for certain; 1.22 and newer have v1 of all. Rejects when the server cannot be asked; who may not
 * ask gets the newest, and the reading tells the rest.
 */
export async function chooseVersion(
  cluster: Pick<Cluster, 'get'>,
  { versions, resource }: LiveKind,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [newest] = versions;
  // There is no older form of what is in v1 alone.
  if (versions.length === 1 && newest === 'v1') return newest;
  for (const version of versions) {
    try {
      const list = await cluster.get(version.includes('/') ? `/apis/${version}` : `/api/${version}`, signal);
      if (serves(list, resource)) return version;
    } catch (error) {
      if (error instanceof KubeError && error.notFound) continue;
      if (error instanceof KubeError && error.forbidden) return newest;
      throw error;
    }
  }
  return undefined;
}

/** Whether an APIResourceList has a resource: networking.k8s.io/v1 is older than the Ingresses in it. */
function serves({ resources }: JsonObject, resource: string): boolean {
  if (!Array.isArray(resources)) return false;
  return resources.some((one) => typeof one === 'object' && one !== null && 'name' in one && one.name === resource);
}
