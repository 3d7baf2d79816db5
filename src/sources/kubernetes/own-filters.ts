import type { BasicAuthFilter, Filter } from '../../model/index.ts';
import { parseRealm } from '../../net/index.ts';
import type { Draft } from './draft.ts';
import type { Lookup } from './object-store.ts';
import type { OwnAnnotations } from './own-annotations.ts';
import { takeUsers } from './take-material.ts';

/** The filters that our annotations ask for at every front of an object that reads HTTP. */
export function ownFilters(own: OwnAnnotations, namespace: string, draft: Draft, lookup: Lookup): readonly Filter[] {
  const { bodyLimit, rewritePrefix, rewriteRegex, rewriteHost } = own;
  return [
    ...rateFilters(own),
    ...(bodyLimit === undefined ? [] : [{ type: 'bodyLimit' as const, bytes: bodyLimit }]),
    ...authFilters(own, namespace, draft, lookup),
    ...corsFilters(own),
    ...headerFilters('requestHeader', own.requestSet, own.requestAdd, own.requestRemove),
    ...headerFilters('responseHeader', own.responseSet, own.responseAdd, own.responseRemove),
    ...(rewritePrefix === undefined
      ? []
      : [{ type: 'rewritePrefix' as const, from: rewritePrefix[0], to: rewritePrefix[1] }]),
    ...(rewriteRegex === undefined
      ? []
      : [{ type: 'rewriteRegex' as const, pattern: rewriteRegex[0], to: rewriteRegex[1] }]),
    ...(rewriteHost === undefined ? [] : [{ type: 'host' as const, value: rewriteHost }]),
  ];
}

/** The annotations that keep somebody out: without HTTP there is nothing that could carry them out. */
export function guardsOf(own: OwnAnnotations): string | undefined {
  if (own.authSecret !== undefined) return 'auth-secret';
  if (own.rateLimit !== undefined) return 'rate-limit';
  return own.bodyLimit === undefined ? undefined : 'body-limit';
}

function rateFilters({ rateLimit, rateBurst }: OwnAnnotations): readonly Filter[] {
  if (rateLimit === undefined) return [];
  const burst = rateBurst === undefined ? {} : { burst: rateBurst };
  return [{ type: 'rateLimit', requestsPerSecond: rateLimit, ...burst }];
}

/** Users that cannot be read leave the filter without any: nobody gets in. */
function authFilters(own: OwnAnnotations, namespace: string, draft: Draft, lookup: Lookup): readonly BasicAuthFilter[] {
  if (own.authSecret === undefined) return [];
  const users = takeUsers({ namespace, secret: own.authSecret, annotation: 'auth-secret' }, draft, lookup);
  const realm = own.authRealm ?? (parseRealm(draft.id).ok ? draft.id : 'weir');
  return [{ type: 'basicAuth', realm, ...(users === undefined ? {} : { users }) }];
}

const usualMethods = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'];

function corsFilters(own: OwnAnnotations): readonly Filter[] {
  const { corsOrigins: origins, corsMaxAgeMs: maxAgeMs } = own;
  if (origins === undefined) return [];
  return [
    {
      type: 'cors',
      origins,
      methods: own.corsMethods ?? usualMethods,
      headers: own.corsHeaders ?? [],
      exposeHeaders: own.corsExpose ?? [],
      credentials: own.corsCredentials ?? false,
      ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    },
  ];
}

type Headers = OwnAnnotations['requestSet'];

function headerFilters(
  type: 'requestHeader' | 'responseHeader',
  set: Headers = [],
  add: Headers = [],
  remove: readonly string[] = [],
): readonly Filter[] {
  return [
    ...set.map(([name, value]) => ({ type, op: 'set' as const, name, value })),
    ...add.map(([name, value]) => ({ type, op: 'add' as const, name, value })),
    ...remove.map((name) => ({ type, op: 'remove' as const, name })),
  ];
}
