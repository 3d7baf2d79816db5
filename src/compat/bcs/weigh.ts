import type { ExportBackend, Weight } from './export-service.ts';

const most = 256;

/**
 * The weight of each backend of a port. A label's weight is divided among the backends of that label, rounded up; with only one label in
 * the map, weights do not compare with anything and all count one, but zero still means no traffic, as the documentation of BCS promises.
 * Above 256 all are scaled down together; what had some traffic keeps some.
 */
export function weigh(backends: readonly ExportBackend[], weights: ReadonlyMap<string, Weight>): readonly number[] {
  const labels = backends.map(({ labels }) => labels.find((label) => weights.has(label)));
  const counts = new Map<string, number>();
  for (const label of labels) if (label !== undefined) counts.set(label, (counts.get(label) ?? 0) + 1);
  const shares = labels.map((label) => {
    const value = label === undefined ? undefined : weights.get(label)?.value;
    if (label === undefined || typeof value !== 'number' || !(value >= 0) || !Number.isInteger(value)) return 1;
    if (value === 0) return 0;
    return weights.size < 2 ? 1 : Math.ceil(value / (counts.get(label) ?? 1));
  });
  const largest = Math.max(0, ...shares);
  if (largest <= most) return shares;
  return shares.map((share) => (share === 0 ? 0 : Math.max(1, Math.round((share * most) / largest))));
}
