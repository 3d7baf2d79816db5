import { accept, type Parsed, parseName, parsePort, refuse } from '../../net/index.ts';

const protocols = ['tcp', 'udp', 'http', 'https', 'tls'] as const;
export type PortProtocol = (typeof protocols)[number];

/** What `weir-lb.dev/protocol` says: one protocol for every port, or some by port name or number. */
export type PortProtocols = ReadonlyMap<string, PortProtocol>;

/** Stands for every port in `PortProtocols`. */
export const everyPort = '*';

const wanted = `must be one of ${protocols.join(', ')}, or PORT=PROTOCOL for some ports, comma separated`;

/** `http`, or `80=http,443=https,db=tcp` with ports by name or number. */
export function parsePortProtocols(text: string): Parsed<PortProtocols> {
  const found = new Map<string, PortProtocol>();
  for (const part of text.split(',')) {
    const [left = '', right, ...rest] = part.split('=').map((side) => side.trim());
    const protocol = protocols.find((candidate) => candidate === (right ?? left).toLowerCase());
    const port = right === undefined ? everyPort : left;
    const known = port === everyPort || parsePort(port).ok || parseName(port).ok;
    if (protocol === undefined || !known || rest.length > 0 || found.has(port))
      return refuse('E_ANNOTATION_VALUE', wanted);
    found.set(port, protocol);
  }
  return accept(found);
}

/** The protocol that was asked for one port, if any. */
export function protocolOf(wishes: PortProtocols | undefined, name: string, port: number): PortProtocol | undefined {
  return wishes?.get(name) ?? wishes?.get(String(port)) ?? wishes?.get(everyPort);
}
