import { type Attrs, type Backend, type ExportedService, suggestion } from '../../src/model/index.ts';
import type { Build } from './build.ts';
import type { BackendOptions } from './target-group-options.ts';
import { tell, tellSetting } from './tell.ts';

type Form = 'bool' | 'text' | readonly string[] | { readonly from: number; readonly to: number };

/** Keys of ModifyTargetGroupAttributes. A key that is not here is passed on with a warning: AWS adds new ones. */
const known: Readonly<Record<string, Form>> = {
  'deregistration_delay.timeout_seconds': { from: 0, to: 3600 },
  'deregistration_delay.connection_termination.enabled': 'bool',
  'stickiness.enabled': 'bool',
  'stickiness.type': ['lb_cookie', 'app_cookie', 'source_ip', 'source_ip_dest_ip', 'source_ip_dest_ip_proto'],
  'stickiness.lb_cookie.duration_seconds': { from: 1, to: 604_800 },
  'stickiness.app_cookie.cookie_name': 'text',
  'stickiness.app_cookie.duration_seconds': { from: 1, to: 604_800 },
  'slow_start.duration_seconds': { from: 0, to: 900 },
  'load_balancing.algorithm.type': ['round_robin', 'least_outstanding_requests', 'weighted_random'],
  'load_balancing.algorithm.anomaly_mitigation': ['on', 'off'],
  'load_balancing.cross_zone.enabled': ['true', 'false', 'use_load_balancer_configuration'],
  'preserve_client_ip.enabled': 'bool',
  'proxy_protocol_v2.enabled': 'bool',
  'lambda.multi_value_headers.enabled': 'bool',
  'target_failover.on_deregistration': ['rebalance', 'no_rebalance'],
  'target_failover.on_unhealthy': ['rebalance', 'no_rebalance'],
  'target_group_health.dns_failover.minimum_healthy_targets.count': 'text',
  'target_group_health.dns_failover.minimum_healthy_targets.percentage': 'text',
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count': { from: 1, to: 1000 },
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage': 'text',
  'target_health_state.unhealthy.connection_termination.enabled': 'bool',
  'target_health_state.unhealthy.draining_interval_seconds': { from: 0, to: 360_000 },
};

export interface AttributeWish {
  readonly service: ExportedService;
  readonly key: string;
  readonly backend: Backend;
  readonly options: BackendOptions;
  readonly path: readonly string[];
  readonly type: 'application' | 'network';
  /** KEY.PORT is for these: the ports that clients and the Service know. */
  readonly ports: readonly number[];
}

/** Attributes of a target group that somebody asked for; the rest stays as it is. */
export function targetAttributesOf(wish: AttributeWish, build: Build): Attrs {
  const { backend, options, type } = wish;
  const given = forPorts(wish);
  for (const [key, value] of Object.entries(given)) check(wish, build, key, value);
  return {
    ...(type === 'network' ? { 'proxy_protocol_v2.enabled': String(options.proxyProtocol === true) } : {}),
    ...(backend.drainMs === undefined
      ? {}
      : { 'deregistration_delay.timeout_seconds': String(Math.min(3600, Math.round(backend.drainMs / 1000))) }),
    ...affinity(wish, build),
    ...balance(wish, build),
    ...given,
  };
}

/** KEY.PORT wins over KEY; one for another port is not for us. */
function forPorts({ options, ports }: AttributeWish): Readonly<Record<string, string>> {
  const all: Record<string, string> = {};
  const single: Record<string, string> = {};
  for (const [key, value] of Object.entries(options.attributes ?? {})) {
    const [, name, port] = /^(.+)\.(\d+)$/.exec(key) ?? [];
    if (name === undefined || port === undefined) all[key] = value;
    else if (ports.includes(Number(port))) single[name] = value;
  }
  return { ...all, ...single };
}

function check({ service, path }: AttributeWish, build: Build, key: string, value: string): void {
  const form = Object.hasOwn(known, key) ? known[key] : undefined;
  const at = [...path, 'attributes', key];
  if (form === undefined) {
    const message = `is no target group attribute that weir knows; it is passed on${suggestion(key, Object.keys(known))}`;
    build.warn(tellSetting(service, 'W_FEATURE', at, value, message));
    return;
  }
  const reason = refusal(form, value);
  if (reason !== undefined) build.refuse(service, tellSetting(service, 'E_FIELD_VALUE', at, value, `${key} ${reason}`));
}

function refusal(form: Form, value: string): string | undefined {
  if (form === 'text') return value === '' ? 'must not be empty' : undefined;
  if (form === 'bool') return value === 'true' || value === 'false' ? undefined : 'must be true or false';
  if ('from' in form) {
    const fits = /^\d+$/.test(value) && Number(value) >= form.from && Number(value) <= form.to;
    return fits ? undefined : `must be a number from ${form.from} to ${form.to}`;
  }
  return form.includes(value) ? undefined : `must be one of ${form.join(', ')}`;
}

function affinity({ service, key, backend, type }: AttributeWish, build: Build): Attrs {
  if (backend.affinity === undefined) return {};
  const { type: wish, cookie, timeoutMs } = backend.affinity;
  const field = `backends[${JSON.stringify(key)}].affinity.type`;
  if ((wish === 'source') !== (type === 'network')) {
    const able = type === 'network' ? 'source address' : 'cookie';
    build.refuse(
      service,
      tell(service, 'E_FEATURE', field, wish, `load balancers of type ${type} keep clients at their target by ${able}`),
    );
    return {};
  }
  if (wish === 'source') return { 'stickiness.enabled': 'true', 'stickiness.type': 'source_ip' };
  const seconds = String(Math.min(604_800, Math.max(1, Math.round((timeoutMs ?? 86_400_000) / 1000))));
  return cookie === undefined
    ? { 'stickiness.enabled': 'true', 'stickiness.type': 'lb_cookie', 'stickiness.lb_cookie.duration_seconds': seconds }
    : {
        'stickiness.enabled': 'true',
        'stickiness.type': 'app_cookie',
        'stickiness.app_cookie.cookie_name': cookie,
        'stickiness.app_cookie.duration_seconds': seconds,
      };
}

const algorithms: Readonly<Record<string, string>> = {
  leastconn: 'least_outstanding_requests',
  random: 'weighted_random',
};

function balance({ service, key, backend, type }: AttributeWish, build: Build): Attrs {
  const algorithm = algorithms[backend.balance];
  if (algorithm === undefined) return {};
  if (type === 'application') return { 'load_balancing.algorithm.type': algorithm };
  const message = 'a network load balancer spreads connections by flow hash; this has no effect';
  build.warn(tell(service, 'W_FEATURE', `backends[${JSON.stringify(key)}].balance`, backend.balance, message));
  return {};
}
