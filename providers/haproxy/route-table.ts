import { atOnce, inStrides, type Sliced } from '../../src/model/index.ts';
import type { RouteAttrs } from './attrs.ts';
import { mapKey, mapValue } from './quote.ts';
import { emptyPathKey, shadowOf, treeKey } from './route-keys.ts';
import { compareStrength, isConditional, pathRank } from './route-rank.ts';
import { regexKey } from './route-regex.ts';

/** A route with where it leads: the first two fields of a map value. */
export interface Leading {
  readonly attrs: RouteAttrs;
  /** `backend` or `backend|profile`. */
  readonly lead: string;
}

export interface Conditional extends Leading {
  /** `backend|profile|rank`. */
  readonly value: string;
  readonly rank: number;
}

/** The routes of one frontend as data: what the maps say, and the few routes that must be rules. */
export interface RouteTable {
  readonly tree: ReadonlyMap<string, string>;
  readonly regex: ReadonlyMap<string, string>;
  /** Weakest first, so that the last that fits stays. */
  readonly conditional: readonly Conditional[];
  readonly hosts: { readonly exact: boolean; readonly wildcard: boolean; readonly every: boolean };
}

/** The value of a host whose routes did not take the path: no name of a backend, so the request goes to the default of the port. */
export const nowhere = '-';

interface HostRoutes {
  readonly plain: Leading[];
  readonly regex: Leading[];
  readonly conditional: Leading[];
  rest: string;
}

/** Puts the routes of a frontend into maps. */
export function routeTable(routes: readonly Leading[]): RouteTable {
  return atOnce(routeTableSliced(routes));
}

/** As `routeTable`, with places to be held up. */
export function* routeTableSliced(routes: readonly Leading[]): Sliced<RouteTable> {
  const byHost = new Map<string, HostRoutes>();
  yield* inStrides(routes, (route) => sortIn(route, byHost));
  const tree = new Map<string, string>();
  const regex: Conditional[] = [];
  const conditional: Conditional[] = [];
  yield* inStrides(byHost, ([host, one]) => {
    // Only where kinds are mixed must values be compared, and only there they carry their rank.
    const ranked = one.regex.length > 0 || one.conditional.length > 0;
    fillTree(tree, host, one, ranked);
    for (const route of one.regex) regex.push(withRank(route));
    for (const route of one.conditional) conditional.push(withRank(route));
  });
  yield;
  return {
    tree,
    regex: regexEntries(regex),
    conditional: conditional.sort((a, b) => compareStrength(a.attrs, b.attrs)),
    hosts: kindsOf(byHost.keys()),
  };
}

function sortIn(route: Leading, byHost: Map<string, HostRoutes>): void {
  let host = byHost.get(route.attrs.host);
  if (host === undefined) {
    host = { plain: [], regex: [], conditional: [], rest: nowhere };
    byHost.set(route.attrs.host, host);
  }
  const { path } = route.attrs;
  if (path === undefined) host.rest = route.lead;
  else if (isConditional(route.attrs)) host.conditional.push(route);
  else if (path.type === 'regex') host.regex.push(route);
  else host.plain.push(route);
}

function withRank(route: Leading): Conditional {
  const { path } = route.attrs;
  const rank = path === undefined ? 0 : pathRank(path);
  return { ...route, rank, value: rankedValue(route.lead, rank) };
}

function rankedValue(lead: string, rank: number): string {
  return mapValue(lead.includes('|') ? `${lead}|${rank}` : `${lead}||${rank}`);
}

function fillTree(tree: Map<string, string>, host: string, { plain, rest }: HostRoutes, ranked: boolean): void {
  const put = (key: string, value: string): void => {
    if (!tree.has(key)) tree.set(mapKey(key), value);
  };
  const textFor = (route: Leading | undefined): string => {
    if (route?.attrs.path === undefined) return ranked ? rankedValue(rest, 0) : mapValue(rest);
    return ranked ? rankedValue(route.lead, pathRank(route.attrs.path)) : mapValue(route.lead);
  };
  // Strongest first: where two kinds of path share a key, the stronger holds it.
  const sorted = plain.length > 1 ? [...plain].sort((a, b) => compareStrength(b.attrs, a.attrs)) : plain;
  for (const route of sorted) {
    const { path } = route.attrs;
    if (path === undefined) continue;
    put(treeKey(host, path), textFor(route));
    const empty = emptyPathKey(host, path);
    if (empty !== undefined) put(empty, textFor(route));
  }
  let byPath: ReadonlyMap<string, Leading> | undefined;
  for (const { attrs } of sorted) {
    const shadow = attrs.path === undefined ? undefined : shadowOf(host, attrs.path);
    if (shadow === undefined) continue;
    byPath ??= indexPaths(sorted);
    put(shadow.key, textFor(strongestFor(shadow.path, byPath)));
  }
  // The host exists, so its requests never go on to a wildcard or to every host.
  put(`${host}/`, textFor(undefined));
}

function indexPaths(routes: readonly Leading[]): ReadonlyMap<string, Leading> {
  const index = new Map<string, Leading>();
  for (const route of routes) {
    const { path } = route.attrs;
    if (path !== undefined) index.set(`${path.type} ${path.value}`, route);
  }
  return index;
}

/** Which prefix or string prefix takes a path: from the longest candidate down. */
function strongestFor(path: string, byPath: ReadonlyMap<string, Leading>): Leading | undefined {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length);
    const whole = length === path.length || path[length] === '/' || part === '/';
    const found = (whole ? byPath.get(`prefix ${part}`) : undefined) ?? byPath.get(`stringPrefix ${part}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first expression that fits is taken: strongest first. */
function regexEntries(routes: readonly Conditional[]): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  const sorted = [...routes].sort((a, b) => compareStrength(b.attrs, a.attrs));
  for (const { attrs, value } of sorted) {
    const key = regexKey(attrs.host, attrs.path?.value ?? '');
    if (!entries.has(key)) entries.set(key, value);
  }
  return entries;
}

function kindsOf(hosts: Iterable<string>): RouteTable['hosts'] {
  const kinds = { exact: false, wildcard: false, every: false };
  for (const host of hosts) {
    if (host === '') kinds.every = true;
    else if (host.startsWith('*.')) kinds.wildcard = true;
    else kinds.exact = true;
  }
  return kinds;
}
