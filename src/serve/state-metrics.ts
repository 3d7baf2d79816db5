import type { State } from '../model/index.ts';
import type { Labels, Metrics } from '../run/metrics.ts';

/** Gauges that say nothing but what the state says; made when Prometheus asks, so the loop has no work with them. */
export function createStateMetrics(metrics: Metrics): (state: State) => void {
  const before = new Map<string, readonly [string, Labels]>();
  return (state) => {
    const counts = countState(state);
    // A series that has no more members goes to 0 instead of staying at its last value.
    for (const [key, [name, labels]] of before) if (!counts.has(key)) metrics.set(name, 0, labels);
    for (const [key, { name, labels, value }] of counts) {
      metrics.set(name, value, labels);
      before.set(key, [name, labels]);
    }
  };
}

interface Count {
  readonly name: string;
  readonly labels: Labels;
  value: number;
}

function countState(state: State): ReadonlyMap<string, Count> {
  const counts = new Map<string, Count>();
  const add = (name: string, labels: Labels, by = 1) => {
    const key = `${name} ${JSON.stringify(labels)}`;
    const count = counts.get(key) ?? { name, labels, value: 0 };
    count.value += by;
    counts.set(key, count);
  };
  const { instance: node } = state;
  const providers = new Map(state.balancers.map(({ name, provider }) => [name, provider]));
  for (const { provider, units } of state.balancers) {
    add('weir_plan_pending', { provider }, units.filter(({ state }) => state !== 'in sync').length);
    for (const unit of units) add('weir_units', { provider, state: unit.state });
  }
  for (const service of state.services) {
    add('weir_services', { health: service.health });
    for (const report of service.reports) {
      const provider = providers.get(report.balancer) ?? '';
      for (const target of report.targets) add('weir_targets', { provider, state: target.health });
      for (const { own, address: ip } of report.announced ?? [])
        if (own) add('metallb_speaker_announced', { service: service.id, protocol: 'layer2', node, ip });
    }
  }
  for (const { code, severity } of state.problems) add('weir_problems', { code, severity });
  for (const { lease, leader } of state.leases ?? []) add('weir_leader', { lease }, leader ? 1 : 0);
  for (const { name: pool, assigned, available } of state.pools ?? []) {
    const [four, six] = [assigned.ipv4 + available.ipv4, assigned.ipv6 + available.ipv6];
    add('metallb_allocator_addresses_total', { pool }, four + six);
    add('metallb_allocator_addresses_in_use_total', { pool }, assigned.ipv4 + assigned.ipv6);
    add('metallb_allocator_ipv4_addresses_total', { pool }, four);
    add('metallb_allocator_ipv4_addresses_in_use_total', { pool }, assigned.ipv4);
    add('metallb_allocator_ipv6_addresses_total', { pool }, six);
    add('metallb_allocator_ipv6_addresses_in_use_total', { pool }, assigned.ipv6);
  }
  const loaded = state.sources.every(({ synced }) => synced);
  const unused = state.problems.some(({ code }) => code === 'E_POOL' || code === 'E_POOL_OVERLAP');
  add('metallb_k8s_client_config_loaded_bool', {}, loaded ? 1 : 0);
  add('metallb_k8s_client_config_stale_bool', {}, unused ? 1 : 0);
  for (const source of state.sources) add('weir_source_synced', { source: source.name }, source.synced ? 1 : 0);
  for (const { source } of state.incomplete) add('weir_source_incomplete', { source });
  return counts;
}
