import { canonicalJson, type Resource } from '../../src/model/index.ts';
import { type RouteAttrs, readRoute, type Treatment } from './attrs.ts';
import { isConditional } from './route-rank.ts';
import type { GuardedPath } from './section-around.ts';

export interface Around {
  /** The paths of a route's host that are guarded otherwise, in a fixed order; undefined: there are none. */
  readonly of: (attrs: Beside) => readonly GuardedPath[] | undefined;
  /** Hosts with guarded paths and without a route for everything else. */
  readonly open: readonly string[];
}

type Beside = Treatment & Pick<RouteAttrs, 'host' | 'path'>;

/** What is guarded beside the routes of a frontend. Without any guard it costs one look at each route. */
export function pathsAround(routes: readonly Resource[]): Around {
  const byHost = new Map<string, { readonly guard: string; readonly path: GuardedPath }[]>();
  const whole = new Set<string>();
  for (const route of routes) {
    const attrs = readRoute(route);
    if (takesRest(attrs)) whole.add(attrs.host);
    const guard = attrs.path === undefined ? '' : guardOf(attrs);
    if (attrs.path === undefined || guard === '') continue;
    const { path } = attrs;
    const guarded = byHost.get(attrs.host);
    if (guarded === undefined) byHost.set(attrs.host, [{ guard, path }]);
    else guarded.push({ guard, path });
  }
  const of: Around['of'] = (attrs) => {
    const guarded = byHost.get(attrs.host);
    if (guarded === undefined || attrs.answer !== undefined) return undefined;
    const own = guardOf(attrs);
    const texts = new Map<string, GuardedPath>();
    for (const { guard, path } of guarded)
      if (guard !== own)
        texts.set(`${path.type} ${path.value}`, hasOtherCase(attrs.path, path) ? { ...path, cased: true } : path);
    return texts.size === 0 ? undefined : [...texts.keys()].sort().flatMap((text) => texts.get(text) ?? []);
  };
  return { of, open: [...byHost.keys()].filter((host) => !whole.has(host)) };
}

function takesRest(attrs: RouteAttrs): boolean {
  const { path } = attrs;
  if (path === undefined) return true;
  return path.value === '/' && (path.type === 'prefix' || path.type === 'stringPrefix') && !isConditional(attrs);
}

/** Whether a route is written for what a path would be in other letters: it means to be another one. */
function hasOtherCase(own: RouteAttrs['path'], { value }: GuardedPath): boolean {
  if (own === undefined) return false;
  const within = (text: string, part: string): boolean =>
    own.type === 'regex' ? text.includes(part) : text.startsWith(part);
  return within(own.value.toLowerCase(), value.toLowerCase()) && !within(own.value, value);
}

/** Who may ask for a route, as a text; empty: everybody. */
function guardOf({ ranges, denied, verified, filters = [] }: Treatment): string {
  const keeping = filters.filter(({ type }) => type === 'basicAuth' || type === 'sourceRanges');
  if (keeping.length === 0 && ranges === undefined && denied === undefined && verified !== true) return '';
  return canonicalJson([ranges ?? null, denied ?? null, verified ?? false, keeping.map((filter) => ({ ...filter }))]);
}
