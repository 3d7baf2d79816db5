import type { PeerService } from '../reader.ts';
import { resolveCheckPort } from './check-port.ts';
import type { Check } from './health.ts';
import type { ServiceReading } from './reading.ts';

const prefix = 'aws-load-balancer-healthcheck-';
const protocols = { TCP: 'TCP', HTTP: 'HTTP', HTTPS: 'HTTPS', tcp: 'TCP', http: 'HTTP', https: 'HTTPS' } as const;

/** The health check of a Service's target groups. Nodes that answer for local pods alone are asked at the node's own health port. */
export function networkCheck(service: PeerService, reading: ServiceReading, kind: 'ip' | 'instance'): Check {
  const local = kind === 'instance' && service.localOnly && service.type === 'LoadBalancer';
  const protocol = protocols[reading.take(`${prefix}protocol`) ?? (local ? 'HTTP' : 'TCP')];
  const written = reading.take(`${prefix}port`);
  const resolved = resolveCheckPort(written, service, kind);
  if (!resolved.ok) reading.refuse(`${prefix}port`, resolved.reason);
  const asked = resolved.ok ? resolved.value : undefined;
  const port = written === undefined && local ? service.healthCheckNodePort : asked;
  return {
    protocol,
    ...(port === undefined ? {} : { port }),
    path: reading.take(`${prefix}path`) ?? (local ? '/healthz' : '/'),
    intervalSeconds: reading.take(`${prefix}interval`) ?? 10,
    timeoutSeconds: reading.take(`${prefix}timeout`) ?? (local ? 6 : 10),
    healthy: reading.take(`${prefix}healthy-threshold`) ?? (local ? 2 : 3),
    unhealthy: reading.take(`${prefix}unhealthy-threshold`) ?? (local ? 2 : 3),
    codes: reading.take(`${prefix}success-codes`) ?? '200-399',
  };
}
