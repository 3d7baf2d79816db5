import type { HealthCheck } from '../../model/index.ts';

/** What the peer would ask of targets, in its own words; every field has its default by now. */
export interface Check {
  readonly protocol: 'TCP' | 'HTTP' | 'HTTPS';
  /** Undefined: the port of the target. */
  readonly port?: number;
  readonly path: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthy: number;
  readonly unhealthy: number;
  /** `200,202`, `200-399`; codes of gRPC where `grpc`. */
  readonly codes: string;
  readonly grpc?: boolean;
}

/** The check in the model's words. HTTPS and codes of gRPC are settings: the model has no word for them. */
export function healthOf(check: Check): HealthCheck {
  const { protocol, port, path, intervalSeconds, timeoutSeconds, healthy, unhealthy, codes, grpc } = check;
  const http = protocol !== 'TCP';
  return {
    type: http ? 'http' : 'tcp',
    ...(port === undefined ? {} : { port }),
    ...(http ? { path } : {}),
    ...(http && grpc !== true ? { expect: rangesOf(codes) } : {}),
    intervalMs: intervalSeconds * 1000,
    timeoutMs: timeoutSeconds * 1000,
    rise: healthy,
    fall: unhealthy,
  };
}

function rangesOf(codes: string): NonNullable<HealthCheck['expect']> {
  return codes.split(',').map((part) => {
    const [from = 200, to = from] = part.split('-').map(Number);
    return { from, to };
  });
}
