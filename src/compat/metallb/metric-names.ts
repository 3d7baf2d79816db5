/** A metric of MetalLB that dashboards and alerts are written for. */
export interface MetallbMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly labels: readonly string[];
}

const gauge = (labels: readonly string[], ...names: readonly string[]): readonly MetallbMetric[] =>
  names.map((name) => ({ name: `metallb_${name}`, type: 'gauge', labels }));
const counter = (labels: readonly string[], ...names: readonly string[]): readonly MetallbMetric[] =>
  names.map((name) => ({ name: `metallb_${name}`, type: 'counter', labels }));

/** By the names, labels and types that MetalLB has. */
export const metricNames: readonly MetallbMetric[] = [
  ...gauge(
    ['pool'],
    'allocator_addresses_total',
    'allocator_addresses_in_use_total',
    'allocator_ipv4_addresses_total',
    'allocator_ipv4_addresses_in_use_total',
    'allocator_ipv6_addresses_total',
    'allocator_ipv6_addresses_in_use_total',
    'allocator_services_allocated_total',
  ),
  ...counter(['ip'], 'layer2_requests_received', 'layer2_responses_sent', 'layer2_gratuitous_sent'),
  ...gauge(['service', 'protocol', 'node', 'ip'], 'speaker_announced'),
  ...counter([], 'k8s_client_updates_total', 'k8s_client_update_errors_total'),
  ...gauge([], 'k8s_client_config_loaded_bool', 'k8s_client_config_stale_bool'),
  ...gauge(['peer'], 'bgp_session_up', 'bgp_announced_prefixes_total', 'bgp_pending_prefixes_total'),
  ...counter(['peer'], 'bgp_updates_total'),
];
