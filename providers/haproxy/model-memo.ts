import type { Backend, Listener, MergedAction, MergedHost, Node, Problem, Resource } from '../../src/model/index.ts';
import type { BackendResult, BackendUse } from './model-backend.ts';
import type { RouteResult } from './model-route.ts';
import { sameResource } from './model-same.ts';
import type { Options } from './options.ts';

/** What the services of one host come to. */
export interface HostPart {
  readonly frontend: string;
  readonly rest: MergedAction | undefined;
  readonly routes: readonly Resource[];
  readonly uses: readonly BackendUse[];
  readonly problems: readonly Problem[];
}

/** What one listener comes to, without its routes. */
export interface ListenerPart {
  readonly group: string;
  readonly brought: boolean;
  /** Absent: nothing of the listener can be served. */
  readonly resource: Resource | undefined;
  readonly uses: readonly BackendUse[];
  readonly problems: readonly Problem[];
}

export interface BackendPart {
  readonly use: BackendUse;
  readonly settings: unknown;
  readonly nodes: readonly Node[];
  readonly result: BackendResult;
}

/** What was made of which input object; everything in it dies with its input. */
export interface Memo {
  settings?: Resource;
  readonly hosts: WeakMap<MergedHost, HostPart>;
  /** By rule, then by frontend and host. */
  readonly routes: WeakMap<MergedAction, Map<string, RouteResult>>;
  readonly listeners: WeakMap<Listener, ListenerPart>;
  /** The last listener of each group and port. */
  readonly lastListeners: Map<string, { readonly listener: Listener; readonly part: ListenerPart }>;
  /** The last resource of each kind and id. */
  readonly last: Map<string, Resource>;
  readonly backends: Readonly<Record<'http' | 'tcp', WeakMap<Backend, BackendPart>>>;
}

const memos = new WeakMap<Options, Map<string, Memo>>();

/** The memo of one balancer: what is remembered under other options or another unit is not the same. */
export function memoOf(options: Options, unit: string): Memo {
  let units = memos.get(options);
  if (units === undefined) {
    units = new Map();
    memos.set(options, units);
  }
  let memo = units.get(unit);
  if (memo === undefined) {
    const backends = { http: new WeakMap<Backend, BackendPart>(), tcp: new WeakMap<Backend, BackendPart>() };
    memo = {
      hosts: new WeakMap(),
      routes: new WeakMap(),
      listeners: new WeakMap(),
      lastListeners: new Map(),
      last: new Map(),
      backends,
    };
    units.set(unit, memo);
  }
  return memo;
}

/** The resource that is known already when it says the same: readers compare by reference. */
export function keep(memo: Memo, resource: Resource): Resource {
  const key = `${resource.kind} ${resource.id}`;
  const before = memo.last.get(key);
  if (before !== undefined && sameResource(before, resource)) return before;
  memo.last.set(key, resource);
  return resource;
}

/** Forgets what is gone, once that is more than what is there. */
export function prune(memo: Memo, resources: readonly Resource[]): void {
  if (memo.last.size <= resources.length * 2 + 1_000) return;
  memo.last.clear();
  for (const resource of resources) memo.last.set(`${resource.kind} ${resource.id}`, resource);
}
