import type { ServiceReport, State } from '../model/index.ts';
import type { Labels } from '../run/metrics.ts';
import type { ServedMetrics } from './metrics.ts';

interface Series {
  readonly name: string;
  readonly labels: Labels;
}

/** Numbers of each service, made when Prometheus asks. At most `limit` services, the first by name: labels of a large cluster must not flood whoever collects. */
export function createServiceMetrics(
  metrics: Pick<ServedMetrics, 'count' | 'set' | 'forget'>,
  limit: number,
  complain: (message: string) => void,
): (state: State) => void {
  /** Series told last → their total (counters). */
  let before = new Map<string, Series & { readonly total: number }>();
  let told = false;
  return (state) => {
    const services = state.services.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const cut = Math.max(0, services.length - limit);
    metrics.set('weir_service_metrics_cut', limit === 0 ? 0 : cut);
    if (cut > 0 && limit > 0 && !told) {
      told = true;
      complain(`${cut} of ${services.length} services have no metrics of their own; metrics.perService is ${limit}`);
    }
    const now = new Map<string, Series & { readonly total: number }>();
    const add = (name: string, labels: Labels, total = 0): number => {
      const key = `${name} ${JSON.stringify(labels)}`;
      const last = before.get(key)?.total ?? 0;
      now.set(key, { name, labels, total });
      // Who counts has begun anew: everything since then is new.
      return total >= last ? total - last : total;
    };
    for (const { id, reports } of services.slice(0, limit)) {
      for (const report of reports) {
        countTraffic(metrics, { balancer: report.balancer, service: id }, report, add);
        countTargets(metrics, { balancer: report.balancer, service: id }, report, add);
      }
    }
    for (const [key, { name, labels }] of before) if (!now.has(key)) metrics.forget(name, labels);
    before = now;
  };
}

type Add = (name: string, labels: Labels, total?: number) => number;
type Told = Pick<ServedMetrics, 'count' | 'set'>;

function countTraffic(metrics: Told, own: Labels, { traffic }: ServiceReport, add: Add): void {
  if (traffic === undefined) return;
  for (const [code, total] of Object.entries(traffic.requests)) {
    const labels = { ...own, code_class: code };
    metrics.count('weir_service_requests_total', labels, add('weir_service_requests_total', labels, total));
  }
  metrics.count('weir_service_sessions_total', own, add('weir_service_sessions_total', own, traffic.sessions));
  for (const [direction, total] of [
    ['in', traffic.receivedBytes],
    ['out', traffic.sentBytes],
  ] as const) {
    const labels = { ...own, direction };
    metrics.count('weir_service_bytes_total', labels, add('weir_service_bytes_total', labels, total));
  }
  for (const [kind, total] of Object.entries(traffic.failures)) {
    const labels = { ...own, kind };
    metrics.count('weir_service_failures_total', labels, add('weir_service_failures_total', labels, total));
  }
  for (const [phase, ms] of Object.entries(traffic.latencyMs)) {
    const labels = { ...own, phase };
    add('weir_service_latency_seconds', labels);
    metrics.set('weir_service_latency_seconds', ms / 1000, labels);
  }
  add('weir_service_sessions', own);
  metrics.set('weir_service_sessions', traffic.current, own);
  add('weir_service_queue', own);
  metrics.set('weir_service_queue', traffic.queued, own);
}

function countTargets(metrics: Told, own: Labels, { targets }: ServiceReport, add: Add): void {
  for (const [state, list] of Map.groupBy(targets, ({ health }) => health)) {
    const labels = { ...own, state };
    add('weir_service_targets', labels);
    metrics.set('weir_service_targets', list.length, labels);
  }
}
