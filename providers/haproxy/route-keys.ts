/**
 * How host and path become keys of one prefix tree. A request asks for `host` + path + `/?`; since no path can hold a `?`:
 *   exact `/a`          is the key `host/a/?`   and fits only itself,
 *   prefix `/a`         is the key `host/a/`    and fits `/a`, `/a/` and `/a/b`, never `/ab`,
 *   string prefix `/a`  is the key `host/a`.
 * The longest key that fits is the longest path, exact before prefix before string prefix. One lookup answers everything.
 */
import type { RouteAttrs } from './attrs.ts';

type Path = NonNullable<RouteAttrs['path']>;

/** What ends the text that a request asks for. */
export const requestEnd = '/?';

/** The key of a path at a host. Not for regular expressions. */
export function treeKey(host: string, { type, value }: Path): string {
  if (type === 'exact') return `${host}${value}${requestEnd}`;
  if (type === 'prefix') return value === '/' ? `${host}/` : `${host}${value}/`;
  return `${host}${value}`;
}

/**
 * Another key for the same path: a request target without any path (`GET http://host`, `OPTIONS *`) asks for `host/?` and counts as `/`.
 */
export function emptyPathKey(host: string, { type, value }: Path): string | undefined {
  return type === 'exact' && value === '/' ? `${host}${requestEnd}` : undefined;
}

/**
 * A string prefix that ends in `/` would fit the path without that slash too, because of what ends the request's text. This is the key
 * that must then say what that shorter path gets; `path` is that path.
 */
export function shadowOf(
  host: string,
  { type, value }: Path,
): { readonly key: string; readonly path: string } | undefined {
  if (type !== 'stringPrefix' || value === '/' || !value.endsWith('/')) return undefined;
  const path = value.slice(0, -1);
  return { key: `${host}${path}${requestEnd}`, path };
}
