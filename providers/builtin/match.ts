/** Which rule takes a request, and what it makes of it. Pure. */
import { type Cidr, contains, parseCidr } from '../../src/net/index.ts';
import type { RouteAttrs } from './kinds.ts';
import type { ListenerSettings, RouteSettings } from './table.ts';

/** What rules look at. */
export interface Seen {
  readonly method: string;
  /** Lower case, without port. */
  readonly host: string;
  /** As sent, without query. */
  readonly path: string;
  readonly query: string;
  readonly client: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const typeOrder = { exact: 0, regex: 1, prefix: 2, stringPrefix: 3, default: 4 } as const;

/** The order in which services were merged: the longest path first, then by type, then by the rank that the model gave. */
export function compareRoutes(a: RouteAttrs, b: RouteAttrs): number {
  return (
    b.path.value.length - a.path.value.length || typeOrder[a.path.type] - typeOrder[b.path.type] || a.rank - b.rank
  );
}

/** The rule that takes the request: its exact host's, else the wildcard's for one label, else any host's. */
export function findRoute(listener: ListenerSettings, seen: Seen): RouteSettings | undefined {
  const wildcard = seen.host.replace(/^[^.]+/, '*');
  for (const host of [seen.host, wildcard, '']) {
    const found = listener.hosts.get(host)?.find((route) => matches(route, seen));
    if (found !== undefined) return found;
  }
  return undefined;
}

function matches(route: RouteSettings, seen: Seen): boolean {
  const { methods, headers = [], query = [], sourceIps } = route.conditions;
  if (!matchesPath(route.path, seen.path)) return false;
  if (methods !== undefined && !methods.includes(seen.method)) return false;
  if (sourceIps !== undefined && !covers(sourceIps, seen.client)) return false;
  if (!headers.every((wanted) => matchesValue(wanted, [seen.headers[wanted.name.toLowerCase()] ?? []].flat())))
    return false;
  if (query.length === 0) return true;
  const given = new URLSearchParams(seen.query);
  return query.every((wanted) => matchesValue(wanted, given.getAll(wanted.name)));
}

export function matchesPath({ type, value }: RouteAttrs['path'], path: string): boolean {
  switch (type) {
    case 'exact':
      return path === value;
    case 'prefix': {
      const base = value.endsWith('/') ? value.slice(0, -1) : value;
      return path === base || path.startsWith(`${base}/`);
    }
    case 'stringPrefix':
      return path.startsWith(value);
    case 'regex':
      return expression(value).test(path);
    case 'default':
      return true;
  }
}

function matchesValue(
  wanted: { type: 'exact' | 'regex' | 'present'; value?: string | undefined },
  values: readonly string[],
): boolean {
  const { type, value = '' } = wanted;
  if (type === 'present') return values.length > 0;
  return values.some((given) => (type === 'exact' ? given === value : expression(value).test(given)));
}

const expressions = new Map<string, RegExp>();

/** Compiled once; the source is bounded and checked where it is read. */
export function expression(source: string): RegExp {
  const known = expressions.get(source) ?? new RegExp(source);
  if (expressions.size > 10_000) expressions.clear();
  expressions.set(source, known);
  return known;
}

const ranges = new Map<string, Cidr | undefined>();

/** Whether one of the ranges covers the address. A range that cannot be read covers nothing. */
export function covers(cidrs: readonly string[], address: string): boolean {
  return cidrs.some((text) => {
    if (!ranges.has(text)) {
      const range = parseCidr(text);
      ranges.set(text, range.ok ? range.value : undefined);
    }
    const range = ranges.get(text);
    return range !== undefined && contains(range, address);
  });
}
