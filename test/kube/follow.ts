/** All objects of a path, kept up to date by list and watch; plain, because nobody depends on its speed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, ApiList, ApiObject, WatchEvent } from './request.ts';

export interface Following<T> {
  /** An object is new or differs. */
  readonly onObject: (object: T) => void;
  /** An object is gone; `object` is as it was last seen. */
  readonly onGone: (object: T) => void;
}

/** Until the signal; a server that is away is asked again and again. The callbacks must not throw. */
export async function followObjects<T extends ApiObject>(
  client: ApiClient,
  path: string,
  { onObject, onGone }: Following<T>,
  stopped: AbortSignal,
): Promise<void> {
  const known = new Map<string, T>();
  const put = (object: T): void => {
    const { uid = '', resourceVersion } = object.metadata;
    if (known.get(uid)?.metadata.resourceVersion === resourceVersion) return;
    known.set(uid, object);
    onObject(object);
  };
  const drop = (uid: string): void => {
    const object = known.get(uid);
    known.delete(uid);
    if (object !== undefined) onGone(object);
  };
  while (!stopped.aborted) {
    try {
      const { items, metadata } = await client.request<ApiList<T>>('GET', path);
      if (stopped.aborted) return;
      const present = new Set(items.map((item) => item.metadata.uid));
      for (const uid of known.keys()) if (!present.has(uid)) drop(uid);
      for (const item of items) put(item);
      const onEvent = ({ type, object }: WatchEvent<T>): void => {
        if (type === 'DELETED') drop(object.metadata.uid ?? '');
        // After an error the server ends the watch.
        else if (type !== 'ERROR') put(object);
      };
      await client.watch(`${path}?watch=1&resourceVersion=${metadata.resourceVersion}`, onEvent, stopped);
    } catch {
      // The server is away; tests make it so.
    }
    await sleep(50, undefined, { signal: stopped, ref: false }).catch(() => {});
  }
}
