import type { Json } from '../model/index.ts';
import type { Access } from './access.ts';
import { ApiServer } from './api-server.ts';
import type {
  Cluster,
  Connection,
  DeleteOptions,
  JsonObject,
  KubeList,
  KubeObject,
  Limits,
  ListOptions,
  OpenClusterOptions,
  PatchOptions,
  ReflectOptions,
  Reflector,
  RequestOptions,
} from './contract.ts';
import { findAccess } from './find-access.ts';
import { PathReflector } from './path-reflector.ts';
import { readList } from './read-list.ts';

const defaults: Limits = {
  connectMs: 5_000,
  requestMs: 30_000,
  pingEveryMs: 500,
  pingDeadlineMs: 2_500,
  bodyBytes: 128 << 20,
  watchMs: 300_000,
  rereadMs: 60_000,
  startingMs: 10_000,
};

const patchTypes: Readonly<Record<PatchOptions['type'], string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  // JSON is YAML.
  apply: 'application/apply-patch+yaml',
};

/**
 * Finds the cluster and its credentials: reads files, contacts nobody, so a server that is down is no error here. Rejects with KubeError
 * `Config` or `Credentials` that names file, context, user and field.
 */
export async function openCluster(options: OpenClusterOptions): Promise<Cluster> {
  const limits = { ...defaults, ...options.limits };
  return new ApiCluster(await findAccess(options, limits), limits, options);
}

class ApiCluster implements Cluster {
  readonly name: string;
  readonly server: string;
  readonly namespace?: string;
  readonly #server: ApiServer;
  readonly #options: OpenClusterOptions;
  readonly #running = new Set<Reflector<unknown>>();
  readonly #forget: (() => void) | undefined;

  constructor(access: Access, limits: Limits, options: OpenClusterOptions) {
    this.name = options.name ?? access.name;
    this.server = access.server;
    if (access.namespace !== undefined) this.namespace = access.namespace;
    this.#options = options;
    this.#server = new ApiServer({ ...access, name: this.name }, limits, options.clock, options.log);
    this.#forget = options.onReread?.(() => this.#server.renew());
  }

  get connection(): Connection {
    return this.#server.sessions;
  }

  async get(path: string, options: AbortSignal | RequestOptions = {}): Promise<JsonObject> {
    const { signal, query } = options instanceof AbortSignal ? { signal: options, query: undefined } : options;
    return (await this.#server.call({ method: 'GET', path, query, signal })).value;
  }

  async list(path: string, { limit, query, signal }: ListOptions = {}): Promise<KubeList> {
    const items: KubeObject[] = [];
    const resourceVersion = await readList(
      this.#server,
      { path, limit, query, signal },
      {
        page: (page) => {
          for (const item of page) items.push(item);
        },
        restart: () => {
          items.length = 0;
        },
      },
    );
    return { items, resourceVersion };
  }

  async create(
    path: string,
    body: JsonObject,
    { signal, query, fieldManager }: RequestOptions & { readonly fieldManager?: string } = {},
  ): Promise<JsonObject> {
    const more = fieldManager === undefined ? query : { ...query, fieldManager };
    return (await this.#server.call({ method: 'POST', path, query: more, body, signal })).value;
  }

  async patch(
    path: string,
    body: Json,
    { type, fieldManager, force, query, signal }: PatchOptions,
  ): Promise<JsonObject> {
    const answer = await this.#server.call({
      method: 'PATCH',
      path,
      query: { ...query, fieldManager, ...(force === true ? { force: 'true' } : {}) },
      body,
      contentType: patchTypes[type],
      signal,
    });
    return answer.value;
  }

  async delete(path: string, { preconditions, propagation, query, signal }: DeleteOptions = {}): Promise<JsonObject> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(preconditions === undefined ? {} : { preconditions: { ...preconditions } }),
      ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
    };
    return (await this.#server.call({ method: 'DELETE', path, query, body, signal })).value;
  }

  reflect<T>(options: ReflectOptions<T>): Reflector<T> {
    const { clock, log, random = Math.random } = this.#options;
    const context = { server: this.#server, clock, log, random, cluster: this.name, running: this.#running };
    return new PathReflector(options, context);
  }

  async close(): Promise<void> {
    this.#forget?.();
    const stopped = [...this.#running].map((reflector) => reflector.stop());
    this.#server.close();
    await Promise.all(stopped);
  }
}
