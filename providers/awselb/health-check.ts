import type { Attrs, Backend, ExportedService, Json } from '../../src/model/index.ts';
import type { Build } from './build.ts';
import type { BackendOptions } from './target-group-options.ts';
import { tell, tellSetting } from './tell.ts';

export interface CheckWish {
  readonly service: ExportedService;
  readonly key: string;
  readonly backend: Backend;
  readonly options: BackendOptions;
  /** Where the options stand in the settings. */
  readonly path: readonly string[];
  readonly protocol: string;
  readonly protocolVersion: string | undefined;
  readonly targetType: 'instance' | 'ip';
}

const layer7 = (protocol: string): boolean => protocol === 'HTTP' || protocol === 'HTTPS';

/** HealthCheck… fields of a target group: settings, then the backend's health, then the defaults of aws-load-balancer-controller. */
export function healthCheckOf(wish: CheckWish, build: Build): Attrs {
  const { service, key, backend, options, path, protocol, protocolVersion, targetType } = wish;
  const own = options.healthCheck ?? {};
  const { health } = backend;
  const alb = layer7(protocol);
  const grpc = protocolVersion === 'GRPC';
  // What decides there is whether a node has targets of its own, not a target itself.
  const nodeCheck = !alb && targetType === 'instance' && backend.localOnly === true;
  const field = (name: string): readonly string[] => [...path, 'healthCheck', name];

  let check = own.protocol ?? (health === undefined ? undefined : health.type === 'tcp' ? 'TCP' : 'HTTP');
  if (check === undefined) check = alb ? (protocol === 'HTTPS' ? 'HTTPS' : 'HTTP') : nodeCheck ? 'HTTP' : 'TCP';
  if (alb && check === 'TCP') {
    const message = 'an application load balancer checks by HTTP or HTTPS; HTTP is used';
    const name = own.protocol === undefined ? `backends[${JSON.stringify(key)}].health.type` : 'healthCheck.protocol';
    build.warn(tell(service, 'W_FEATURE', name, 'tcp', message));
    check = protocol === 'HTTPS' ? 'HTTPS' : 'HTTP';
  } else if (alb && protocol === 'HTTPS' && own.protocol === undefined) check = 'HTTPS';

  const port = own.port ?? health?.port ?? (nodeCheck ? backend.healthCheckNodePort : undefined) ?? 'traffic-port';
  const interval = own.intervalSeconds ?? seconds(health?.intervalMs) ?? (alb ? 15 : 10);
  const timeout =
    own.timeoutSeconds ??
    seconds(health?.timeoutMs) ??
    Math.min(alb ? 5 : nodeCheck ? 6 : 10, alb ? Math.max(2, interval - 1) : 120);
  const rise = own.healthyThreshold ?? health?.rise ?? (alb || nodeCheck ? 2 : 3);
  const fall = own.unhealthyThreshold ?? health?.fall ?? (alb || nodeCheck ? 2 : 3);
  bounded(wish, build, field('intervalSeconds'), interval, 5, 300);
  bounded(wish, build, field('timeoutSeconds'), timeout, 2, 120);
  bounded(wish, build, field('healthyThreshold'), rise, 2, 10);
  bounded(wish, build, field('unhealthyThreshold'), fall, 2, 10);
  if (alb && timeout >= interval) {
    const message = `the time-out must be shorter than the interval of ${interval} s`;
    build.refuse(service, tellSetting(service, 'E_FIELD_VALUE', field('timeoutSeconds'), timeout, message));
  }
  const http = check !== 'TCP';
  const codes = own.successCodes ?? statuses(health?.expect) ?? (grpc ? '12' : alb ? '200' : '200-399');
  const pathDefault = grpc ? '/AWS.ALB/healthcheck' : nodeCheck ? '/healthz' : '/';
  return {
    HealthCheckEnabled: own.enabled ?? true,
    HealthCheckProtocol: check,
    HealthCheckPort: String(port),
    HealthCheckIntervalSeconds: interval,
    HealthCheckTimeoutSeconds: timeout,
    HealthyThresholdCount: rise,
    UnhealthyThresholdCount: fall,
    ...(http
      ? {
          HealthCheckPath: own.path ?? health?.path ?? pathDefault,
          Matcher: { [grpc ? 'GrpcCode' : 'HttpCode']: codes },
        }
      : {}),
  };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.max(1, Math.round(ms / 1000));
}

function statuses(expect: NonNullable<Backend['health']>['expect']): string | undefined {
  if (expect === undefined || expect.length === 0) return undefined;
  return expect.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

function bounded(
  { service }: CheckWish,
  build: Build,
  path: readonly string[],
  value: Json,
  from: number,
  to: number,
): void {
  if (typeof value === 'number' && value >= from && value <= to) return;
  build.refuse(
    service,
    tellSetting(
      service,
      'E_FIELD_VALUE',
      path,
      value,
      `a target group takes ${from} to ${to}; choose a number in between`,
    ),
  );
}
