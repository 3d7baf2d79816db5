import { type KnownObject, poolAnnotation } from './known-object.ts';
import type { Intent } from './status-intent.ts';

/**
 * The annotation that names the pool of a Service's address; undefined: it is as it shall be. What is known of no pool stays; `null`: it
 * has no address any more. Pure.
 */
export function poolIntent(
  { kind, uid, deleting, pool }: KnownObject,
  wanted: string | null | undefined,
): Intent | undefined {
  if (kind !== 'Service' || deleting || wanted === undefined || (pool ?? null) === wanted) return undefined;
  return { type: 'merge', body: { metadata: { uid, annotations: { [poolAnnotation]: wanted } } } };
}
