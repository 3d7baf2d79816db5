import {
  type Attrs,
  backendNamed,
  canonicalJson,
  type ExportedService,
  type Filter,
  type Front,
  type Member,
  type MergedAction,
  type MergedRule,
  type Resource,
  type Route,
} from '../../src/model/index.ts';
import { parseCidr } from '../../src/net/index.ts';
import type { Answer, RouteAttrs, RouteFilter, Treatment } from './attrs.ts';
import { type BackendUse, backendId } from './model-backend.ts';
import { actionFault, hostFault, nameFault, routeFault } from './model-check.ts';
import type { Fault } from './model-problem.ts';
import { shortHash } from './names.ts';
import { isConditional } from './route-rank.ts';

export interface RouteResult {
  readonly resource: Resource | undefined;
  readonly uses: readonly BackendUse[];
  readonly fault: Fault | undefined;
}

export interface RoutePlace {
  readonly unit: string;
  /** Id of the Frontend. */
  readonly frontend: string;
  readonly host: string;
}

/** The Route of one rule at one host. */
export function buildRoute(rule: MergedRule, place: RoutePlace): RouteResult {
  const { service, front, route, path } = rule;
  const field = fieldOf(service, front, route);
  const fault = hostFault(place.host, `${field}.hosts`) ?? routeFault(route, path, field);
  if (fault !== undefined) return { resource: undefined, uses: [], fault };
  const conditions = conditionsOf(route);
  const special = path.type === 'regex' || isConditional({ key: '', host: '', ...conditions });
  const suffix = Object.keys(conditions).length === 0 ? '' : shortHash(canonicalJson(conditions));
  const id = `${place.frontend}|${place.host}|${path.type}|${path.value}|${suffix}`;
  return finish(rule, place, id, {
    path: { type: path.type, value: path.value },
    ...conditions,
    ...treatmentOf(rule, route.filters),
    ...(special ? { tie: tieOf(service, front, route) } : {}),
  });
}

/** The Route of TLS that is passed through: everything of a host. */
export function buildNamed(rule: MergedRule, place: RoutePlace): RouteResult {
  const { service, front, route } = rule;
  const field = fieldOf(service, front, route);
  const fault = hostFault(place.host, `${field}.hosts`) ?? nameFault(route, field);
  if (fault !== undefined) return { resource: undefined, uses: [], fault };
  return finish(rule, place, `${place.frontend}|${place.host}|sni||`, accessOf(front), 'tcp');
}

/** The Route of what no rule of a host took. */
export function buildRest(action: MergedAction, place: RoutePlace): RouteResult {
  const field = `fronts[${action.service.fronts.indexOf(action.front)}].default`;
  const fault = hostFault(place.host, field) ?? actionFault(action.action, field);
  if (fault !== undefined) return { resource: undefined, uses: [], fault };
  return finish(action, place, `${place.frontend}|${place.host}|rest||`, treatmentOf(action, []));
}

function finish(
  merged: MergedAction,
  place: RoutePlace,
  id: string,
  own: Omit<RouteAttrs, 'key' | 'host'>,
  mode: 'http' | 'tcp' = 'http',
): RouteResult {
  const { refs, sets, uses } = leadsOf(merged, mode, 'backend');
  const attrs: RouteAttrs = { key: id, host: place.host, ...own };
  const resource: Resource = {
    kind: 'Route',
    id,
    unit: place.unit,
    serves: [merged.service.id],
    attrs: Object.freeze(toAttrs(attrs)),
    refs: { frontend: place.frontend, ...refs },
    sets,
  };
  return { resource, uses, fault: undefined };
}

/** zod's optional properties are absent, never undefined: what the type says of them is plain JSON. */
function toAttrs(attrs: RouteAttrs): Attrs {
  return { ...attrs };
}

export interface Leads {
  readonly refs: Readonly<Record<string, string>>;
  readonly sets: Readonly<Record<string, ReadonlyMap<string, Member>>>;
  readonly uses: readonly BackendUse[];
}

/** What an action refers to: one backend by reference, several by a set with weights, none when it answers itself. */
export function leadsOf(merged: MergedAction, mode: 'http' | 'tcp', ref: string): Leads {
  const { service, front, action } = merged;
  if (action.type !== 'forward') return { refs: {}, sets: {}, uses: [] };
  const uses: BackendUse[] = [];
  const weights = new Map<string, number>();
  for (const { backend: name, weight } of action.to) {
    const backend = backendNamed(service, name);
    if (backend === undefined) continue;
    const id = backendId(service, name, backend, mode);
    if (!weights.has(id)) uses.push({ id, service, name, backend, front, mode });
    weights.set(id, (weights.get(id) ?? 0) + weight);
  }
  const [only] = uses;
  if (only === undefined) return { refs: {}, sets: {}, uses };
  // One that has all the weight needs no dice; one at weight 0 must not be reached at all.
  if (uses.length === 1 && (weights.get(only.id) ?? 0) > 0) return { refs: { [ref]: only.id }, sets: {}, uses };
  const forward = new Map([...weights].map(([id, weight]) => [id, { attrs: Object.freeze({ weight }) }]));
  return { refs: {}, sets: { forward }, uses };
}

