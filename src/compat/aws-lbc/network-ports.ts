import type { PeerContext, PeerPort, PeerService } from '../reader.ts';
import type { ServiceReading } from './reading.ts';

/** A port of the Service and what listens for it. */
export interface Listening {
  readonly port: PeerPort;
  readonly protocol: 'tcp' | 'udp' | 'tls' | 'tcp_udp';
  /** What is behind it speaks TLS too. */
  readonly encrypted: boolean;
}

const names = {
  ports: 'aws-load-balancer-ssl-ports',
  certs: 'aws-load-balancer-ssl-cert',
  backend: 'aws-load-balancer-backend-protocol',
  both: 'aws-load-balancer-enable-tcp-udp-listener',
  proxied: 'aws-load-balancer-proxy-protocol-per-target-group',
} as const;

/**
 * What listens: TLS where a certificate is named, at the ports listed or at every TCP port; UDP as it is. TCP and UDP at one port become
 * one listener where that is asked for and both are reached by one number; else the second of them is told and left out.
 */
export function networkPorts(
  service: PeerService,
  reading: ServiceReading,
  kind: 'ip' | 'instance',
  context: PeerContext,
): readonly Listening[] {
  const listed = reading.take(names.ports);
  const certs = reading.take(names.certs);
  const encrypted = reading.take(names.backend) === 'ssl';
  checkLists(service, reading);
  const secured = ({ name, port, transport }: PeerPort): boolean =>
    transport === 'tcp' &&
    certs !== undefined &&
    (listed === undefined || listed.includes(name) || listed.includes(String(port)));
  const found = new Map<number, Listening>();
  for (const port of service.ports) {
    const tls = secured(port);
    const other = found.get(port.port);
    if (other === undefined) {
      found.set(port.port, { port, protocol: tls ? 'tls' : port.transport, encrypted: tls && encrypted });
    } else if (reading.take(names.both) === true && !tls && other.protocol !== 'tls') {
      const apart = behindApart(other.port, port, kind);
      if (apart !== undefined) {
        context.tell({ code: 'E_PORT_CONFLICT', path: [...port.at, apart.field], ...apart });
        continue;
      }
      const first = other.port.transport === 'tcp' ? other.port : port;
      found.set(port.port, { port: first, protocol: 'tcp_udp', encrypted: false });
    } else {
      const reason = `is the number of port ${other.port.key} too, and a network load balancer has one listener for a number; set ${reading.name(names.both)} to "true" for one listener of both (not with TLS), or change the number; this port is left out`;
      context.tell({ code: 'E_PORT_CONFLICT', path: [...port.at, 'port'], value: port.port, reason });
    }
  }
  return [...found.values()];
}

/** A target is registered at one number for both transports: what would be sent to a port where nothing listens. */
function behindApart(other: PeerPort, port: PeerPort, kind: 'ip' | 'instance') {
  const field = kind === 'instance' ? 'nodePort' : 'targetPort';
  const before = kind === 'instance' ? other.nodePort : (other.targetPort ?? other.port);
  const value = kind === 'instance' ? port.nodePort : (port.targetPort ?? port.port);
  // Names may mean the same number.
  if (typeof before !== 'number' || typeof value !== 'number' || before === value) return undefined;
  const remedy = kind === 'instance' ? 'write the same nodePort at both, or set target type ip' : 'write the same';
  const reason = `is not ${before} as that of port ${other.key}, and a listener of TCP and UDP reaches its targets at one number; ${remedy}; this port is left out`;
  return { field, value, reason };
}

/** Ports that are listed and do not exist would silently be served without TLS. */
function checkLists(service: PeerService, reading: ServiceReading): void {
  for (const key of [names.ports, names.proxied]) {
    const unused = reading
      .take(key)
      ?.filter((written) => !service.ports.some(({ name, port }) => written === name || written === String(port)));
    if (unused !== undefined && unused.length > 0)
      reading.refuse(key, `must name ports of the Service; it has no port ${unused.join(', ')}`);
  }
  if (reading.has(names.ports) && !reading.has(names.certs))
    reading.warn(names.ports, `has no effect without ${reading.name(names.certs)}: the ports are served as plain TCP`);
  const backend = reading.take(names.backend);
  if (backend === 'http' || backend === 'https')
    reading.warn(
      names.backend,
      'has no effect: a network load balancer passes bytes on; ssl is what encrypts towards targets',
    );
}
