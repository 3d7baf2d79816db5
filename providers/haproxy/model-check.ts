/** Judges what a service wrote before any of it becomes a resource: what passes here can be rendered, whatever it contains. */
import type { Action, Front, NameMatch, PathMatch, Route } from '../../src/model/index.ts';
import {
  parseHeaderValue,
  parseHost,
  parseMethod,
  parsePath,
  parsePort,
  parseRegex,
  safeText,
} from '../../src/net/index.ts';
import { filterFault, rangesFault } from './model-check-filter.ts';
import { type Fault, faultOf, firstFault } from './model-problem.ts';
import { isFetchName } from './quote.ts';

/** Why a front cannot be served at all. */
export function frontFault(front: Front, field: string): Fault | undefined {
  const { tls, protocol } = front;
  if (tls?.mode === 'mutual' && !/^[0-9a-f]{64}$/.test(tls.ca?.sha256 ?? '')) {
    const reason = 'needs the authorities that client certificates must come from';
    return { code: 'E_CERT_MISSING', field: `${field}.tls.ca`, value: tls.ca?.origin ?? '(none)', reason };
  }
  if (protocol === 'https' && tls?.mode === 'passthrough') {
    const reason = 'cannot be passthrough for https, where requests are read; write protocol tls';
    return { code: 'E_FEATURE', field: `${field}.tls.mode`, value: 'passthrough', reason };
  }
  if (front.endPort !== undefined && front.endPort !== front.port) {
    const reason = 'is not served by HAProxy here (ranges of ports); write one front for each port';
    return { code: 'E_FEATURE', field: `${field}.endPort`, value: front.endPort, reason };
  }
  return firstFault([
    faultOf(`${field}.port`, front.port, parsePort(front.port)),
    rangesFault(front.sourceRanges, `${field}.sourceRanges`),
    rangesFault(front.deniedRanges, `${field}.deniedRanges`),
    ...(front.filters ?? []).map((filter, i) => filterFault(filter, `${field}.filters[${i}]`)),
  ]);
}

export function hostFault(host: string, field: string): Fault | undefined {
  return host === '' ? undefined : faultOf(field, host, parseHost(host, { address: true }));
}

/** Why a route of a front cannot be served. */
export function routeFault(route: Route, path: PathMatch, field: string): Fault | undefined {
  return firstFault([
    faultOf(`${field}.path.value`, path.value, parsePath(path.value, path.type)),
    ...(route.methods ?? []).map((method, i) => faultOf(`${field}.methods[${i}]`, method, parseMethod(method))),
    ...(route.headers ?? []).map((match, i) => matchFault(match, `${field}.headers[${i}]`)),
    ...(route.query ?? []).map((match, i) => matchFault(match, `${field}.query[${i}]`)),
    rangesFault(route.sourceIps, `${field}.sourceIps`),
    ...route.filters.map((filter, i) => filterFault(filter, `${field}.filters[${i}]`)),
    actionFault(route.action, `${field}.action`),
  ]);
}

/** Why a route for TLS that is passed through cannot be served: nothing inside of it can be seen or changed. */
export function nameFault(route: Route, field: string): Fault | undefined {
  const { action, path, methods = [], headers = [], query = [], sourceIps = [], filters } = route;
  if (action.type !== 'forward') {
    const reason = 'must forward: there is no answer inside TLS that is passed through';
    return { code: 'E_FEATURE', field: `${field}.action`, value: action.type, reason };
  }
  const inside = { methods, headers, query, sourceIps, filters };
  const [asked] = Object.entries(inside).find(([, list]) => list.length > 0) ?? (path === undefined ? [] : ['path']);
  if (asked === undefined) return actionFault(action, `${field}.action`);
  const reason = 'cannot be used with TLS that is passed through: only the name in the hello is seen';
  return { code: 'E_FEATURE', field: `${field}.${asked}`, value: asked, reason };
}

function matchFault(match: NameMatch, field: string): Fault | undefined {
  if (!isFetchName(match.name)) {
    const reason = 'must be of letters, digits, - . and _, at most 128';
    return { code: 'E_FIELD_VALUE', field: `${field}.name`, value: match.name, reason };
  }
  if (match.type === 'present') return undefined;
  const value = match.value ?? '';
  return faultOf(`${field}.value`, value, match.type === 'regex' ? parseRegex(value) : parseHeaderValue(value));
}

/** Why an action cannot be carried out. Backends that do not exist are no fault here: they answer 503. */
export function actionFault(action: Action, field: string): Fault | undefined {
  if (action.type === 'redirect') return redirectFault(action, field);
  if (action.type === 'fixed') return fixedFault(action, field);
  return firstFault(
    action.to.map(({ weight }, i) =>
      Number.isFinite(weight) && weight >= 0
        ? undefined
        : {
            code: 'E_FIELD_VALUE',
            field: `${field}.to[${i}].weight`,
            value: weight,
            reason: 'must be a number from 0 on',
          },
    ),
  );
}

function redirectFault(action: Extract<Action, { readonly type: 'redirect' }>, field: string): Fault | undefined {
  const { scheme, host, port, path } = action;
  if (scheme === undefined && host === undefined && port === undefined && path === undefined) {
    const reason = 'must change scheme, host, port or path, else it leads to itself';
    return { code: 'E_FIELD_VALUE', field, value: action.code, reason };
  }
  return firstFault([
    host === undefined
      ? undefined
      : faultOf(`${field}.host`, host, parseHost(host, { address: true, wildcard: false })),
    port === undefined ? undefined : faultOf(`${field}.port`, port, parsePort(port)),
    path === undefined ? undefined : locationFault(path, `${field}.path`),
  ]);
}

/** A path with an optional query, as a Location header may carry it. */
function locationFault(path: string, field: string): Fault | undefined {
  const unsafe = faultOf(field, path, safeText(path, 2048));
  if (unsafe !== undefined) return unsafe;
  if (/^\/[!-~]*$/.test(path) && !path.startsWith('//')) return undefined;
  const reason = 'must start with one / and be of printable ASCII characters without spaces';
  return { code: 'E_PATH', field, value: path, reason };
}

const maxBodyBytes = 8_192;

function fixedFault(action: Extract<Action, { readonly type: 'fixed' }>, field: string): Fault | undefined {
  const { status, body, contentType } = action;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    return {
      code: 'E_FIELD_VALUE',
      field: `${field}.status`,
      value: status,
      reason: 'must be a status from 200 to 599',
    };
  }
  if (
    body !== undefined &&
    (new TextEncoder().encode(body).length > maxBodyBytes || /\0/.test(body) || !body.isWellFormed())
  ) {
    const reason = `must be a text of at most ${maxBodyBytes} bytes without NUL`;
    return { code: 'E_FIELD_VALUE', field: `${field}.body`, value: body, reason };
  }
  return contentType === undefined
    ? undefined
    : faultOf(`${field}.contentType`, contentType, parseHeaderValue(contentType));
}
