import {
  type Change,
  type Cluster,
  type JsonObject,
  KubeError,
  type KubeObject,
  type ReflectOptions,
  type Reflector,
  type ReflectorState,
} from '../../../src/kube/index.ts';

/** An object with the kind that its apiVersion has it under. */
export interface Placed {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export type Fault = 'absent' | 'forbidden' | 'failing' | 'unknown';

const resources: Readonly<Record<string, string>> = {
  Ingress: 'ingresses',
  IngressClass: 'ingressclasses',
  IngressClassParams: 'ingressclassparams',
};
const resourceOf = (kind: string) => resources[kind] ?? `${kind.toLowerCase()}s`;

/** A reflector that runs, whatever it makes of objects. */
type Runs = Pick<ScriptedReflector<never>, 'see' | 'lose' | 'judge' | 'path'>;

interface Stored {
  readonly resource: string;
  readonly key: string;
  readonly object: KubeObject;
}

/** A cluster by hand: tests put objects and faults, reflectors follow at once. It counts what is asked of it. */
export class ScriptedCluster implements Cluster {
  readonly name = 'scripted';
  readonly server = 'https://scripted.test';
  readonly connection = { connected: true, sessions: 1, error: undefined };
  /** Resource in all namespaces, or `resource/namespace` → what is wrong with it. */
  readonly faults = new Map<string, Fault>();
  /** Versions that discovery offers; a resource is served in the first that lists it. */
  readonly served = new Map<string, readonly string[]>([
    ['/apis/networking.k8s.io/v1', ['ingresses', 'ingressclasses']],
    ['/apis/discovery.k8s.io/v1', ['endpointslices']],
    ['/apis/elbv2.k8s.aws/v1beta1', []],
  ]);
  /** As the clock of the source. */
  now = () => performance.now();
  /** Everything fails while it is true. */
  down = false;
  readonly asked: string[] = [];
  readonly #objects = new Map<string, Stored>();
  readonly #running = new Set<Runs>();
  #version = 0;
  closed = 0;

