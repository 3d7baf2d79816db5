import type { Capabilities, Front, Problem } from '../model/index.ts';
import type { AdmittedFront } from './admit.ts';
import { ownerFor, tell } from './tell.ts';

/** A port and the fronts that share it: the one that opened it first. */
export interface Port {
  readonly key: string;
  readonly fronts: AdmittedFront[];
  /** That clients prove themselves to, of the fronts that ask for it: one at most, since TLS sessions are resumed over names. */
  readonly authorities: Set<string | undefined>;
  /** The same port for the other half of the names: TLS is passed through for some and ends here for the rest. */
  beside?: Port;
}

/**
 * Who gets which port. The first front opens it; fronts of layer 7 with the same protocol and the same PROXY setting join; every other
 * one is told and claims nothing. TCP and UDP on one number are different ports. A front that ends TLS without any certificate cannot
 * open a port, it can only join one, behind those that brought theirs: the front that opened a port never loses it again.
 */
export function claimPorts(
  fronts: readonly AdmittedFront[],
  { ownCertificates, features = [] }: Pick<Capabilities, 'ownCertificates' | 'features'>,
  problems: Problem[],
): readonly Port[] {
  const held = new Map<string, Port>();
  const ports: Port[] = [];
  const later: AdmittedFront[] = [];
  const beside = features.includes('sniBeside');
  for (const front of fronts) {
    if (ownCertificates !== true && needsCertificate(front.front)) later.push(front);
    else if (!joinOrOpen(front, held, ports) && !(beside && joinBeside(front, held, ports)))
      lost(front, held, problems);
  }
  for (const front of later) {
    const holder = firstHolder(front.front, held);
    if (holder === undefined) problems.push(noCertificate(front));
    else if (mayJoin(front, holder)) join(holder, front);
    else if (holder.beside !== undefined && mayJoin(front, holder.beside)) join(holder.beside, front);
    else lost(front, held, problems);
  }
  return ports;
}

/** TLS ends here, and the front brings no certificate. */
function needsCertificate(front: Front): boolean {
  const ends = front.protocol === 'https' || front.protocol === 'quic' || front.protocol === 'tls';
  return ends && front.tls?.mode !== 'passthrough' && (front.tls?.certs ?? []).length === 0;
}

function joinOrOpen(front: AdmittedFront, held: Map<string, Port>, ports: Port[]): boolean {
  const holder = firstHolder(front.front, held);
  if (holder === undefined) {
    const port = openPort(`${front.front.port}/${transports(front.front)[0]}`, front);
    for (const key of keysOf(front.front)) held.set(key, port);
    ports.push(port);
    return true;
  }
  if (!mayJoin(front, holder)) return false;
  join(holder, front);
  return true;
}

function openPort(key: string, front: AdmittedFront): Port {
  return { key, fronts: [front], authorities: new Set(authoritiesOf(front)) };
}

function join(port: Port, front: AdmittedFront): void {
  port.fronts.push(front);
  for (const authority of authoritiesOf(front)) port.authorities.add(authority);
}

/** Joins the other half of a port, or opens it: names of passed-through TLS beside HTTPS that takes all the others. */
function joinBeside(front: AdmittedFront, held: ReadonlyMap<string, Port>, ports: Port[]): boolean {
  const holder = firstHolder(front.front, held);
  if (holder === undefined) return false;
  if (holder.beside !== undefined) {
    if (!mayJoin(front, holder.beside)) return false;
    join(holder.beside, front);
    return true;
  }
  const [opener] = holder.fronts;
  if (opener === undefined || !mayStandBeside(front, opener)) return false;
  if (![front, ...holder.fronts].every((one) => !one.passthrough || one.rules.length > 0)) return false;
  const port: Port = { ...openPort(`${holder.key}/${front.passthrough ? 'names' : 'https'}`, front), beside: holder };
  holder.beside = port;
  ports.push(port);
  return true;
}

function mayStandBeside(front: AdmittedFront, opener: AdmittedFront): boolean {
  const [passed, ended] = front.passthrough ? [front, opener] : [opener, front];
  return (
    passed.passthrough &&
    ended.front.protocol === 'https' &&
    [front, opener].every(({ front: one }) => one.endPort === undefined || one.endPort === one.port) &&
    front.front.port === opener.front.port &&
    (front.front.proxyProtocol ?? false) === (opener.front.proxyProtocol ?? false)
  );
}

