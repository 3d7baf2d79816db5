/** Every metric of weir itself, once: name, type, help, labels. Providers add their own as `weir_<provider>_…`. A test holds the code against it. */
export interface MetricEntry {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds in the metric's unit (histograms). */
  readonly buckets?: readonly number[];
}

const fast = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export const metricTable: readonly MetricEntry[] = [
  { name: 'weir_build_info', type: 'gauge', help: 'Always 1; the version is a label.', labels: ['version', 'node'] },
  {
    name: 'weir_config_valid',
    type: 'gauge',
    help: '1 while the configuration file can be used; 0: an earlier configuration is in force.',
    labels: [],
  },
  {
    name: 'weir_reconcile_duration_seconds',
    type: 'histogram',
    help: 'One pass: sources read, merged, planned, applied.',
    labels: [],
    buckets: fast,
  },
  {
    name: 'weir_leader',
    type: 'gauge',
    help: '1 where this weir holds the Lease and writes the systems it stands for; 0: it follows.',
    labels: ['lease'],
  },
  {
    name: 'weir_leader_transitions_total',
    type: 'counter',
    help: 'How often this weir has begun or ceased to lead.',
    labels: ['lease'],
  },
  ...['', 'ipv4_', 'ipv6_'].flatMap((family): readonly MetricEntry[] => [
    {
      name: `metallb_allocator_${family}addresses_total`,
      type: 'gauge',
      help: 'Addresses of a pool that may be given out, under the name that MetalLB has for it.',
      labels: ['pool'],
    },
    {
      name: `metallb_allocator_${family}addresses_in_use_total`,
      type: 'gauge',
      help: 'Addresses of a pool that services have; a shared one counts once.',
      labels: ['pool'],
    },
  ]),
  {
    name: 'metallb_speaker_announced',
    type: 'gauge',
    help: '1 for each address of a service that this machine announces, under the name that MetalLB has for it.',
    labels: ['service', 'protocol', 'node', 'ip'],
  },
  ...(
    [
      [
        'requests_received',
        'Questions for an announced address (ARP, neighbour discovery) that this machine was to answer,',
      ],
      ['responses_sent', 'Questions for an announced address that this machine has answered,'],
      ['gratuitous_sent', 'Frames by which this machine told the network unasked that an address is here,'],
    ] as const
  ).map(
    ([name, what]): MetricEntry => ({
      name: `metallb_layer2_${name}`,
      type: 'counter',
      help: `${what} under the name that MetalLB has for it.`,
      labels: ['ip'],
    }),
  ),
  {
    name: 'metallb_k8s_client_config_loaded_bool',
    type: 'gauge',
    help: '1 when pools and services are read, under the name that MetalLB has for it.',
    labels: [],
  },
  {
    name: 'metallb_k8s_client_config_stale_bool',
    type: 'gauge',
    help: '1 while an address pool, or a part of one, cannot be used as it is written; under the name that MetalLB has for it.',
    labels: [],
  },
  { name: 'weir_plan_steps', type: 'gauge', help: 'Steps of the last plan.', labels: ['op', 'provider'] },
  { name: 'weir_plan_pending', type: 'gauge', help: 'Units whose plan is not done.', labels: ['provider'] },
  {
    name: 'weir_gaps_total',
    type: 'counter',
    help: 'Interruptions that no order could avoid, as planned.',
    labels: ['provider'],
  },
  { name: 'weir_refused', type: 'gauge', help: 'Steps refused in the last plan.', labels: ['provider', 'why'] },
  { name: 'weir_apply_steps_total', type: 'counter', help: 'Steps by result.', labels: ['op', 'result', 'code'] },
  {
    name: 'weir_apply_duration_seconds',
    type: 'histogram',
    help: 'Applying the plan of one unit.',
    labels: ['provider', 'result'],
    buckets: fast,
  },
  {
    name: 'weir_endpoint_to_target_seconds',
    type: 'histogram',
    help: 'From the reading of a change in a source until the balancer has accepted it, gates included; the next connection goes there.',
    labels: ['provider'],
    buckets: fast,
  },
  {
    name: 'weir_drift_total',
    type: 'counter',
    help: 'Changes by others that an audit found and put right.',
    labels: ['provider'],
  },
  {
    name: 'weir_last_audit_timestamp_seconds',
    type: 'gauge',
    help: 'When the real state was last read in full.',
    labels: ['provider'],
  },
  {
    name: 'weir_targets',
    type: 'gauge',
    help: 'Targets by the health that the balancer reports.',
    labels: ['provider', 'state'],
  },
  { name: 'weir_services', type: 'gauge', help: 'Services by health.', labels: ['health'] },
  { name: 'weir_units', type: 'gauge', help: 'Units by state.', labels: ['provider', 'state'] },
  { name: 'weir_problems', type: 'gauge', help: 'Problems by code.', labels: ['code', 'severity'] },
  {
    name: 'weir_source_synced',
    type: 'gauge',
    help: '1 when the source has finished its first complete listing.',
    labels: ['source'],
  },
  { name: 'weir_source_incomplete', type: 'gauge', help: 'Parts of a source that cannot be read.', labels: ['source'] },
  {
    name: 'weir_kube_connected',
    type: 'gauge',
    help: '1 while a resource of a cluster is read in full and watched, in every namespace asked for.',
    labels: ['source', 'resource'],
  },
  {
    name: 'weir_kube_lists_total',
    type: 'counter',
    help: 'Full listings of a resource of a cluster.',
    labels: ['source', 'resource'],
  },
  {
    name: 'weir_kube_watches_total',
    type: 'counter',
    help: 'Watches opened on a resource of a cluster.',
    labels: ['source', 'resource'],
  },
  {
    name: 'weir_kube_last_event_timestamp_seconds',
    type: 'gauge',
    help: 'When a list, change or bookmark of a resource of a cluster was last received.',
    labels: ['source', 'resource'],
  },
  {
    name: 'weir_kube_writes_total',
    type: 'counter',
    help: 'Writes to objects of a cluster (status, finalizers, Events): written, or failed with the reason of the API server; Admission: a webhook or policy of the cluster.',
    labels: ['source', 'resource', 'result', 'reason'],
  },
  {
    name: 'weir_service_requests_total',
    type: 'counter',
    help: 'Answers of HTTP services by class of the status, as the balancer counts them.',
    labels: ['balancer', 'service', 'code_class'],
  },
  {
    name: 'weir_service_sessions_total',
    type: 'counter',
    help: 'Requests of HTTP services, connections of TCP services.',
    labels: ['balancer', 'service'],
  },
  {
    name: 'weir_service_bytes_total',
    type: 'counter',
    help: 'Bytes from and to clients.',
    labels: ['balancer', 'service', 'direction'],
  },
  {
    name: 'weir_service_failures_total',
    type: 'counter',
    help: 'Failures towards targets: connect, response; and what was tried again: retry, redispatch.',
    labels: ['balancer', 'service', 'kind'],
  },
  {
    name: 'weir_service_latency_seconds',
    type: 'gauge',
    help: 'Average of the last requests (HAProxy: 1,024): in the queue, to connect, to the first byte of the answer, in total.',
    labels: ['balancer', 'service', 'phase'],
  },
  {
    name: 'weir_service_sessions',
    type: 'gauge',
    help: 'Requests or connections under way.',
    labels: ['balancer', 'service'],
  },
  {
    name: 'weir_service_queue',
    type: 'gauge',
    help: 'Requests that wait for a target.',
    labels: ['balancer', 'service'],
  },
  {
    name: 'weir_service_targets',
    type: 'gauge',
    help: 'Targets of a service by health.',
    labels: ['balancer', 'service', 'state'],
  },
  {
    name: 'weir_service_metrics_cut',
    type: 'gauge',
    help: 'Services that have no numbers here because metrics.perService is lower.',
    labels: [],
  },
  {
    name: 'weir_errors_total',
    type: 'counter',
    help: 'Failures of units by error code.',
    labels: ['provider', 'code'],
  },
];
