import { type Beside, type Cluster, type KubeObject, type Reflector, resourcePath } from '../../kube/index.ts';
import type { Json, LocatedObject } from '../../model/index.ts';
import { projectObject } from './live-kinds.ts';
import type { LivingObjects } from './living-objects.ts';

/** Conditions of Pods that begin so are true once a load balancer finds the Pod healthy. */
const gatePrefix = 'target-health.';
/** Namespaces whose Pods get such gates, as aws-load-balancer-controller has it. */
const namespaceQuery = { labelSelector: 'elbv2.k8s.aws/pod-readiness-gate-inject=enabled' };
const place = { kind: 'Pod', apiVersion: 'v1', resource: 'pods' } as const;
const slices = { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', resource: 'endpointslices' } as const;

type Living = Pick<LivingObjects<string>, 'prepare' | 'put' | 'delete'>;

/** A Pod with such a gate: it is watched; what it would be if it were ready but for its gates. */
interface Gated {
  readonly waits: boolean;
  readonly seen: (() => void) | undefined;
}

export interface GateContext {
  readonly living: Living;
  readonly cluster: Cluster;
  readonly beside: Pick<Beside, 'seen' | 'gone'> | undefined;
  readonly changed: (cause: string) => void;
}

/**
 * Pods that wait for a load balancer to find them healthy are its targets although they are not ready: else each would wait for the other.
 * EndpointSlices go through here on their way to the readers, and say of such Pods that they are ready.
 */
export class LiveGates implements Living {
  readonly #context: GateContext;
  readonly #pods = new Map<string, Reflector<Gated>>();
  /** Namespace → key → slice as the server has it. */
  readonly #slices = new Map<string, Map<string, LocatedObject>>();

  constructor(context: GateContext) {
    this.#context = context;
  }

  prepare(located: LocatedObject): void {
    this.#context.living.prepare(located);
  }

  put(key: string, located: LocatedObject, shelf?: string): void {
    const own = shelf === slices.kind ? this.#slices.get(namespaceOf(key)) : undefined;
    own?.set(key, located);
    this.#context.living.put(key, own === undefined ? located : this.#opened(key, located), shelf);
  }

  delete(key: string, shelf?: string): void {
    if (shelf === slices.kind) this.#slices.get(namespaceOf(key))?.delete(key);
    this.#context.living.delete(key, shelf);
  }

  /** Follows namespaces that say so, and the Pods in them, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { cluster } = this.#context;
    const namespaces = cluster.reflect<true>({
      path: resourcePath({ apiVersion: 'v1', resource: 'namespaces' }),
      query: namespaceQuery,
      project: () => true,
      onChange: ({ type, key }) => {
        const name = key.replace(/^\//, '');
        if (type === 'add') void this.#follow(name, signal);
        if (type === 'delete') void this.#leave(name);
      },
    });
    namespaces.start();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await namespaces.stop();
    await Promise.all([...this.#pods.keys()].map((name) => this.#leave(name)));
  }

  async #follow(namespace: string, signal: AbortSignal): Promise<void> {
    const { cluster, beside } = this.#context;
    const own = new Map<string, LocatedObject>();
    this.#slices.set(namespace, own);
    const pods = cluster.reflect<Gated>({
      path: resourcePath({ apiVersion: 'v1', resource: 'pods', namespace }),
      project: (object, _, managedFields) => gatedOf(object, managedFields, beside),
      onChange: (change) => {
        if (change.type === 'delete') beside?.gone(place.kind, change.key);
        else change.object.seen?.();
        const before = change.type === 'add' ? false : change.old.waits;
        const now = change.type === 'delete' ? false : change.object.waits;
        if (before !== now) this.#again(namespace, `Pod ${change.key}`);
      },
    });
    this.#pods.set(namespace, pods);
    // Slices that went by before; what comes meanwhile is newer.
    const { items } = await cluster
      .list(resourcePath({ ...slices, namespace }), { signal })
      .catch(() => ({ items: [] }));
    for (const item of items) {
      const key = `${namespace}/${item.metadata.name}`;
      const object = projectObject(item, slices.kind, slices.apiVersion);
      if (!own.has(key)) own.set(key, { object, file: '', document: 1, line: 1 });
    }
    if (!signal.aborted && this.#pods.get(namespace) === pods) pods.start();
  }

  async #leave(namespace: string): Promise<void> {
    const pods = this.#pods.get(namespace);
    this.#pods.delete(namespace);
    this.#again(namespace, `Namespace ${namespace}`);
    this.#slices.delete(namespace);
    for (const key of pods?.items.keys() ?? []) this.#context.beside?.gone(place.kind, key);
    await pods?.stop();
  }

  /** What the slices of a namespace say is another thing now. */
  #again(namespace: string, cause: string): void {
    const { living, changed } = this.#context;
    for (const [key, located] of this.#slices.get(namespace) ?? [])
      living.put(key, this.#opened(key, located), slices.kind);
    changed(cause);
  }

  #opened(key: string, located: LocatedObject): LocatedObject {
    const namespace = namespaceOf(key);
    const pods = this.#pods.get(namespace)?.items;
    const { object } = located;
    if (pods === undefined || pods.size === 0 || !isRecord(object) || !Array.isArray(object.endpoints)) return located;
    const endpoints: readonly unknown[] = object.endpoints;
    const opened = endpoints.map((endpoint) => {
      if (!isRecord(endpoint) || !isRecord(endpoint.targetRef) || !isRecord(endpoint.conditions)) return endpoint;
      const { kind, name } = endpoint.targetRef;
      const { ready, terminating } = endpoint.conditions;
      const waits = kind === place.kind && pods.get(`${namespace}/${String(name)}`)?.waits === true;
      if (!waits || ready !== false || terminating === true) return endpoint;
      return { ...endpoint, conditions: { ...endpoint.conditions, ready: true, serving: true } };
    });
    if (opened.every((endpoint, i) => endpoint === endpoints[i])) return located;
    return { ...located, object: { ...object, endpoints: opened } };
  }
}

/** undefined: a Pod without such a gate. */
function gatedOf(
  object: KubeObject,
  managedFields: Json | undefined,
  beside: GateContext['beside'],
): Gated | undefined {
  const { spec, status, metadata } = object;
  const gates = isRecord(spec) && Array.isArray(spec.readinessGates) ? spec.readinessGates : [];
  const gated = gates.some((gate: unknown) => {
    const type = isRecord(gate) ? gate.conditionType : undefined;
    return typeof type === 'string' && type.startsWith(gatePrefix);
  });
  if (!gated) return undefined;
  const conditions: readonly unknown[] = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
  const contained = conditions.some(
    (condition) => isRecord(condition) && condition.type === 'ContainersReady' && condition.status === 'True',
  );
  return {
    waits: contained && metadata.deletionTimestamp === undefined,
    seen: beside?.seen(object, place, managedFields),
  };
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `shop/web-1` → `shop`. */
function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
