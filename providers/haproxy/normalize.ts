import type { Resource } from '../../src/model/index.ts';

/** The model writes attributes in full and in one form, and HAProxy decides nothing of them itself: there is nothing to drop. */
export function normalize(resource: Resource): Resource {
  return resource;
}
