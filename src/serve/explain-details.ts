/** What guards, changes and bounds a service on the way to its targets, in words. Values of headers are not told: they may be secret. */
import type { Backend, ExportedService, Filter, Front, Json, NameMatch, Route, Timeouts } from '../model/index.ts';

/** What a request must have beside host and path, then what is done to it, in this order. */
export function routeDetails(route: Route): readonly string[] {
  return [
    ...told('only methods', route.methods),
    ...matches('header', route.headers),
    ...matches('query', route.query),
    ...told('only from', route.sourceIps),
    ...route.filters.flatMap(filterText),
  ];
}

/** What the settings of providers say of a route by the name of its rule: conditions first, then whatever else is asked there. */
export function ruleDetails(rule: string | undefined, settings: ExportedService['settings']): readonly string[] {
  if (rule === undefined) return [];
  return Object.values(settings).flatMap((own) => {
    const said = fieldOf(fieldOf(own, 'rules'), rule);
    if (!isFields(said)) return [];
    const { conditions, ...rest } = said;
    const conditioned = Array.isArray(conditions) ? conditions.map(conditionText) : [];
    return [...conditioned, ...Object.entries(rest).map(([key, value]) => `${key} ${JSON.stringify(value)}`)];
  });
}

function conditionText(condition: Json): string {
  const { field, name: key, ...values } = isFields(condition) ? condition : {};
  const listed = Object.values(values).flatMap((list) => (Array.isArray(list) ? list : []));
  const told = listed.map((value: Json) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return `only with ${String(field)}${key === undefined ? '' : ` ${String(key)}`}: ${some(told)}`;
}

function fieldOf(value: Json | undefined, key: string): Json | undefined {
  return isFields(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isFields(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function frontDetails(front: Front): readonly string[] {
  return [
    ...told('lets in', front.sourceRanges),
    ...told('keeps out', front.deniedRanges),
    ...(front.proxyProtocol === true ? ['clients speak the PROXY protocol'] : []),
    ...number('at most', front.maxConnections, 'connections'),
    ...timeouts(front.timeouts),
    ...(front.filters ?? []).flatMap(filterText),
  ];
}

export function backendDetails(backend: Backend): readonly string[] {
  const { tls, affinity, health } = backend;
  return [
    ...(tls === undefined ? [] : [tls.verify ? `verifies certificates${name(tls.serverName)}` : 'certificates unseen']),
    ...(affinity === undefined ? [] : [`keeps clients by ${affinity.cookie ?? affinity.type}`]),
    ...(health === undefined ? [] : [checkText(health)]),
    ...number('retries', backend.retries, ''),
    ...(backend.sendProxy === undefined ? [] : [`tells targets the client (PROXY ${backend.sendProxy})`]),
    ...(backend.reuse === 'never' ? ['a connection of its own for each request'] : []),
    ...number('at most', backend.maxConnections, 'connections a target'),
    ...time('drains for', backend.drainMs),
  ];
}

function filterText(filter: Filter): readonly string[] {
  switch (filter.type) {
    case 'sourceRanges':
      return [...told('lets in', filter.allow), ...told('keeps out', filter.deny)];
    case 'rateLimit': {
      const burst = filter.burst === undefined ? '' : `, ${filter.burst} at once`;
      return [`at most ${filter.requestsPerSecond} requests a second of one client${burst}`];
    }
    case 'bodyLimit':
      return [`bodies of at most ${filter.bytes} bytes`];
    case 'basicAuth':
      return [
        filter.users === undefined
          ? 'asks for a password, and nobody gets in: the users cannot be read'
          : `asks for a password (${filter.users.origin})`,
      ];
    case 'cors':
      return [`CORS for ${some(filter.origins)}${filter.credentials ? ' with credentials' : ''}`];
    case 'requestHeader':
    case 'responseHeader': {
      const side = filter.type === 'requestHeader' ? 'request' : 'response';
      return [`${{ set: 'sets', add: 'adds', remove: 'removes' }[filter.op]} ${side} header ${filter.name}`];
    }
    case 'rewritePrefix':
      return [`rewrites ${filter.from} to ${filter.to}`];
    case 'rewriteRegex':
      return [`rewrites ${filter.pattern} to ${filter.to}`];
    default:
      return [`host ${filter.value} for the targets`];
  }
}

function checkText(health: NonNullable<Backend['health']>): string {
  const what = health.path === undefined ? '' : ` ${health.method ?? 'GET'} ${health.path}`;
  const port = health.port === undefined ? '' : ` on port ${health.port}`;
  return [`check ${health.type}${what}${port}`, ...time('every', health.intervalMs)].join(' ');
}

function timeouts(given: Timeouts | undefined): readonly string[] {
  return Object.entries(given ?? {}).flatMap(([key, ms]) => time(`time-out ${key.replace(/Ms$/, '')}`, ms));
}

function matches(what: string, given: readonly NameMatch[] | undefined): readonly string[] {
  return (given ?? []).map(
    ({ name: key, type }) => `only with ${what} ${key}${type === 'present' ? '' : ` (${type})`}`,
  );
}

function told(what: string, items: readonly string[] | undefined): readonly string[] {
  return items === undefined || items.length === 0 ? [] : [`${what} ${some(items)}`];
}

function some(items: readonly string[]): string {
  return items.length > 5 ? `${items.slice(0, 5).join(' ')} and ${items.length - 5} more` : items.join(' ');
}

function number(what: string, n: number | undefined, unit: string): readonly string[] {
  return n === undefined ? [] : [`${what} ${n} ${unit}`.trimEnd()];
}

function time(what: string, ms: number | undefined): readonly string[] {
  return ms === undefined ? [] : [`${what} ${ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`}`];
}

function name(serverName: string | undefined): string {
  return serverName === undefined ? '' : ` of ${serverName}`;
}
