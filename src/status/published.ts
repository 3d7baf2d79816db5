import type { Front, ServiceReport } from '../model/index.ts';
import type { StatusAddress, StatusPort } from './facts.ts';
import type { Reached } from './front-service.ts';

/** What a balancer's services are told as their address, where it is not the one that it listens on. */
export interface Publish {
  /** IP addresses and host names. */
  readonly addresses?: readonly string[] | undefined;
  readonly hostname?: string | undefined;
  /** Of the nodes that are ready: those of this kind. */
  readonly nodes?: 'internal' | 'external' | undefined;
  /** `namespace/name`: whatever reaches this Service. */
  readonly service?: string | undefined;
  readonly ipMode?: 'VIP' | 'Proxy' | undefined;
}

export interface PublishParts {
  readonly publish?: Publish | undefined;
  readonly report: Pick<ServiceReport, 'addresses'>;
  readonly fronts: readonly Pick<Front, 'port' | 'protocol'>[];
  readonly isIp: (text: string) => boolean;
  /** Addresses of ready nodes of a kind. */
  readonly nodes: (kind: 'internal' | 'external') => readonly string[];
  /** How a Service is reached; undefined: there is none. */
  readonly service: (path: string) => Reached | undefined;
}

/** The API takes no more entries of use to anybody, and nodes may be thousands. */
const mostEntries = 64;

/** The entries of `status.loadBalancer.ingress`, ordered so that the same always look the same. Pure. */
export function publishedAddresses(parts: PublishParts): readonly StatusAddress[] {
  const { publish, report } = parts;
  const other = publish === undefined ? undefined : elsewhere(publish, parts);
  const found = new Map<string, Set<number>>();
  if (other === undefined) {
    for (const { ip, host, ports } of report.addresses) {
      const text = ip ?? host;
      if (text !== undefined) for (const port of ports) portsAt(found, text).add(port);
    }
  } else {
    const ports = report.addresses.flatMap((one) => one.ports).filter((port) => other.ports?.includes(port) ?? true);
    for (const text of other.addresses) for (const port of ports) portsAt(found, text).add(port);
  }
  const entries = [...found].map(([text, ports]): StatusAddress => {
    const told = [...ports].sort((a, b) => a - b).flatMap((port) => protocolsOf(port, parts.fronts));
    if (!parts.isIp(text)) return { hostname: text, ports: told };
    return { ip: text, ...(publish?.ipMode === undefined ? {} : { ipMode: publish.ipMode }), ports: told };
  });
  const rank = ({ ip, hostname = '' }: StatusAddress) => ip ?? `~${hostname}`;
  return entries.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).slice(0, mostEntries);
}

/** undefined: the addresses that the balancer listens on. */
function elsewhere(publish: Publish, { nodes, service }: PublishParts): Reached | undefined {
  const { addresses, hostname } = publish;
  if (addresses !== undefined) return { addresses };
  if (hostname !== undefined) return { addresses: [hostname] };
  if (publish.nodes !== undefined) return { addresses: nodes(publish.nodes) };
  return publish.service === undefined ? undefined : (service(publish.service) ?? nowhere);
}

const nowhere: Reached = { addresses: [] };

/** Why a service is not reached where its objects should be told, one sentence for each reason; empty: it is. Pure. */
export function unreachedBy({ publish, report, nodes, service }: Omit<PublishParts, 'fronts' | 'isIp'>): string[] {
  if (publish?.nodes !== undefined && nodes(publish.nodes).length === 0)
    return [`no node that is ready has an ${publish.nodes} address`];
  if (publish?.service === undefined) return [];
  const front = `Service ${publish.service}, by which it is reached,`;
  const reached = service(publish.service);
  if (reached === undefined) return [`${front} is not there, or weir may not see it`];
  if (reached.addresses.length === 0) return [`${front} has no address yet`];
  const missing = new Set(report.addresses.flatMap(({ ports }) => ports));
  for (const port of reached.ports ?? missing) missing.delete(port);
  const ports = [...missing].sort((a, b) => a - b);
  return ports.length === 0 ? [] : [`${front} does not lead to port ${ports.join(', ')}: add it there`];
}

function portsAt(found: Map<string, Set<number>>, text: string): Set<number> {
  const ports = found.get(text) ?? new Set<number>();
  found.set(text, ports);
  return ports;
}

/** A port that only the balancer knows of (the redirect to TLS) is one of TCP. */
function protocolsOf(port: number, fronts: PublishParts['fronts']): readonly StatusPort[] {
  const protocols = new Set(
    fronts.flatMap((front): readonly StatusPort['protocol'][] => {
      if (front.port !== port) return [];
      if (front.protocol === 'tcp_udp') return ['TCP', 'UDP'];
      return front.protocol === 'udp' || front.protocol === 'quic' ? ['UDP'] : ['TCP'];
    }),
  );
  if (protocols.size === 0) protocols.add('TCP');
  return [...protocols].sort().map((protocol) => ({ port, protocol }));
}
