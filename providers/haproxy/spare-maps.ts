import type { Resource } from '../../src/model/index.ts';
import { readBackend } from './attrs.ts';
import type { MapFile } from './layout.ts';
import { mapKey, mapValue } from './quote.ts';
import { cookieText } from './spare-cookie.ts';
import { sparePaths } from './spare-shape.ts';

/** What a spare is now. */
export interface Taken {
  readonly resource: Resource;
  /** The name that it would have in a section of its own. */
  readonly own: string;
  /** Clients reach it by TLS alone. */
  readonly secure: boolean;
}

/** The maps of the spares, by path: what the lines of a spare look up by its name. */
export function spareMaps(taken: ReadonlyMap<string, Taken>): ReadonlyMap<string, MapFile> {
  const entries = Object.fromEntries(Object.values(sparePaths).map((path) => [path, new Map<string, string>()]));
  const put = (path: string, spare: string, value: string | number | undefined): void => {
    if (value !== undefined) entries[path]?.set(mapKey(spare), String(value));
  };
  for (const [spare, { resource, own, secure }] of taken) {
    const { serverMs, tunnelMs, check, cookie } = readBackend(resource);
    put(sparePaths.owner, spare, mapValue(own));
    put(sparePaths.server, spare, serverMs);
    put(sparePaths.tunnel, spare, tunnelMs);
    if (cookie !== undefined) put(sparePaths.cookie, spare, cookieText(cookie.name, secure));
    if (check?.type !== 'http') continue;
    put(sparePaths.uri, spare, check.path);
    put(sparePaths.host, spare, check.host);
  }
  return new Map(
    Object.entries(entries).map(([path, map]) => [path, { match: 'str', entries: map, feeds: 'backend' } as const]),
  );
}
