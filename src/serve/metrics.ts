import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Labels, Metrics } from '../run/metrics.ts';
import { type MetricEntry, metricTable } from './metric-table.ts';

/** The metrics of a running weir, with the text that Prometheus reads. */
export interface ServedMetrics extends Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** Drops one series: what it told of is gone. */
  forget(name: string, labels: Labels): void;
}

type Instrument =
  | { readonly type: 'counter'; readonly metric: Counter; readonly labels: readonly string[] }
  | { readonly type: 'gauge'; readonly metric: Gauge; readonly labels: readonly string[] }
  | { readonly type: 'histogram'; readonly metric: Histogram; readonly labels: readonly string[] };

/** Counts everything in `table`, and what providers name `weir_<provider>_…`. A wrong name or label costs that figure, never a throw in the loop. */
export function createMetrics(
  version: string,
  complain: (message: string) => void,
  table: readonly MetricEntry[] = metricTable,
): ServedMetrics {
  const registry = new Registry();
  const instruments = new Map(table.map((entry) => [entry.name, register(entry, registry)]));
  collectDefaultMetrics({ register: registry });

  const helps = new Map<string, string>();
  const find = (name: string, type: MetricEntry['type'], labels: Labels): Instrument | undefined => {
    let found = instruments.get(name);
    if (found === undefined && /^weir_[a-z0-9]+_[a-z0-9_]+$/.test(name) && instruments.size < 1000) {
      found = register(
        { name, type, help: helps.get(name) ?? 'Of the provider named in it.', labels: Object.keys(labels) },
        registry,
      );
      instruments.set(name, found);
    }
    if (found?.type === type) return found;
    complain(`metric ${name} is not a ${type} of the table`);
    return undefined;
  };
  // A label that the metric does not have would make prom-client throw; one that is missing would make two series of one.
  const fit = (found: Instrument, labels: Labels): Record<string, string> =>
    Object.fromEntries(found.labels.map((label) => [label, labels[label] ?? '']));

  const metrics: ServedMetrics = {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    count(name, labels = {}, by = 1) {
      const found = find(name, 'counter', labels);
      if (found?.type === 'counter' && by >= 0) found.metric.inc(fit(found, labels), by);
    },
    describe(texts) {
      for (const [name, help] of Object.entries(texts)) helps.set(name, help);
    },
    forget(name, labels) {
      const found = instruments.get(name);
      found?.metric.remove(fit(found, labels));
    },
    set(name, value, labels = {}) {
      const found = find(name, 'gauge', labels);
      if (found?.type === 'gauge') found.metric.set(fit(found, labels), value);
    },
    observe(name, value, labels = {}) {
      const found = find(name, 'histogram', labels);
      if (found?.type === 'histogram') found.metric.observe(fit(found, labels), value);
    },
  };
  metrics.set('weir_build_info', 1, { version, node: process.version });
  return metrics;
}

function register(entry: MetricEntry, registry: Registry): Instrument {
  const { name, help, labels } = entry;
  const shape = { name, help, labelNames: [...labels], registers: [registry] };
  switch (entry.type) {
    case 'counter':
      return { type: 'counter', metric: new Counter(shape), labels };
    case 'gauge':
      return { type: 'gauge', metric: new Gauge(shape), labels };
    default: {
      const buckets = entry.buckets === undefined ? {} : { buckets: [...entry.buckets] };
      return { type: 'histogram', metric: new Histogram({ ...shape, ...buckets }), labels };
    }
  }
}