/** What happens on the way, for a Route or the default of a Frontend. */
export function treatmentOf(merged: MergedAction, filters: Route['filters']): Treatment {
  const { action, front, service } = merged;
  const answer = answerOf(action);
  const all = [...(front.filters ?? []), ...filters]
    .filter(({ type }) => type !== 'basicAuth' || !leavesForTls(action, front))
    .map((filter) => filterOf(filter, service.id));
  return {
    ...(answer === undefined ? {} : { answer }),
    ...(all.length === 0 ? {} : { filters: all }),
    ...accessOf(front),
    ...(front.tls?.mode === 'mutual' ? { verified: true as const } : {}),
  };
}

/** Nobody shall send a password in the clear only to be told to come back with TLS. */
function leavesForTls(action: MergedAction['action'], front: Front): boolean {
  return (
    action.type === 'redirect' && action.scheme === 'https' && action.host === undefined && front.protocol === 'http'
  );
}

/** Who is let in and who is kept out at a front. */
export function accessOf(front: Front): Pick<Treatment, 'ranges' | 'denied'> {
  const ranges = canonicalRanges(front.sourceRanges);
  const denied = canonicalRanges(front.deniedRanges);
  return {
    ...(ranges === undefined ? {} : { ranges: [...ranges] }),
    ...(denied === undefined ? {} : { denied: [...denied] }),
  };
}

function filterOf(filter: Filter, scope: string): RouteFilter {
  if (filter.type === 'rateLimit') {
    const { requestsPerSecond, burst = Math.ceil(requestsPerSecond) } = filter;
    return { type: 'rateLimit', scope, burst, windowMs: Math.max(1, Math.round((burst * 1_000) / requestsPerSecond)) };
  }
  if (filter.type === 'basicAuth') {
    const { type, realm, users } = filter;
    return { type, realm, ...(users === undefined ? {} : { users: users.sha256 }) };
  }
  if (filter.type === 'sourceRanges') {
    const [allow, deny] = [canonicalRanges(filter.allow), canonicalRanges(filter.deny)];
    return {
      type: 'sourceRanges',
      ...(allow === undefined ? {} : { allow: [...allow] }),
      ...(deny === undefined ? {} : { deny: [...deny] }),
    };
  }
  if (filter.type !== 'cors') return { ...filter };
  const { origins, methods, headers, exposeHeaders } = filter;
  return {
    ...filter,
    origins: origins.map((origin) => origin.toLowerCase()),
    methods: [...methods],
    headers: [...headers],
    exposeHeaders: [...exposeHeaders],
  };
}

function answerOf(action: MergedAction['action']): Answer | undefined {
  if (action.type === 'forward') return undefined;
  if (action.type === 'redirect' || action.contentType !== '') return { ...action };
  const { contentType: _, ...rest } = action;
  return rest;
}

/** In canonical form; undefined: none are given. An empty list is the same as none, as in Kubernetes. */
function canonicalRanges(ranges: readonly string[] | undefined): readonly string[] | undefined {
  if (ranges === undefined || ranges.length === 0) return undefined;
  const texts = ranges.flatMap((range) => {
    const parsed = parseCidr(range);
    return parsed.ok ? [parsed.value.text] : [];
  });
  return [...new Set(texts)].sort();
}

type Conditions = Pick<RouteAttrs, 'methods' | 'headers' | 'query' | 'sourceIps'>;

function conditionsOf(route: Route): Conditions {
  const { methods = [], headers = [], query = [] } = route;
  const sourceIps = canonicalRanges(route.sourceIps);
  return {
    ...(methods.length === 0 ? {} : { methods: methods.map((method) => method.toUpperCase()).sort() }),
    ...(headers.length === 0 ? {} : { headers: headers.map((match) => ({ ...match })) }),
    ...(query.length === 0 ? {} : { query: query.map((match) => ({ ...match })) }),
    ...(sourceIps === undefined ? {} : { sourceIps: [...sourceIps] }),
  };
}

/** Older first, then by name, then by place in the service: text that sorts so. */
function tieOf(service: ExportedService, front: Front, route: Route): string {
  const { createdMs, namespace, name } = service.origin;
  const age = createdMs === undefined ? '~' : String(createdMs).padStart(16, '0');
  const place = front.routes.indexOf(route);
  return [age, namespace, name, service.id, pad(route.order), pad(place)].join('\u0001');
}

function pad(number: number): string {
  return String(number + 1_000_000_000).padStart(12, '0');
}

function fieldOf(service: ExportedService, front: Front, route: Route): string {
  return `fronts[${service.fronts.indexOf(front)}].routes[${front.routes.indexOf(route)}]`;
}
