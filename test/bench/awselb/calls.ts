import type { Entry } from '../../fakes/aws/index.ts';

/** `12 RegisterTargets, 3 DescribeTags`: calls by name, the most frequent first. */
export function callsByName(entries: readonly Pick<Entry, 'action'>[]): string {
  const counts = new Map<string, number>();
  for (const { action } of entries) counts.set(action, (counts.get(action) ?? 0) + 1);
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted.map(([action, count]) => `${count} ${action}`).join(', ') || 'none';
}
