import type { Backend, ExportedService, Problem, Target } from '../model/index.ts';
import { backendNamed } from '../model/index.ts';
import { sameItems } from '../model/remade.ts';

/** A service as one cluster exports it. */
export interface ClusterService {
  readonly cluster: string;
  /** Share of the cluster; absent: its targets count as they are. */
  readonly weight?: number;
  readonly service: ExportedService;
}

export interface MergedService {
  readonly service: ExportedService;
  readonly problems: readonly Problem[];
}

/**
 * One service out of those that several clusters export by one id: what the first says of ports, hosts and settings, with the targets of
 * all. Pure.
 */
export function mergeService(members: readonly ClusterService[]): MergedService | undefined {
  const [first, ...others] = members;
  if (first === undefined) return undefined;
  const weights = members.map(({ weight }) => weight ?? 1);
  const weighted = members.some(({ weight }) => weight !== undefined);
  if (others.length === 0 && !weighted) return { service: first.service, problems: [] };
  const most = Math.max(1, ...weights);
  const { service } = first;
  const backends = Object.entries(service.backends).map(([key, backend]): readonly [string, Backend] => {
    const targets = members.flatMap((member, i) => {
      const own = backendNamed(member.service, key)?.targets ?? [];
      return weighted ? weigh(own, (weights[i] ?? 1) / most) : own;
    });
    return [key, { ...backend, targets: unique(targets) }];
  });
  const problems = others
    .filter((other) => shapeOf(other.service) !== shapeOf(service))
    .map((other) => differing(first, other));
  return { service: { ...service, backends: Object.fromEntries(backends) }, problems };
}

/**
 * Targets that together count as much as the share of their cluster, whatever their number: a change in one cluster leaves the weights in
 * the others. `share`: of the cluster with the most, 0 to 1.
 */
function weigh(targets: readonly Target[], share: number): readonly Target[] {
  const whole = targets.reduce((sum, { weight, state }) => sum + (state === 'ready' ? weight : 0), 0);
  return targets.map((target) => {
    if (share === 0 || target.weight === 0) return { ...target, weight: 0 };
    const weight = Math.round((256 * share * target.weight) / Math.max(1, whole));
    return { ...target, weight: Math.min(256, Math.max(1, weight)) };
  });
}

/** Networks that overlap have an address twice; one proxy reaches only one of them. The first cluster's stays. */
function unique(targets: readonly Target[]): readonly Target[] {
  const seen = new Set<string>();
  return targets.filter(({ address, port }) => {
    const key = `${address} ${port}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function shapeOf({ fronts, backends }: ExportedService): string {
  const ports = fronts.map(({ key, port, protocol }) => `${key} ${port} ${protocol}`);
  return [...ports, ...Object.keys(backends).sort()].join('\n');
}

function differing(first: ClusterService, other: ClusterService): Problem {
  const { id, origin } = other.service;
  const { kind, namespace, name } = origin;
  return {
    code: 'W_CLUSTERS_DIFFER',
    severity: 'warning',
    source: `${kind}/${namespace}/${name}`,
    service: id,
    message: `${kind} ${namespace}/${name} has other ports or backends in cluster ${other.cluster} than in ${first.cluster}, which counts; targets of ${other.cluster} are used where their backend is the same`,
  };
}

/** Merges again and again; a service whose members are the same objects is the same object. */
export class ServiceMerger {
  #merged = new Map<string, { readonly of: readonly ExportedService[]; readonly made: MergedService }>();

  /** In order of the clusters; ids in the order in which they first come. */
  merge(clusters: readonly (Omit<ClusterService, 'service'> & { readonly services: readonly ExportedService[] })[]): {
    readonly services: readonly ExportedService[];
    readonly problems: readonly Problem[];
  } {
    const byId = new Map<string, ClusterService[]>();
    for (const { services, ...cluster } of clusters)
      for (const service of services) {
        const members = byId.get(service.id);
        if (members === undefined) byId.set(service.id, [{ ...cluster, service }]);
        else members.push({ ...cluster, service });
      }
    const before = this.#merged;
    this.#merged = new Map();
    const services: ExportedService[] = [];
    const problems: Problem[] = [];
    for (const [id, members] of byId) {
      const of = members.map(({ service }) => service);
      const known = before.get(id);
      const made = known !== undefined && sameItems(known.of, of) ? known.made : mergeService(members);
      if (made === undefined) continue;
      this.#merged.set(id, { of, made });
      services.push(made.service);
      problems.push(...made.problems);
    }
    return { services, problems };
  }
}
