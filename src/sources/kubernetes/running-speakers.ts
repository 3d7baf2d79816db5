import { type Cluster, type JsonObject, KubeError, resourcePath } from '../../kube/index.ts';
import type { Json, Problem } from '../../model/index.ts';

const place = { apiVersion: 'metallb.io/v1beta1', resource: 'servicel2statuses' } as const;
const most = 500;

/**
 * Speakers of MetalLB that announce now, as their ServiceL2Statuses in `home` say: for who looks at a cluster once, and follows nothing.
 * Where those cannot be read nothing is known of speakers.
 */
export async function runningSpeakers(
  cluster: Pick<Cluster, 'get'>,
  source: string,
  home: string,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const found = await listStatuses(cluster, home, signal);
  const strange = found.filter(({ labels }) => labels['app.kubernetes.io/managed-by'] !== 'weir');
  if (strange.length === 0) return [];
  const nodes = [...new Set(strange.flatMap(({ labels }) => textOf(labels['metallb.io/node'])))].sort();
  const on = nodes.length <= 5 ? nodes.join(', ') : `${nodes.slice(0, 5).join(', ')} and ${nodes.length - 5} more`;
  return [
    {
      code: 'W_METALLB',
      severity: 'warning',
      source: `source/${source}`,
      message: `source ${source}: speakers of MetalLB announce on ${on}, as ServiceL2Statuses in ${home} say: end them before weir announces the same addresses`,
    },
  ];
}

interface Status {
  readonly labels: JsonObject;
}

async function listStatuses(
  cluster: Pick<Cluster, 'get'>,
  home: string,
  signal: AbortSignal,
): Promise<readonly Status[]> {
  try {
    const { items } = await cluster.get(`${resourcePath({ ...place, namespace: home })}?limit=${most}`, signal);
    if (!Array.isArray(items)) return [];
    return items.map((item: Json) => ({ labels: recordOf(recordOf(recordOf(item).metadata).labels) }));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return [];
  }
}

function textOf(value: Json | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : [];
}

function recordOf(value: Json | undefined): JsonObject {
  return isRecord(value) ? value : {};
}

function isRecord(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
