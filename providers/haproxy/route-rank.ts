import type { RouteAttrs } from './attrs.ts';

type Path = NonNullable<RouteAttrs['path']>;

const typeRank: Readonly<Record<Path['type'], number>> = { exact: 3, regex: 2, prefix: 1, stringPrefix: 0 };

/** One number that orders paths of any types: longer first, at equal length exact, regex, prefix, string prefix. Always above 0. */
export function pathRank({ type, value }: Path): number {
  return value.length * 4 + typeRank[type];
}

/** The route is taken only when more than host and path fit. */
export function isConditional(route: RouteAttrs): boolean {
  return (
    (route.methods ?? []).length > 0 ||
    (route.headers ?? []).length > 0 ||
    (route.query ?? []).length > 0 ||
    (route.sourceIps ?? []).length > 0
  );
}

/** Weakest first: by path, then a method, more headers, more query parameters, source addresses; of equals the younger first. */
export function compareStrength(a: RouteAttrs, b: RouteAttrs): number {
  return (
    rankOf(a) - rankOf(b) ||
    Number((a.methods ?? []).length > 0) - Number((b.methods ?? []).length > 0) ||
    (a.headers ?? []).length - (b.headers ?? []).length ||
    (a.query ?? []).length - (b.query ?? []).length ||
    Number((a.sourceIps ?? []).length > 0) - Number((b.sourceIps ?? []).length > 0) ||
    compareTies(b, a)
  );
}

function rankOf(route: RouteAttrs): number {
  return route.path === undefined ? 0 : pathRank(route.path);
}

function compareTies(a: RouteAttrs, b: RouteAttrs): number {
  const left = a.tie ?? '';
  const right = b.tie ?? '';
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
