import type { Attrs } from '../../src/model/index.ts';

/**
 * Attributes that are wanted of an object. What nobody names is not compared (`sticky` of its kind). An observed object with
 * `unread: true` has attributes that were not read yet: then nothing is wanted of them, until a reading tells what they are.
 */
export function stickyAttributes(kept: Attrs | undefined, wanted: Attrs): Attrs {
  return kept?.unread === true ? {} : wanted;
}
