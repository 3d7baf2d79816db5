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
    help: 'From a change in a source to the accepted change in the balancer.',
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
    name: 'weir_errors_total',
    type: 'counter',
    help: 'Failures of units by error code.',
    labels: ['provider', 'code'],
  },
];
