import type { LivePart } from './live-part.ts';

/** Who counts: gauges and counters by full Prometheus names. */
export interface LiveMetrics {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void;
  set(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
}

/** Tells how the parts of a cluster are read, as differences to what was told before. */
export function createLiveMetrics(
  metrics: LiveMetrics | undefined,
  source: string,
): (parts: readonly LivePart[], now: { readonly monotonicMs: number; readonly wallMs: number }) => void {
  const before = new Map<string, { lists: number; watches: number }>();
  return (parts, { monotonicMs, wallMs }) => {
    if (metrics === undefined) return;
    for (const [resource, own] of Map.groupBy(parts, ({ place }) => place.kind.resource)) {
      const labels = { source, resource };
      const sum = { lists: 0, watches: 0 };
      let last = Number.NEGATIVE_INFINITY;
      for (const { counts } of own) {
        sum.lists += counts.lists;
        sum.watches += counts.watches;
        last = Math.max(last, counts.lastEventMs ?? last);
      }
      const told = before.get(resource) ?? { lists: 0, watches: 0 };
      before.set(resource, sum);
      metrics.set('weir_kube_connected', own.every(({ phase }) => phase === 'known') ? 1 : 0, labels);
      metrics.count('weir_kube_lists_total', labels, Math.max(0, sum.lists - told.lists));
      metrics.count('weir_kube_watches_total', labels, Math.max(0, sum.watches - told.watches));
      if (Number.isFinite(last))
        metrics.set('weir_kube_last_event_timestamp_seconds', (wallMs - (monotonicMs - last)) / 1000, labels);
    }
  };
}
