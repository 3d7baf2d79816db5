/** Attributes as AWS makes them: what a create need not say. Only those that are the same for every object of the kind. */
import type { Attrs } from '../../src/model/index.ts';

const defaults: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LoadBalancer: {
    'deletion_protection.enabled': 'false',
    'access_logs.s3.enabled': 'false',
    'connection_logs.s3.enabled': 'false',
    'ipv6.deny_all_igw_traffic': 'false',
    'idle_timeout.timeout_seconds': '60',
    'client_keep_alive.seconds': '3600',
    'routing.http2.enabled': 'true',
    'routing.http.drop_invalid_header_fields.enabled': 'false',
    'routing.http.preserve_host_header.enabled': 'false',
    'waf.fail_open.enabled': 'false',
  },
  TargetGroup: {
    'deregistration_delay.timeout_seconds': '300',
    'stickiness.enabled': 'false',
    'proxy_protocol_v2.enabled': 'false',
    'load_balancing.algorithm.type': 'round_robin',
    'load_balancing.cross_zone.enabled': 'use_load_balancer_configuration',
    'slow_start.duration_seconds': '0',
  },
  Listener: { 'tcp.idle_timeout.seconds': '350', 'routing.http.response.server.enabled': 'true' },
};

/** As AWS makes it; undefined: that differs between objects. */
export function usualAttribute(kind: string, name: string): string | undefined {
  return defaults[kind]?.[name];
}

/** The attributes that a new object must be told. */
export function unusual(kind: string, attrs: Attrs): Attrs {
  const usual = defaults[kind] ?? {};
  return Object.fromEntries(Object.entries(attrs).filter(([key, value]) => usual[key] !== value));
}
