/**
 * The new value with every part that equals the old one replaced by the old one itself; the old value when nothing differs. Everything
 * behind the source compares by reference first, so this is what makes a small change cheap. For plain JSON values.
 */
export function share<T>(before: unknown, now: T): T {
  const shared = shareAny(before, now);
  // shareAny answers either `now`, an equal value, or a copy of `now` with equal parts.
  return shared as T;
}

function shareAny(before: unknown, now: unknown): unknown {
  if (before === now || typeof before !== 'object' || typeof now !== 'object' || before === null || now === null) return now;
  if (Array.isArray(now)) return Array.isArray(before) ? shareList(before, now) : now;
  if (Array.isArray(before)) return now;
  const keys = Object.keys(now);
  let same = keys.length === Object.keys(before).length;
  const copy: Record<string, unknown> = {};
  for (const key of keys) {
    const old = Object.hasOwn(before, key) ? Reflect.get(before, key) : undefined;
    const part = shareAny(old, Reflect.get(now, key));
    copy[key] = part;
    same &&= part === old;
  }
  return same ? before : copy;
}

function shareList(before: readonly unknown[], now: readonly unknown[]): readonly unknown[] {
  let same = before.length === now.length;
  const copy = now.map((item, i) => {
    const part = shareAny(before[i], item);
    same &&= part === before[i];
    return part;
  });
  return same ? before : copy;
}
