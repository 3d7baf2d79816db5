import type { FieldPath } from '../../model/located.ts';
import type { BasicAuthFilter, CorsFilter, Filter } from '../../model/service.ts';
import {
  parseDuration,
  parseHeaderName,
  parseMethod,
  parseOrigin,
  parseRate,
  parseRealm,
  parseSize,
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
  if (form.take(parseRate(requestsPerSecond), at, requestsPerSecond) === undefined) return [];
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
