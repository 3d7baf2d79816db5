import type { CertRef, Listener, Problem } from '../model/index.ts';
import type { AdmittedFront } from './admit.ts';
import { compareText } from './age.ts';
import { ownerFor, tell } from './tell.ts';

type ListenerCert = Listener['certs'][number];

interface Entry {
  readonly cert: CertRef;
  readonly hosts: string[];
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
      const entry = before ?? { cert, hosts: [], front };
      for (const name of named) claimHost(name.toLowerCase(), entry, front, holders, problems);
      // A certificate without any name can still be the default one.
      if (before === undefined && (entry.hosts.length > 0 || entries.size === 0)) entries.set(cert.sha256, entry);
    }
  }
  return [...entries.values()].map(({ cert, hosts, front }) => ({
    cert,
    hosts: hosts.sort(compareText),
    service: front.service.id,
  }));
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
