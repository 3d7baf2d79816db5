import type { Attrs } from '../../src/model/index.ts';

/**
 * Attributes of an object that exists and of what is wanted of it: what nobody names stays as it is. An observed object with
 * `unread: true` has attributes that were not read yet: then nothing is wanted of them, until a reading tells what they are.
 */
export function stickyAttributes(kept: Attrs | undefined, wanted: Attrs): Attrs {
  if (kept === undefined) return wanted;
  const had = attributesIn(kept);
  return kept.unread === true ? had : { ...had, ...wanted };
}

/** Entries of the object's attributes: keys that begin with a small letter. */
function attributesIn(attrs: Attrs): Attrs {
  return Object.fromEntries(Object.entries(attrs).filter(([key]) => /^[a-z]/.test(key)));
}
