import { isObject } from './answer.ts';
import type { ApiServer } from './api-server.ts';
import type { JsonObject, KubeObject } from './contract.ts';
import { KubeError } from './kube-error.ts';

interface ListRequest {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Taker {
  /** The objects of one page; awaited before the next is asked for. */
  page(items: readonly KubeObject[]): Promise<void> | void;
  /** The pages so far do not count: the list begins anew. */
  restart(): void;
}

const defaultLimit = 250;
/** Parsing blocks: pages of large objects shrink until they are about this large. */
const pageBytes = 1 << 20;

/**
 * Reads all pages of a list; answers its resourceVersion. When the server has forgotten the place to go on from (410), the list is read
 * anew in one piece; the token for an inconsistent rest that the server offers is not used. Pages that are too large are asked for smaller.
 */
export async function readList(server: ApiServer, request: ListRequest, taker: Taker): Promise<string> {
  const { path, query, signal } = request;
  let limit = request.limit ?? defaultLimit;
  let next = '';
  for (let expired = 0; ; ) {
    let answer: { readonly value: JsonObject; readonly bytes: number };
    try {
      answer = await server.call({
        method: 'GET',
        path,
        query: { ...query, ...(limit > 0 ? { limit: String(limit) } : {}), ...(next === '' ? {} : { continue: next }) },
        signal,
      });
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (error.gone && next !== '' && expired === 0) {
        expired++;
        next = '';
        limit = 0;
        taker.restart();
        continue;
      }
      if (error.reason !== 'TooLarge' || limit === 1) throw error;
      limit = limit === 0 ? defaultLimit : Math.max(1, Math.floor(limit / 8));
      continue;
    }
    const { items, resourceVersion, token } = readPage(answer.value, path);
    await taker.page(items);
    if (signal?.aborted) throw new KubeError(0, 'Aborted', `GET ${path}: aborted`);
    if (token === '') return resourceVersion;
    next = token;
    if (limit > 0 && answer.bytes > pageBytes) limit = Math.max(1, Math.floor((limit * pageBytes) / answer.bytes));
  }
}

function readPage(list: JsonObject, path: string) {
  const { kind, apiVersion, metadata } = list;
  const listed = list.items ?? [];
  if (typeof kind !== 'string' || !kind.endsWith('List') || typeof apiVersion !== 'string' || !Array.isArray(listed))
    throw bad(path, 'is no list');
  const own = kind.slice(0, -'List'.length);
  const items = listed.map((item): KubeObject => {
    if (!isKubeObject(item)) throw bad(path, 'holds an object without metadata.name');
    // Items of a list say neither, events of a watch say both: everybody gets the same shape.
    return item.kind === undefined || item.apiVersion === undefined ? { apiVersion, kind: own, ...item } : item;
  });
  const { resourceVersion, continue: token } = isObject(metadata) ? metadata : {};
  return {
    items,
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    token: typeof token === 'string' ? token : '',
  };
}

export function isKubeObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false;
  const { metadata } = value;
  return typeof metadata === 'object' && metadata !== null && 'name' in metadata && typeof metadata.name === 'string';
}

function bad(path: string, what: string): KubeError {
  return new KubeError(0, 'BadAnswer', `GET ${path}: the answer ${what}`);
}
