import type { CertRef, Listener, Problem } from '../model/index.ts';
import { hostCovers } from '../net/index.ts';
import type { AdmittedFront } from './admit.ts';
import { compareText } from './age.ts';
import { ownerFor, tell } from './tell.ts';

type ListenerCert = Listener['certs'][number];

interface Entry {
  readonly cert: CertRef;
  readonly hosts: string[];
  /** Those whose clients must show a certificate. */
  readonly verified: Set<string>;
  readonly front: AdmittedFront;
}

/**
 * The certificates of the fronts that share a port: the first wins a host, the first of all is the default one. The same content
 * brought twice is one certificate. Who brings another certificate for a host that has one is told, unless it came from the same service.
 */
export function mergeCerts(fronts: readonly AdmittedFront[], problems: Problem[]): readonly ListenerCert[] {
  const holders = new Map<string, Entry>();
  const entries = new Map<string, Entry>();
  for (const front of fronts) {
    for (const cert of front.front.tls?.certs ?? []) {
      const named = cert.hosts === undefined || cert.hosts.length === 0 ? cert.names : cert.hosts;
      const before = entries.get(cert.sha256);
      const entry = before ?? { cert, hosts: [], verified: new Set<string>(), front };
      for (const name of named) claimHost(name.toLowerCase(), entry, front, holders, problems);
      // A certificate without any name can still be the default one.
      if (before === undefined && (entry.hosts.length > 0 || entries.size === 0)) entries.set(cert.sha256, entry);
    }
  }
  claimVerified(fronts, holders, entries, problems);
  return [...entries.values()].map(({ cert, hosts, verified, front }) => ({
    cert,
    hosts: hosts.sort(compareText),
    ...(verified.size === 0 ? {} : { verified: [...verified].sort(compareText) }),
    service: front.service.id,
  }));
}

/** The authority of the fronts whose clients must show a certificate; a port has one at most. */
export function clientAuthority(fronts: readonly AdmittedFront[]): Pick<Listener, 'clientCa'> {
  const ca = fronts.find(({ front }) => front.tls?.mode === 'mutual')?.front.tls?.ca;
  return ca === undefined ? {} : { clientCa: ca };
}

/**
 * At which names clients must show a certificate: those that a mutual front routes, else those of its certificate. A host that an older
 * service serves without stays so; the routes of the mutual front there are served to nobody.
 */
function claimVerified(
  fronts: readonly AdmittedFront[],
  holders: Map<string, Entry>,
  entries: ReadonlyMap<string, Entry>,
  problems: Problem[],
): void {
  const open = new Map<string, AdmittedFront>();
  for (const front of fronts) {
    const mutual = front.front.tls?.mode === 'mutual';
    for (const host of new Set(front.rules.flatMap(({ hosts }) => hosts))) {
      const before = open.get(host);
      if (!mutual && before === undefined) open.set(host, front);
      if (!mutual || host === '') continue;
      if (before === undefined) verify(host, front, holders, entries);
      else {
        const message = `host ${host} at port ${front.front.port} is served without client certificates for ${ownerFor(front.service, before.service)}; the routes here answer 421, give them a host of their own`;
        problems.push(tell(front.service, 'E_ROUTE_CONFLICT', `fronts[${front.index}].tls.mode`, host, message));
      }
    }
    const every = front.rules.length === 0 || front.rules.some(({ hosts }) => hosts.includes(''));
    if (!mutual || !every) continue;
    for (const { sha256 } of front.front.tls?.certs ?? []) {
      const entry = entries.get(sha256);
      for (const host of entry?.hosts ?? []) if (!open.has(host)) entry?.verified.add(host);
    }
  }
}

/** The host with the certificate that covers it, be it by a wildcard, as an entry of its own. */
function verify(
  host: string,
  front: AdmittedFront,
  holders: Map<string, Entry>,
  entries: ReadonlyMap<string, Entry>,
): void {
  let entry = holders.get(host);
  if (entry === undefined) {
    const [own] = front.front.tls?.certs ?? [];
    const covering = [...holders].find(([name]) => hostCovers(name, host));
    entry = covering?.[1] ?? (own === undefined ? undefined : entries.get(own.sha256));
    if (entry === undefined) return;
    holders.set(host, entry);
    entry.hosts.push(host);
  }
  entry.verified.add(host);
}

function claimHost(
  host: string,
  entry: Entry,
  front: AdmittedFront,
  holders: Map<string, Entry>,
  problems: Problem[],
): void {
  const holder = holders.get(host);
  if (holder === undefined) {
    holders.set(host, entry);
    entry.hosts.push(host);
  } else if (holder !== entry && holder.front.service.id !== front.service.id) {
    const message = `host ${host} at port ${front.front.port} has the certificate of ${ownerFor(front.service, holder.front.service)}; this one is not used for it`;
    problems.push(tell(front.service, 'W_CERT_HOST', `fronts[${front.index}].tls.certs`, entry.cert.origin, message));
  }
}