function mayJoin(front: AdmittedFront, holder: Port): boolean {
  const opener = holder.fronts[0];
  return (
    opener !== undefined &&
    (shareHttp(front, opener) || shareNames(front, holder)) &&
    !(holder.beside !== undefined && front.passthrough && front.rules.length === 0) &&
    authoritiesOf(front).every((authority) => holder.authorities.size === 0 || holder.authorities.has(authority)) &&
    opener.front.port === front.front.port &&
    opener.front.protocol === front.front.protocol &&
    (opener.front.proxyProtocol ?? false) === (front.front.proxyProtocol ?? false)
  );
}

function authoritiesOf({ front: { tls } }: AdmittedFront): readonly (string | undefined)[] {
  return tls?.mode === 'mutual' ? [tls.ca?.sha256] : [];
}

function shareHttp(front: AdmittedFront, opener: AdmittedFront): boolean {
  return front.layer === 7 && opener.layer === 7;
}

/** TLS that is passed through is told apart by name, and one front at most takes what no name took. */
function shareNames(front: AdmittedFront, { fronts }: Port): boolean {
  // Whoever joined fits the one that opened the port.
  const passed = front.passthrough && fronts[0]?.passthrough === true;
  return passed && (front.rules.length > 0 || fronts.every((other) => other.default === undefined));
}

function firstHolder(front: Front, held: ReadonlyMap<string, Port>): Port | undefined {
  for (const key of keysOf(front)) {
    const port = held.get(key);
    if (port !== undefined) return port;
  }
  return undefined;
}

function transports(front: Front): readonly ('tcp' | 'udp')[] {
  if (front.protocol === 'tcp_udp') return ['tcp', 'udp'];
  return front.protocol === 'udp' || front.protocol === 'quic' ? ['udp'] : ['tcp'];
}

function* keysOf(front: Front): Generator<string> {
  for (const transport of transports(front)) {
    for (let port = front.port; port <= (front.endPort ?? front.port); port++) yield `${port}/${transport}`;
  }
}

function lost(front: AdmittedFront, held: ReadonlyMap<string, Port>, problems: Problem[]): void {
  const winner = firstHolder(front.front, held)?.fronts[0];
  if (winner === undefined) return;
  problems.push(
    tell(
      front.service,
      'E_PORT_CONFLICT',
      `fronts[${front.index}].port`,
      portText(front.front),
      whyLost(front, winner),
    ),
  );
}

function whyLost(front: AdmittedFront, winner: AdmittedFront): string {
  const holder = ownerFor(front.service, winner.service);
  const what = winner.front.protocol.toUpperCase();
  if (
    front.layer === 7 &&
    winner.layer === 7 &&
    front.front.protocol === winner.front.protocol &&
    differInProxy(front, winner)
  ) {
    const wants = winner.front.proxyProtocol === true ? 'with' : 'without';
    return `the port is served ${wants} the PROXY protocol for ${holder}, and one port cannot do both; set proxyProtocol alike or choose another port`;
  }
  if (front.layer === 7 && front.front.tls?.mode === 'mutual' && winner.front.protocol === front.front.protocol) {
    return `clients at this port prove themselves to another authority for ${holder}, and one port has one; use the same authority file, or another port or address`;
  }
  if (front.passthrough && winner.passthrough) {
    return `TLS at this port is passed through for ${holder}; name the hosts of this service, set proxyProtocol alike, or choose another port`;
  }
  if (front.passthrough && winner.layer === 7) {
    return `TLS at this port ends here for ${holder}, and one port cannot do both; choose another port or another balancer`;
  }
  return `the port is served as ${what} for ${holder}; choose another port or another balancer`;
}

function differInProxy(a: AdmittedFront, b: AdmittedFront): boolean {
  return (a.front.proxyProtocol ?? false) !== (b.front.proxyProtocol ?? false);
}

function portText(front: Front): string {
  const range = front.endPort === undefined || front.endPort === front.port ? '' : `-${front.endPort}`;
  return `${front.port}${range}/${transports(front).join('+')}`;
}

function noCertificate({ service, front, index }: AdmittedFront): Problem {
  const message = `port ${front.port} needs a certificate before it can be opened; give a Secret or file with chain and key`;
  return tell(service, 'E_CERT_MISSING', `fronts[${index}].tls.certs`, '(none)', message);
}
