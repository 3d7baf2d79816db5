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
  if (before === now || typeof before !== 'object' || typeof now !== 'object' || before === null || now === null)
    return now;
  if (Array.isArray(now)) return Array.isArray(before) ? shareList(before, now) : now;
  if (Array.isArray(before)) return now;
  const keys = Object.keys(now);
  let same = keys.length === Object.keys(before).length;
  let shared = false;
  const copy: Record<string, unknown> = {};
  for (const key of keys) {
    const old = Object.hasOwn(before, key) ? Reflect.get(before, key) : undefined;
    const own = Reflect.get(now, key);
    const part = shareAny(old, own);
    copy[key] = part;
    same &&= part === old;
    shared ||= part !== own;
  }
  if (same) return before;
  return shared ? copy : now;
}

function shareList(before: readonly unknown[], now: readonly unknown[]): readonly unknown[] {
  let same = before.length === now.length;
  let shared = false;
  const copy = now.map((own, i) => {
    const part = shareAny(before[i], own);
    same &&= part === before[i];
    shared ||= part !== own;
    return part;
  });
  if (same) return before;
  return shared ? copy : now;
}

/** The old list when it has the very same elements, else the new one: for elements that are shared already. */
export function shareItems<T>(before: readonly T[], now: readonly T[]): readonly T[] {
  return before.length === now.length && now.every((item, i) => item === before[i]) ? before : now;
}
