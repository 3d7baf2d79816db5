import { createHash } from 'node:crypto';
import { ownPrefix } from '../model/prefix.ts';

/**
 * By which the objects of a cluster are held. The default is short; each further installation in a cluster has one of its own, since it must
 * know which objects wait for it. `manager`: under which name it owns fields.
 */
export function finalizerName(manager: string): string {
  if (manager === `${ownPrefix}ingress`) return `${ownPrefix}resources`;
  return `${ownPrefix}resources-${createHash('sha256').update(manager).digest('hex').slice(0, 10)}`;
}
