import type { Resource } from '../../src/model/index.ts';
import { adoptedTag, clusterTag } from './names.ts';

/**
 * Whether somebody else made a load balancer that counts as ours: it carries the tag of adoption, or no tag of ours at all, since `adopt`
 * has named it and nothing was written yet. Such a one is never deleted.
 */
export function isMadeElsewhere({ sets: { Tags } }: Pick<Resource, 'sets'>): boolean {
  return Tags?.has(adoptedTag) === true || Tags?.has(clusterTag) !== true;
}
