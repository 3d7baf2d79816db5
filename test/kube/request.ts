/** The tests' own client of the API server, on node:https and nothing of weir's: what tests see does not depend on what they test. */
import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** An object of the API; `T` adds what the test knows of its kind. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly finalizers?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
  };
}

export interface ApiList<T extends ApiObject = ApiObject> {
  readonly items: readonly T[];
  readonly metadata: { readonly resourceVersion: string };
}

/** The API server refused. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  constructor(method: string, path: string, code: number, reason: string, message: string) {
    super(`${method} ${path}: ${code} ${message}`);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
  }
}

export interface WatchEvent<T extends ApiObject = ApiObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

export interface ApiClient {
  /** The parsed answer. Throws an ApiError on any other code than 2xx. */
  request<T = ApiObject>(method: Method, path: string, body?: unknown, contentType?: string): Promise<T>;
  /** The code alone. */
  probe(method: Method, path: string, body?: unknown): Promise<number>;
  /** Server-side apply that takes fields over; the path comes from the object. Answers the object as the server has it. */
  apply<T extends ApiObject = ApiObject>(object: ApplyObject, subresource?: string): Promise<T>;
  /** Merge patch. */
  patch<T = ApiObject>(path: string, body: unknown): Promise<T>;
  /** Deletes when it is there. */
  remove(path: string): Promise<void>;
  /** Until the server ends it, an error, or the signal. `onEvent` must not throw. */
  watch<T extends ApiObject>(path: string, onEvent: (event: WatchEvent<T>) => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface ApplyObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string } & Record<string, unknown>;
  readonly [field: string]: unknown;
}

const clusterKinds = new Set([
  ...['Namespace', 'Node', 'PersistentVolume', 'ClusterRole', 'ClusterRoleBinding', 'IngressClass', 'PriorityClass'],
  ...['CustomResourceDefinition', 'APIService', 'StorageClass', 'IngressClassParams', 'CertificateSigningRequest'],
  ...['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration', 'GatewayClass', 'FlowSchema'],
]);

/** `apps/v1` Deployment shop/web → `/apis/apps/v1/namespaces/shop/deployments/web`. Plurals by the rule that all kinds follow. */
export function objectPath({ apiVersion, kind, metadata }: ApplyObject | ApiObject): string {
  const scope = clusterKinds.has(kind) ? '' : `/namespaces/${metadata.namespace ?? 'default'}`;
  return `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}${scope}/${plural(kind)}/${metadata.name}`;
}

function plural(kind: string): string {
  const word = kind.toLowerCase();
  if (/(endpoints|params)$/.test(word)) return word;
  if (/(s|ss|sh|ch|x)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

/** `authorization` is a header's value; absent: anonymous. Watches have connections of their own. */
export function makeClient(url: string, caFile: string, authorization?: string): ApiClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 16, ca: readFileSync(caFile) });
  const watchers = new Agent({ ca: readFileSync(caFile) });
  const headers = {
    accept: 'application/json',
    ...(authorization === undefined ? {} : { authorization }),
  };
  const send = (options: RequestOptions, path: string, text?: string) =>
    new Promise<{ code: number; text: string }>((resolve, reject) => {
      const request = httpsRequest(new URL(path, url), { agent, ...options }, (reply) => {
        const parts: Buffer[] = [];
        reply.on('data', (part) => parts.push(part));
        reply.on('end', () => resolve({ code: reply.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
        reply.on('error', reject);
      });
      request.on('error', reject);
      request.end(text);
    });
  const call = (method: Method, path: string, body?: unknown, type = 'application/json') => {
    if (body === undefined) return send({ method, headers }, path);
    const text = JSON.stringify(body);
    // Node gives the body of a DELETE no length, and the server would take it for the next request.
    const length = String(Buffer.byteLength(text));
    return send({ method, headers: { ...headers, 'content-type': type, 'content-length': length } }, path, text);
  };
  const client: ApiClient = {
    async request<T>(method: Method, path: string, body?: unknown, type?: string): Promise<T> {
      const { code, text } = await call(method, path, body, type);
      if (code < 200 || code > 299) throw refusal(method, path, code, text);
      return JSON.parse(text) as T;
    },
    probe: async (method, path, body) => (await call(method, path, body)).code,
    apply: (object, subresource) =>
      client.request(
        'PATCH',
        `${objectPath(object)}${subresource === undefined ? '' : `/${subresource}`}?fieldManager=weir-test&force=true`,
        object,
        'application/apply-patch+yaml',
      ),
    patch: (path, body) => client.request('PATCH', path, body, 'application/merge-patch+json'),
    async remove(path) {
      const { code, text } = await call('DELETE', path);
      if (code !== 404 && (code < 200 || code > 299)) throw refusal('DELETE', path, code, text);
    },
    watch: (path, onEvent, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return resolve();
        const fail = (error: Error) => (signal.aborted ? resolve() : reject(error));
        const request = httpsRequest(new URL(path, url), { agent: watchers, headers, signal }, (reply) => {
          let rest = '';
          reply.setEncoding('utf8');
          reply.on('data', (part: string) => {
            rest += part;
            if (reply.statusCode !== 200) return;
            const lines = rest.split('\n');
            rest = lines.pop() ?? '';
            for (const line of lines) if (line !== '' && !signal.aborted) onEvent(JSON.parse(line));
          });
          reply.on('error', fail);
          reply.on('end', () =>
            reply.statusCode === 200 ? resolve() : fail(refusal('GET', path, reply.statusCode ?? 0, rest)),
          );
        });
        request.on('error', fail);
        request.end();
      }),
    close() {
      agent.destroy();
      watchers.destroy();
    },
  };
  return client;
}

function refusal(method: string, path: string, code: number, text: string): ApiError {
  try {
    const { reason = '', message = text } = JSON.parse(text);
    return new ApiError(method, path, code, String(reason), String(message));
  } catch {
    return new ApiError(method, path, code, '', text.slice(0, 300));
  }
}
