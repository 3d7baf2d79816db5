import type { PeerService } from '../reader.ts';
import type { Picked } from './backend-words.ts';
import { resolveCheckPort } from './check-port.ts';
import type { Check } from './health.ts';

/** The health check of one target group behind an Ingress. */
export function albCheck(service: PeerService, picked: Picked, kind: 'ip' | 'instance'): Check {
  const grpc = picked.take('backend-protocol-version') === 'GRPC';
  const resolved = resolveCheckPort(picked.take('healthcheck-port'), service, kind);
  if (!resolved.ok) picked.refuse('healthcheck-port', resolved.reason);
  return {
    protocol: picked.take('healthcheck-protocol') ?? picked.take('backend-protocol') ?? 'HTTP',
    ...(resolved.ok && resolved.value !== undefined ? { port: resolved.value } : {}),
    path: picked.take('healthcheck-path') ?? (grpc ? '/AWS.ALB/healthcheck' : '/'),
    intervalSeconds: picked.take('healthcheck-interval-seconds') ?? 15,
    timeoutSeconds: picked.take('healthcheck-timeout-seconds') ?? 5,
    healthy: picked.take('healthy-threshold-count') ?? 2,
    unhealthy: picked.take('unhealthy-threshold-count') ?? 2,
    codes: picked.take('success-codes') ?? (grpc ? '12' : '200'),
    grpc,
  };
}
