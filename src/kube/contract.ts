/** What source and status see of a cluster: raw JSON in and out, never a typed object that drops fields it does not know. */
import type { Context, Json, Log } from '../model/index.ts';
import type { KubeError } from './kube-error.ts';

export type JsonObject = { readonly [key: string]: Json };

/** Any object of the API as the server sent it; `metadata.managedFields` is dropped by reflectors. */
export type KubeObject = JsonObject & { readonly metadata: JsonObject & { readonly name: string } };

export interface OpenClusterOptions {
  readonly clock: Context['clock'];
  readonly log: Log;
  /** How messages and metrics call this cluster. Default: the context's name, `in-cluster` inside one. */
  readonly name?: string;
  /** A kubeconfig file. Absent: $KUBECONFIG, else the service account of this Pod, else ~/.kube/config. */
  readonly kubeconfig?: string;
  /** Context of the kubeconfig; default its current one. */
  readonly context?: string;
  /** true: the service account of this Pod and nothing else. */
  readonly inCluster?: boolean;
  /** Where to look, for tests; default the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Directory of token, ca.crt and namespace inside a Pod. */
  readonly serviceAccountDir?: string;
  /** Calls back when files and plugins shall be read anew at once; answers how to stop that. */
  readonly onReread?: (listener: () => void) => () => void;
  /** Uniform in [0, 1), for jitter. */
  readonly random?: () => number;
  readonly limits?: Partial<Limits>;
}

/** Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** From the first packet to a ready HTTP/2 session. */
  readonly connectMs: number;
  /** Until the answer begins, and between two pieces of it. Watches: until the answer begins. */
  readonly requestMs: number;
  readonly pingEveryMs: number;
  /** Without the answer to a ping for so long the connection is dead. */
  readonly pingDeadlineMs: number;
  /** Of one answer, and of one event of a watch. */
  readonly bodyBytes: number;
  /** The server is asked to end watches after so long at least, twice as long at most. */
  readonly watchMs: number;
  /** Token and certificate files are read again after so long, besides at a 401. */
  readonly rereadMs: number;
  /** A server that has just come back may not know yet who may what: for so long its 403 is no answer. */
  readonly startingMs: number;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly query?: Readonly<Record<string, string>>;
}

export interface PatchOptions extends RequestOptions {
  /** merge: RFC 7386. json: RFC 6902, the body is its list. apply: server-side apply of the whole intent. */
  readonly type: 'merge' | 'json' | 'apply';
  readonly fieldManager: string;
  /** With `apply`: take fields over that other managers own. */
  readonly force?: boolean;
}

export interface DeleteOptions extends RequestOptions {
  /** Only this very object, only this version of it: else KubeError 409. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan';
}

export interface ListOptions extends RequestOptions {
  /** Objects a page, 250 by default. Pages get smaller by themselves where objects are large. */
  readonly limit?: number;
}

export interface KubeList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

/** Which cluster, and how it is reached: without secrets, for messages. */
export interface ClusterIdentity {
  readonly name: string;
  /** `https://host:port` and a path where there is one. */
  readonly server: string;
  /** Namespace of the context or of this Pod. */
  readonly namespace?: string;
}

/**
 * One API server. Paths begin with `/api` or `/apis` (see `resourcePath`). Every method rejects with a KubeError and nothing else; a 401 has
 * been tried once more with credentials read anew. Nothing is retried otherwise: who calls knows whether it may be.
 */
export interface Cluster extends ClusterIdentity {
  /** The parsed answer. */
  get(path: string, options?: AbortSignal | RequestOptions): Promise<JsonObject>;
  /** All pages, consistent with each other; every object has `apiVersion` and `kind`. */
  list(path: string, options?: ListOptions): Promise<KubeList>;
  create(
    path: string,
    body: JsonObject,
    options?: RequestOptions & { readonly fieldManager?: string },
  ): Promise<JsonObject>;
  patch(path: string, body: Json, options: PatchOptions): Promise<JsonObject>;
  delete(path: string, options?: DeleteOptions): Promise<JsonObject>;
  /** What a list and a watch of this path keep up to date. Not started. */
  reflect<T>(options: ReflectOptions<T>): Reflector<T>;
  /** How the server is reached now, for metrics. */
  readonly connection: Connection;
  /** Stops every reflector and ends the session. */
  close(): Promise<void>;
}

export interface Connection {
  readonly connected: boolean;
  /** Sessions opened so far. */
  readonly sessions: number;
  /** Why there is none. */
  readonly error: KubeError | undefined;
}

export type Change<T> =
  | { readonly type: 'add'; readonly key: string; readonly object: T }
  | { readonly type: 'update'; readonly key: string; readonly object: T; readonly old: T }
  | { readonly type: 'delete'; readonly key: string; readonly old: T };

export interface ReflectOptions<T> {
  /** Of the list, e.g. `/api/v1/services` or `/api/v1/namespaces/shop/services`. */
  readonly path: string;
  /** `labelSelector`, `fieldSelector`. */
  readonly query?: Readonly<Record<string, string>>;
  /**
   * What is kept of an object: as little as is needed (`(object) => object`: all). Called once a version; `old` is what it made of the
   * version before, and answering just that means that nothing has changed. undefined: as if the object were not there. `managedFields`:
   * who wrote what of it, not to be kept.
   */
  readonly project: (object: KubeObject, old: T | undefined, managedFields?: Json) => T | undefined;
  /** What is left of every item once it was handed to `onChange`, for those who keep it elsewhere, in another form: `items` holds none. */
  readonly left?: T;
  /** Once a change, in order; never after `stop()` was called. What it throws is logged and changes nothing. */
  readonly onChange?: (change: Change<T>) => void;
  /** After the first complete list has been handed to `onChange`, and after each later one. */
  readonly onListed?: () => void;
  /** Whenever `phase` or `error` changes. */
  readonly onState?: (state: ReflectorState) => void;
  /** Objects a page, 250 by default. */
  readonly limit?: number;
  /** A full list at least so often, as a safety net; jittered. Default 10 minutes. */
  readonly relistMs?: number;
}

/**
 * listing: not yet, or again. watching: up to date. absent: the server does not know the resource (404), asked now and then. forbidden: 403,
 * asked now and then. failing: anything else, tried again. Items stay as they were last known in every phase.
 */
export type ReflectorPhase = 'stopped' | 'listing' | 'watching' | 'absent' | 'forbidden' | 'failing';

export interface ReflectorState {
  readonly phase: ReflectorPhase;
  /** The first list is complete and has been handed on. Stays true. */
  readonly synced: boolean;
  readonly lists: number;
  /** Watches opened. */
  readonly watches: number;
  /** Changes, bookmarks and lists: monotonic time of the last. */
  readonly lastEventMs?: number;
  /** Since when (monotonic) it has not been up to date. */
  readonly staleSinceMs?: number;
  /** Present in the phases absent, forbidden and failing. */
  readonly error?: KubeError;
}

export interface Reflector<T> {
  readonly path: string;
  readonly synced: boolean;
  /** `namespace/name` (`/name` without a namespace) → what `project` made of it: the same object while the version is the same. */
  readonly items: ReadonlyMap<string, T>;
  readonly state: ReflectorState;
  /** Nothing when it runs already. After `stop` it goes on from where it was. */
  start(): void;
  /** Of what is known. */
  keys(): Iterable<string>;
  /** No handler is called after this call, its promise or not. */
  stop(): Promise<void>;
}
