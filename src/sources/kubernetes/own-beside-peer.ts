import type { Front } from '../../model/index.ts';
import { ownPrefix } from '../../model/prefix.ts';
import type { Draft } from './draft.ts';
import { frontTerms } from './join.ts';
import type { Lookup } from './object-store.ts';
import type { OwnAnnotations } from './own-annotations.ts';
import { guardsOf, ownFilters } from './own-filters.ts';

/** What the words of a peer decide alone. */
const decided = [
  ['protocol', 'protocol'],
  ['hosts', 'hosts'],
  ['tlsSecret', 'tls-secret'],
  ['httpPort', 'http-port'],
  ['httpsPort', 'https-port'],
  ['sslRedirect', 'ssl-redirect'],
] as const satisfies readonly (readonly [keyof OwnAnnotations, string])[];

/**
 * The fronts of an object written for a peer, with what our own annotations ask for beside it. Undefined: one of them keeps somebody out
 * and cannot be had there, which is told.
 */
export function besidePeer(
  own: OwnAnnotations,
  fronts: readonly Front[],
  namespace: string,
  draft: Draft,
  lookup: Lookup,
): readonly Front[] | undefined {
  const tell = (code: 'E_ANNOTATION_VALUE' | 'W_ANNOTATION_IGNORED', key: string, reason: string): void => {
    const name = ownPrefix + key;
    draft.tell({ code, path: ['metadata', 'annotations', name], name, reason });
  };
  for (const [field, key] of decided) {
    if (own[field] !== undefined)
      tell(
        'W_ANNOTATION_IGNORED',
        key,
        'has no effect: annotations of the controller that the object is written for decide it',
      );
  }
  const http = fronts.every(({ protocol }) => protocol === 'http' || protocol === 'https');
  const guard = http ? undefined : guardsOf(own);
  const closed =
    own.clientCaSecret !== undefined ? 'client-ca-secret' : own.tlsPassthrough === true ? 'tls-passthrough' : guard;
  if (closed !== undefined) {
    const reason =
      'cannot stand on an object that is written for another controller, and nothing is served without what it asks for; remove it, or give the object a class of weir';
    tell('E_ANNOTATION_VALUE', closed, reason);
    return undefined;
  }
  const filters = http ? ownFilters(own, namespace, draft, lookup) : [];
  return fronts.map((front) => ({
    ...front,
    ...frontTerms(own, front.sourceRanges ?? own.sourceRanges),
    ...(filters.length === 0 ? {} : { filters }),
  }));
}
