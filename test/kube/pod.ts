/** What the kubelet reads of a Pod and says of it. */
import type { ApiObject } from './request.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly lastTransitionTime?: string;
}

export interface Pod extends ApiObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly restartPolicy?: string;
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly readinessGates?: readonly { readonly conditionType: string }[];
    readonly terminationGracePeriodSeconds?: number;
    readonly containers: readonly {
      readonly name: string;
      readonly image: string;
      readonly ports?: readonly { readonly containerPort: number; readonly protocol?: string }[];
    }[];
    readonly affinity?: { readonly nodeAffinity?: NodeAffinity };
  };
  readonly status?: { readonly phase?: string; readonly podIP?: string; readonly conditions?: readonly Condition[] };
}

interface NodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: {
    readonly nodeSelectorTerms: readonly {
      readonly matchFields?: readonly {
        readonly key: string;
        readonly operator: string;
        readonly values?: readonly string[];
      }[];
    }[];
  };
}

/** How one Pod behaves: annotations, so that a template can say it for all of its Pods. Times in milliseconds. */
export const annotations = {
  /** From its deletion until it refuses connections; default the grace period. */
  refuseAfterMs: 'weir.test/refuse-after-ms',
  /** From its start until it is Ready. */
  readyAfterMs: 'weir.test/ready-after-ms',
  /** `true`: not Ready, whatever else; it goes on answering. */
  unready: 'weir.test/unready',
} as const;

export function podKey({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}

export function podPath({ metadata }: Pod): string {
  return `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
}

/** TCP ports of all containers. */
export function podPorts({ spec }: Pod): readonly number[] {
  const ports = spec.containers.flatMap(({ ports = [] }) => ports);
  return [
    ...new Set(ports.filter(({ protocol = 'TCP' }) => protocol === 'TCP').map(({ containerPort }) => containerPort)),
  ];
}

/** A number of an annotation, or what stands for it. */
export function podNumber({ metadata }: Pod, annotation: string, otherwise: number): number {
  const value = Number(metadata.annotations?.[annotation] ?? Number.NaN);
  return Number.isFinite(value) ? value : otherwise;
}

/** Every readiness gate has a condition that is True. */
export function gatesOpen({ spec, status }: Pod): boolean {
  return (spec.readinessGates ?? []).every(({ conditionType }) =>
    status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True'),
  );
}

/** As a scheduler would ask; taints and resources count for nothing. */
export function fitsNode({ spec }: Pod, node: string, labels: Readonly<Record<string, string>>): boolean {
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  const terms =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? undefined;
  // The DaemonSet controller names the node like this.
  const named = terms?.some(({ matchFields = [] }) =>
    matchFields.every(({ key, values = [] }) => key !== 'metadata.name' || values.includes(node)),
  );
  return selected && named !== false;
}

/** The status of a Pod that runs, as a strategic merge patch: conditions of others stay. `now` is RFC 3339. */
export function runningStatus(pod: Pod, addresses: { pod: string; host: string }, ready: boolean, now: string): object {
  const old = pod.status?.conditions ?? [];
  const condition = (type: string, holds: boolean, reason?: string) => {
    const status = holds ? 'True' : 'False';
    const before = old.find((one) => one.type === type);
    const since = before?.status === status ? before.lastTransitionTime : now;
    return { type, status, reason: reason ?? null, lastTransitionTime: since ?? now };
  };
  const open = gatesOpen(pod);
  return {
    phase: 'Running',
    podIP: addresses.pod,
    podIPs: [{ ip: addresses.pod }],
    hostIP: addresses.host,
    hostIPs: [{ ip: addresses.host }],
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', true),
      condition('ContainersReady', ready, ready ? undefined : 'ContainersNotReady'),
      condition('Ready', ready && open, ready && !open ? 'ReadinessGatesNotReady' : undefined),
    ],
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: now } },
    })),
  };
}