  put(object: Placed): void {
    const { namespace, name } = object.metadata;
    const resource = resourceOf(object.kind);
    const key = `${namespace ?? ''}/${name}`;
    const before = this.#objects.get(`${resource} ${key}`);
    const version = String(++this.#version);
    const uid = before?.object.metadata.uid ?? `00000000-0000-4000-8000-${version.padStart(12, '0')}`;
    const text = JSON.stringify({ ...object, metadata: { uid, ...object.metadata, resourceVersion: version } });
    const stored = { resource, key, object: JSON.parse(text) };
    this.#objects.set(`${resource} ${key}`, stored);
    for (const one of this.#running) one.see(stored);
  }

  remove(kind: string, namespace: string, name: string): void {
    const id = `${resourceOf(kind)} ${namespace}/${name}`;
    const stored = this.#objects.get(id);
    this.#objects.delete(id);
    if (stored !== undefined) for (const one of this.#running) one.lose(stored);
  }

  /** Faults are another thing than before. */
  judge(): void {
    for (const one of this.#running) one.judge();
  }

  faultOf(resource: string, namespace: string | undefined): Fault | undefined {
    if (this.down) return 'failing';
    return (
      this.faults.get(resource) ?? (namespace === undefined ? undefined : this.faults.get(`${resource}/${namespace}`))
    );
  }

  all(): Iterable<Stored> {
    return this.#objects.values();
  }

  async get(path: string): Promise<JsonObject> {
    this.asked.push(path);
    if (this.down) throw errorOf('failing', path);
    const named = /^\/api\/v1\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path);
    if (named !== null) {
      const [, namespace = '', resource = '', name = ''] = named;
      const fault = this.faultOf(resource, namespace);
      if (fault !== undefined) throw errorOf(fault, path);
      const stored = this.#objects.get(`${resource} ${namespace}/${name}`);
      if (stored === undefined) throw errorOf('absent', path);
      return stored.object;
    }
    const found = this.served.get(path);
    if (found === undefined) throw errorOf('absent', path);
    return { kind: 'APIResourceList', resources: found.map((name) => ({ name })) };
  }

  reflect<T = KubeObject>(options: ReflectOptions<T>): Reflector<T> {
    const one = new ScriptedReflector<T>(this, options);
    const kept: Runs = one;
    one.onStart = () => {
      this.asked.push(options.query === undefined ? options.path : `${options.path}?${options.query.fieldSelector}`);
      this.#running.add(kept);
    };
    one.onStop = () => void this.#running.delete(kept);
    return one;
  }

  get reflectors(): readonly string[] {
    return [...this.#running].map(({ path }) => path).sort();
  }

  async close(): Promise<void> {
    this.closed++;
  }

  list = () => Promise.reject(new Error('a source lists by reflectors'));
  create = () => Promise.reject(new Error('a source writes nothing'));
  patch = () => Promise.reject(new Error('a source writes nothing'));
  delete = () => Promise.reject(new Error('a source writes nothing'));
}

function errorOf(fault: Fault, what: string): KubeError {
  if (fault === 'forbidden') return new KubeError(403, 'Forbidden', `${what} is forbidden`);
  if (fault === 'absent') return new KubeError(404, 'NotFound', `${what} is not there`);
  if (fault === 'unknown') return new KubeError(401, 'Unauthorized', `${what}: Unauthorized`);
  return new KubeError(0, 'Unreachable', `${what}: connection refused`);
}

class ScriptedReflector<T> implements Reflector<T> {
  readonly path: string;
  readonly items = new Map<string, T>();
  state: ReflectorState = { phase: 'stopped', synced: false, lists: 0, watches: 0 };
  onStart: () => void = () => undefined;
  onStop: () => void = () => undefined;
  readonly #cluster: ScriptedCluster;
  readonly #options: ReflectOptions<T>;
  readonly #resource: string;
  readonly #namespace: string | undefined;
  #running = false;

  constructor(cluster: ScriptedCluster, options: ReflectOptions<T>) {
    this.#cluster = cluster;
    this.#options = options;
    this.path = options.path;
    const parts = options.path.split('/');
    this.#resource = parts.at(-1) ?? '';
    this.#namespace = parts.at(-3) === 'namespaces' ? parts.at(-2) : undefined;
  }

  get synced(): boolean {
    return this.state.synced;
  }

  keys(): Iterable<string> {
    return this.items.keys();
  }

  start(): void {
    this.#running = true;
    this.onStart();
    queueMicrotask(() => this.judge());
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.onStop();
  }

  judge(): void {
    if (!this.#running) return;
    const fault = this.#cluster.faultOf(this.#resource, this.#namespace);
    if (fault !== undefined) {
      const phase = fault === 'unknown' ? 'failing' : fault;
      if (this.state.phase !== phase)
        this.#enter({ phase, error: errorOf(fault, this.path), staleSinceMs: this.#cluster.now() });
      return;
    }
    if (this.state.phase === 'watching') return;
    const seen = new Set<string>();
    for (const stored of this.#cluster.all()) if (this.see(stored, true)) seen.add(stored.key);
    for (const [key, old] of [...this.items]) if (!seen.has(key)) this.#drop(key, old);
    this.state = { ...this.state, synced: true, lists: this.state.lists + 1 };
    this.#options.onListed?.();
    this.#enter({ phase: 'watching', watches: this.state.watches + 1, lastEventMs: this.#cluster.now() });
  }

  see({ resource, key, object }: Stored, listed = false): boolean {
    if (!this.#fits(resource, key) || (!listed && this.state.phase !== 'watching')) return false;
    const made = this.#options.project?.(object, undefined);
    if (made === undefined) return false;
    const old = this.items.get(key);
    this.items.set(key, made);
    this.#emit(old === undefined ? { type: 'add', key, object: made } : { type: 'update', key, object: made, old });
    return true;
  }

  lose({ resource, key }: Stored): void {
    const old = this.items.get(key);
    if (old !== undefined && this.#fits(resource, key) && this.state.phase === 'watching') this.#drop(key, old);
  }

  #drop(key: string, old: T): void {
    this.items.delete(key);
    this.#emit({ type: 'delete', key, old });
  }

  #fits(resource: string, key: string): boolean {
    const [namespace, name] = key.split('/');
    const selector = this.#options.query?.fieldSelector;
    return (
      this.#running &&
      resource === this.#resource &&
      (this.#namespace === undefined || this.#namespace === namespace) &&
      (selector === undefined || selector === `metadata.name=${name}`)
    );
  }

  #emit(change: Change<T>): void {
    this.#options.onChange?.(change);
  }

  #enter(state: Partial<ReflectorState>): void {
    const { error: _, staleSinceMs: __, ...rest } = this.state;
    this.state = { ...rest, ...state };
    this.#options.onState?.(this.state);
  }
}
