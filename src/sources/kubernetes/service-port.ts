import type { FieldPath } from '../../model/index.ts';
import { accept, type Parsed, parseName, parsePort, refuse } from '../../net/index.ts';
import { Canonical } from './canonical.ts';
import type { Field } from './field.ts';

/** One port of a Service. */
export interface ServicePort {
  /** Port name, or `port/protocol` when it has none. */
  readonly key: string;
  /** Empty when it has none; joins the Service port with ports of slices. */
  readonly name: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  /** Number or name of the pod's port. Targets never come from it (names differ from pod to pod): slices hold the numbers. */
  readonly targetPort?: number | string;
  readonly nodePort?: number;
  readonly appProtocol?: string;
  /** BCS wrote http and https in place of the transport protocol. */
  readonly written?: 'http' | 'https';
  readonly at: FieldPath;
}

/** The usable ports. A bad one is left out and told; the others go on. `bcs`: protocol may say HTTP or HTTPS. */
export function readServicePorts(list: Field, bcs: boolean): readonly ServicePort[] {
  const ports: ServicePort[] = [];
  const items = list.items();
  for (const item of items) {
    const port = item.isObject() ? readPort(item, bcs) : undefined;
    if (port === undefined) continue;
    const same = ports.find((other) => other.port === port.port && other.transport === port.transport);
    if (port.name === '' && items.length > 1 && ports.some((other) => other.name === '')) {
      item.at('name').refuse('E_FIELD_MISSING', 'is missing; ports need names when there are several');
    } else if (port.name !== '' && ports.some((other) => other.name === port.name)) {
      item.at('name').refuse('E_FIELD_VALUE', 'is the name of another port too; the second one is left out');
    } else if (same !== undefined) {
      item
        .at('port')
        .refuse('E_PORT_CONFLICT', `is used twice with ${port.transport.toUpperCase()}; the second one is left out`);
    } else ports.push(port);
  }
  // Most Services have the ports of many others.
  return lists.of(JSON.stringify(ports), ports);
}

const lists = new Canonical<readonly ServicePort[]>();

function readPort(item: Field, bcs: boolean): ServicePort | undefined {
  const before = item.notes.problems.length;
  const port = item.at('port').required(parsePort);
  const name = item.at('name').value === '' ? '' : (item.at('name').parse(parseName) ?? '');
  const protocol = item.at('protocol').parse((value) => parseProtocol(value, bcs)) ?? 'tcp';
  const targetPort = item.at('targetPort').parse(parsePortOrName);
  const nodePort = item.at('nodePort').value === 0 ? undefined : item.at('nodePort').parse(parsePort);
  const appProtocol = item.at('appProtocol').text(317);
  if (port === undefined || item.notes.problems.length > before) return undefined;
  const transport = protocol === 'udp' ? 'udp' : 'tcp';
  return {
    key: name === '' ? `${port}/${transport}` : name,
    name,
    port,
    transport,
    ...(targetPort === undefined ? {} : { targetPort }),
    ...(nodePort === undefined ? {} : { nodePort }),
    ...(appProtocol === undefined || appProtocol === '' ? {} : { appProtocol }),
    ...(protocol === 'http' || protocol === 'https' ? { written: protocol } : {}),
    at: item.path,
  };
}

function parseProtocol(value: unknown, bcs: boolean): Parsed<'tcp' | 'udp' | 'http' | 'https'> {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (text === 'tcp' || text === 'udp') return accept(text);
  if (bcs && (text === 'http' || text === 'https')) return accept(text);
  if (text === 'sctp') return refuse('E_PROTOCOL', 'must be TCP or UDP; no provider balances SCTP');
  const hint =
    text === 'http' || text === 'https'
      ? `; write TCP, and appProtocol: ${text} or the annotation weir-lb.dev/protocol`
      : '';
  return refuse('E_FIELD_VALUE', `must be TCP or UDP${hint}`);
}

/** A port number, or the name of a port; digits in quotes count as a number, because no port name is made of digits alone. */
export function parsePortOrName(value: unknown): Parsed<number | string> {
  if (typeof value === 'number' || (typeof value === 'string' && /^-?\d+$/.test(value))) return parsePort(value);
  const name = parseName(value);
  return name.ok || name.code === 'E_FIELD_TYPE'
    ? name
    : refuse('E_PORT', 'must be a port number or the name of a port');
}
