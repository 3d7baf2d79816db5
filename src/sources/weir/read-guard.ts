import type { FieldPath } from '../../model/located.ts';
import type { BasicAuthFilter, CorsFilter, Filter } from '../../model/service.ts';
import {
  accept,
  type Parsed,
  parseDuration,
  parseHeaderName,
  parseHost,
  parseMethod,
  parsePort,
  parseRealm,
  refuse,
} from '../../net/index.ts';
import type { BasicAuthForm, CorsForm, FilterForm, RateLimitForm } from './filter-schema.ts';
import type { Form } from './form.ts';
import { listOf, present } from './present.ts';

/** The filters of a form that keep requests out or let scripts in. */
export function readGuards(form: Form, written: FilterForm, path: FieldPath): Filter[] {
  const filters: Filter[] = [];
  const { sourceRanges, rateLimit, bodyLimit, basicAuth, cors } = written;
  if (sourceRanges !== undefined) {
    const at = [...path, 'sourceRanges'];
    const allow = form.ranges(sourceRanges.allow, [...at, 'allow']);
    const deny = form.ranges(sourceRanges.deny, [...at, 'deny']);
    if (listOf(sourceRanges.allow).length === 0 && listOf(sourceRanges.deny).length === 0)
      form.complain('E_FIELD_MISSING', at, 'must name ranges under `allow` or `deny`');
    filters.push(present({ type: 'sourceRanges' as const, allow, deny }));
  }
  if (rateLimit !== undefined) filters.push(...readRate(form, rateLimit, [...path, 'rateLimit']));
  const bytes = form.maybe(bodyLimit, [...path, 'bodyLimit'], parseSize);
  if (bytes !== undefined) filters.push({ type: 'bodyLimit', bytes });
  if (basicAuth !== undefined) filters.push(readAuth(form, basicAuth, [...path, 'basicAuth']));
  if (cors !== undefined) filters.push(readCors(form, cors, [...path, 'cors']));
  return filters;
}

/** Users that cannot be read leave the filter without any: nobody gets in. */
function readAuth(form: Form, written: BasicAuthForm, path: FieldPath): BasicAuthFilter {
  const at = [...path, 'users'];
  const found = form.lookUp(written.users, at, (name) => form.certificates.users(name, form.located.file));
  const users = found === undefined ? undefined : { sha256: found.sha256, origin: found.origin };
  const realm = form.maybe(written.realm, [...path, 'realm'], parseRealm) ?? form.realm;
  return present({ type: 'basicAuth' as const, realm, users });
}

function readRate(form: Form, written: RateLimitForm, path: FieldPath): readonly Filter[] {
  const fields = typeof written === 'number' ? { requestsPerSecond: written } : written;
  const at = typeof written === 'number' ? path : [...path, 'requestsPerSecond'];
  const { requestsPerSecond } = fields;
  if (!(requestsPerSecond > 0 && requestsPerSecond <= 1_000_000)) {
    form.complain('E_FIELD_VALUE', at, 'must be a number above 0, up to 1000000', requestsPerSecond);
    return [];
  }
  const burst = form.whole('burst' in fields ? fields.burst : undefined, [...path, 'burst'], 1, 1_000_000);
  return [present({ type: 'rateLimit' as const, requestsPerSecond, burst })];
}

const usualMethods = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];

function readCors(form: Form, written: CorsForm, path: FieldPath): CorsFilter {
  const fields = written === true ? {} : written;
  return present({
    type: 'cors' as const,
    origins: form.each(fields.origins, [...path, 'origins'], parseOrigin) ?? ['*'],
    methods: form.each(fields.methods, [...path, 'methods'], parseMethod) ?? usualMethods,
    headers: form.each(fields.headers, [...path, 'headers'], parseHeaderName) ?? [],
    exposeHeaders: form.each(fields.exposeHeaders, [...path, 'exposeHeaders'], parseHeaderName) ?? [],
    credentials: fields.credentials ?? false,
    maxAgeMs: form.maybe(fields.maxAge, [...path, 'maxAge'], (v) => parseDuration(v)),
  });
}

/** Scheme, host and perhaps a port, as browsers write it. */
function parseOrigin(value: string): Parsed<string> {
  if (value === '*') return accept(value);
  const [, host = '', port] = /^https?:\/\/([^/:]+|\[[0-9a-fA-F:.]+\])(?::(\d+))?$/.exec(value) ?? [];
  const usable = parseHost(host.toLowerCase(), { address: true }).ok && (port === undefined || parsePort(port).ok);
  return usable
    ? accept(value.toLowerCase())
    : refuse('E_FIELD_VALUE', 'must be *, or scheme and host like https://shop.test or https://*.shop.test:8443');
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 };

function parseSize(value: number | string): Parsed<number> {
  const [, digits, unit = ''] = /^(\d{1,12})([kmg]?)$/i.exec(String(value)) ?? [];
  const bytes = digits === undefined ? Number.NaN : Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN);
  return Number.isSafeInteger(bytes)
    ? accept(bytes)
    : refuse('E_FIELD_VALUE', 'must be a size such as 65536, 512k, 10m or 1g');
}
