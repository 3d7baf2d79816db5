import type { CorsFilter, Filter } from '../../src/model/index.ts';
import {
  parseCidr,
  parseHeaderName,
  parseHeaderValue,
  parseHost,
  parseMethod,
  parsePath,
  parsePort,
  parseRealm,
  parseRegex,
} from '../../src/net/index.ts';
import { type Fault, faultOf, firstFault } from './model-problem.ts';

/** Why a filter cannot be carried out. */
export function filterFault(filter: Filter, field: string): Fault | undefined {
  switch (filter.type) {
    case 'requestHeader':
    case 'responseHeader':
      return firstFault([
        faultOf(`${field}.name`, filter.name, parseHeaderName(filter.name)),
        faultOf(`${field}.value`, filter.value, parseHeaderValue(filter.value ?? '')),
      ]);
    case 'rewritePrefix':
      return firstFault([
        faultOf(`${field}.from`, filter.from, parsePath(filter.from, 'stringPrefix')),
        faultOf(`${field}.to`, filter.to, parsePath(filter.to, 'stringPrefix')),
      ]);
    case 'rewriteRegex':
      return firstFault([
        faultOf(`${field}.pattern`, filter.pattern, parseRegex(filter.pattern)),
        replacementFault(filter.to, `${field}.to`),
      ]);
    case 'host':
      return faultOf(`${field}.value`, filter.value, parseHost(filter.value, { address: true, wildcard: false }));
    case 'sourceRanges':
      return firstFault([rangesFault(filter.allow, `${field}.allow`), rangesFault(filter.deny, `${field}.deny`)]);
    case 'bodyLimit':
      return wholeFault(filter.bytes, `${field}.bytes`, 0, Number.MAX_SAFE_INTEGER);
    case 'rateLimit':
      return rateFault(filter, field);
    case 'basicAuth':
      return firstFault([
        faultOf(`${field}.realm`, filter.realm, parseRealm(filter.realm)),
        filter.users === undefined || /^[0-9a-f]{64}$/.test(filter.users.sha256)
          ? undefined
          : { code: 'E_USERS_INVALID', field: `${field}.users`, value: filter.users.origin, reason: 'has no SHA-256' },
      ]);
    case 'cors':
      return corsFault(filter, field);
  }
}

/** The new path: printable, and a path whatever the groups hold. */
function replacementFault(to: string, field: string): Fault | undefined {
  const unsafe = faultOf(field, to, parseHeaderValue(to));
  if (unsafe !== undefined || /^(\/|\$[0-9])/.test(to)) return unsafe;
  return { code: 'E_PATH', field, value: to, reason: 'must start with / or with a group such as $1' };
}

/** A range that cannot be read stops what it protects: leaving it out could let everyone in. */
export function rangesFault(ranges: readonly string[] | undefined, field: string): Fault | undefined {
  return firstFault((ranges ?? []).map((range, i) => faultOf(`${field}[${i}]`, range, parseCidr(range))));
}

function wholeFault(value: number, field: string, least: number, most: number): Fault | undefined {
  if (Number.isInteger(value) && value >= least && value <= most) return undefined;
  return { code: 'E_FIELD_VALUE', field, value, reason: `must be a whole number from ${least} to ${most}` };
}

const longestWindowMs = 3_600_000;

function rateFault(filter: Extract<Filter, { readonly type: 'rateLimit' }>, field: string): Fault | undefined {
  const { requestsPerSecond, burst = Math.ceil(requestsPerSecond) } = filter;
  if (!(requestsPerSecond > 0 && requestsPerSecond <= 1_000_000)) {
    const reason = 'must be a number above 0, up to 1000000';
    return { code: 'E_FIELD_VALUE', field: `${field}.requestsPerSecond`, value: requestsPerSecond, reason };
  }
  if ((burst * 1_000) / requestsPerSecond > longestWindowMs) {
    const reason = 'must be what the rate allows within an hour, or less';
    return { code: 'E_FIELD_VALUE', field: `${field}.burst`, value: burst, reason };
  }
  return wholeFault(burst, `${field}.burst`, 1, 1_000_000);
}

function corsFault({ origins, methods, headers, exposeHeaders }: CorsFilter, field: string): Fault | undefined {
  return firstFault([
    ...origins.map((origin, i) => originFault(origin, `${field}.origins[${i}]`)),
    ...methods.map((method, i) => faultOf(`${field}.methods[${i}]`, method, parseMethod(method))),
    ...headers.map((name, i) => faultOf(`${field}.headers[${i}]`, name, parseHeaderName(name))),
    ...exposeHeaders.map((name, i) => faultOf(`${field}.exposeHeaders[${i}]`, name, parseHeaderName(name))),
  ]);
}

function originFault(origin: string, field: string): Fault | undefined {
  if (origin === '*') return undefined;
  const parts = /^https?:\/\/([^/:]+|\[[0-9a-fA-F:.]+\])(?::(\d+))?$/.exec(origin);
  const host = parts?.[1] === undefined ? undefined : parseHost(parts[1].toLowerCase(), { address: true });
  const port = parts?.[2] === undefined ? undefined : parsePort(parts[2]);
  if (host?.ok === true && port?.ok !== false) return undefined;
  const reason = 'must be *, or scheme and host like https://shop.test, https://*.shop.test:8443';
  return { code: 'E_FIELD_VALUE', field, value: origin, reason };
}
