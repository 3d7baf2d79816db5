import {
  canonicalJson,
  type ExportedService,
  type Front,
  type MergedRule,
  type PathMatch,
  type Route,
} from '../model/index.ts';

const everything: PathMatch = Object.freeze({ type: 'prefix', value: '/' });

/** The path of a route as it is compared: absent is the prefix `/`; an element prefix loses its trailing slashes. */
export function normalizedPath(route: Route): PathMatch {
  const { path } = route;
  if (path === undefined) return everything;
  if (path.type !== 'prefix' || !path.value.endsWith('/')) return path;
  const value = path.value.replace(/\/+$/, '');
  return value === '' ? everything : { type: 'prefix', value };
}

export function ruleOf(service: ExportedService, front: Front, route: Route): MergedRule {
  return { service, front, action: route.action, path: normalizedPath(route), route };
}

/** Two rules of one host with the same key take the same requests. */
export function claimKey({ service, path, route }: MergedRule): string {
  const plain = `${path.type} ${path.value}`;
  const named = route.rule === undefined ? plain : `${plain}\n${service.id} ${route.rule}`;
  return conditionCount(route) === 0 ? named : `${named}\n${conditionsKey(route)}`;
}

function conditionsKey(route: Route): string {
  const lists = [route.methods ?? [], route.sourceIps ?? []].map((list) => [...list].sort());
  const matches = [route.headers ?? [], route.query ?? []].map((list) =>
    list.map(({ name, type, value }) => canonicalJson([name.toLowerCase(), type, value ?? null])).sort(),
  );
  return canonicalJson([...lists, ...matches]);
}

function conditionCount(route: Route): number {
  return (
    Number((route.methods ?? []).length > 0) +
    (route.headers ?? []).length +
    (route.query ?? []).length +
    Number((route.sourceIps ?? []).length > 0)
  );
}

const typeOrder: Readonly<Record<PathMatch['type'], number>> = { exact: 0, regex: 1, prefix: 2, stringPrefix: 3 };

/**
 * Match order within a host: longest path first; at equal length exact, regex, prefix, string prefix; then a method, more headers,
 * more query parameters, source addresses (Gateway API's precedence). 0 where only age decides.
 */
export function compareRules(a: MergedRule, b: MergedRule): number {
  return (
    b.path.value.length - a.path.value.length ||
    typeOrder[a.path.type] - typeOrder[b.path.type] ||
    compareConditions(a.route, b.route)
  );
}

function compareConditions(a: Route, b: Route): number {
  return (
    Number((b.methods ?? []).length > 0) - Number((a.methods ?? []).length > 0) ||
    (b.headers ?? []).length - (a.headers ?? []).length ||
    (b.query ?? []).length - (a.query ?? []).length ||
    Number((b.sourceIps ?? []).length > 0) - Number((a.sourceIps ?? []).length > 0)
  );
}
