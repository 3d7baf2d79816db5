import type { Resource } from '../../src/model/index.ts';
import { isMadeElsewhere } from './made-elsewhere.ts';

/** Why a load balancer is not deleted: its deletion protection is on, or nobody has looked yet. One of others is only let go. */
export function deletionGuard(object: Pick<Resource, 'attrs' | 'sets'>): string | undefined {
  const { attrs } = object;
  if (isMadeElsewhere(object)) return undefined;
  if (attrs.unread === true) return 'whether its deletion protection is on is not read yet';
  if (attrs['deletion_protection.enabled'] !== 'true') return undefined;
  return 'its deletion protection is on, so it serves on; set deletion_protection.enabled to false, which weir never does, and it goes';
}
