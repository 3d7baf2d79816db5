import type { Backend, Front } from '../../model/index.ts';
import type { Intent, PeerContext, PeerPort, PeerService } from '../reader.ts';
import { identityOf, targetsOf } from './group-target.ts';
import { type Check, healthOf } from './health.ts';
import { networkCheck } from './network-check.ts';
import { forwardOf } from './network-forward.ts';
import { type Listening, networkPorts } from './network-ports.ts';
import { setNetwork } from './network-settings.ts';
import { readServiceWords, type ServiceReading } from './reading.ts';
import { Settings } from './settings.ts';

/** A Service that the peer gives a network load balancer: one listener for each port. Undefined when it must not be served. */
export function readService(service: PeerService, context: PeerContext): Intent | undefined {
  const reading = readServiceWords(service, context);
  const kind = targetKindOf(reading);
  const settings = new Settings();
  setNetwork(reading, settings);
  const check = networkCheck(service, reading, kind);
  const ports = networkPorts(service, reading, kind, context);
  if (reading.refused) return undefined;
  const fronts: Front[] = [];
  const backends = new Map<string, Backend>();
  for (const listening of ports) {
    const { port } = listening;
    const backend = targetsOf(service, port, kind, port.at, context);
    if (backend === undefined) return undefined;
    backends.set(port.key, networkBackend(backend, listening, check));
    setGroup(service, listening, check, reading, settings);
    const action = forwardOf(listening, kind, { reading, settings, context, backends, check });
    if (action === undefined) return undefined;
    fronts.push({
      key: port.key,
      port: port.port,
      protocol: listening.protocol,
      ...(listening.protocol === 'tls' ? { tls: { mode: 'terminate', certs: [] } as const } : {}),
      ...(service.sourceRanges === undefined ? {} : { sourceRanges: service.sourceRanges }),
      routes: [],
      default: action,
    });
  }
  return { fronts, backends, settings: settings.settings, settingsOrigin: settings.settingsOrigin };
}

/** `nlb-ip` is the old way to ask for addresses of pods. */
function targetKindOf(reading: ServiceReading): 'ip' | 'instance' {
  const written = reading.take('aws-load-balancer-nlb-target-type');
  return written ?? (reading.take('aws-load-balancer-type') === 'nlb-ip' ? 'ip' : 'instance');
}

/** What listens and what is behind it speak the same, at layer 4. */
export function networkBackend(backend: Backend, { port }: Pick<Listening, 'port'>, check: Check): Backend {
  return { ...backend, protocol: port.transport, health: healthOf(check) };
}

/** What the model has no word for, of one target group. */
function setGroup(
  service: PeerService,
  { port, protocol, encrypted }: Listening,
  check: Check,
  reading: ServiceReading,
  settings: Settings,
): void {
  const at = ['backends', port.key];
  const key = 'aws-load-balancer-proxy-protocol-per-target-group';
  if (protocol === 'tcp_udp') settings.set([...at, 'protocol'], 'TCP_UDP');
  if (encrypted) settings.set([...at, 'protocol'], 'TLS', reading.name('aws-load-balancer-backend-protocol'));
  if (names(reading.take(key), port)) settings.set([...at, 'proxyProtocol'], true, reading.name(key));
  if (check.protocol === 'HTTPS')
    settings.set([...at, 'healthCheck', 'protocol'], 'HTTPS', reading.name('aws-load-balancer-healthcheck-protocol'));
  settings.set([...at, 'identity'], identityOf(service, port));
}

/** Whether a list of numbers and names of ports has this one. */
export function names(list: readonly string[] | undefined, port: PeerPort): boolean {
  return list?.some((written) => written === port.name || written === String(port.port)) === true;
}
