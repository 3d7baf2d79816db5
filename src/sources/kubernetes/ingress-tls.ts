import type { CertRef, Route } from '../../model/index.ts';
import { hostCovers } from '../../net/index.ts';
import type { Draft } from './draft.ts';
import type { IngressView } from './ingress.ts';
import type { Lookup } from './object-store.ts';
import { takeCertificate } from './take-certificate.ts';

/** What spec.tls gives: certificates, and the hosts that may be served with them. */
export interface Secured {
  readonly certs: readonly CertRef[];
  readonly hosts: readonly string[];
  /** A usable entry without hosts covers rules for every host, and the default backend. */
  readonly every: boolean;
  /** Hosts of all rules of the Ingress. */
  readonly ruleHosts: ReadonlySet<string>;
}

/** Reads spec.tls. An entry whose certificate cannot be used is told; its hosts go on with http alone. */
export function readSecured(view: IngressView, draft: Draft, lookup: Lookup): Secured {
  const ruleHosts = new Set(view.rules.map(({ host }) => host));
  const named = [...ruleHosts].filter((host) => host !== '');
  const certs: CertRef[] = [];
  const secured = new Set<string>();
  let every = false;
  for (const { hosts: listed, covers, secret, at } of view.tls) {
    if (covers === 'nothing') continue;
    const hosts = covers === 'listed' ? listed : named;
    const path = [...at, 'secretName'];
    if (secret === undefined) {
      const reason = 'is missing; name the Secret with the certificate (the hosts are served without TLS until then)';
      draft.tell({ code: 'E_CERT_MISSING', path, reason });
      continue;
    }
    const wish = { namespace: view.meta.namespace, secret, hosts: hosts.length === 0 ? undefined : hosts, path };
    const cert = takeCertificate(wish, draft, lookup);
    if (cert === undefined) continue;
    certs.push(cert);
    for (const host of hosts) secured.add(host);
    every ||= covers === 'rules';
  }
  return { certs, hosts: [...secured], every, ruleHosts };
}

/**
 * The part of a rule's host (empty: every host) that is served with TLS: the host itself where a certificate is named for it or for a
 * wildcard over it; else those secured hosts that have no rule of their own and so fall to this one. Never more: a rule for every
 * host would otherwise answer other tenants' names with this certificate.
 */
export function securedPart(host: string, { hosts, every, ruleHosts }: Secured): readonly string[] {
  if (host === '' ? every : hosts.some((pattern) => pattern === host || hostCovers(pattern, host))) return [host];
  return hosts.filter((candidate) => deciding(candidate, ruleHosts) === host);
}

/** The rule host that decides about a name: itself, the wildcard over it, or the rule for every host. */
function deciding(name: string, ruleHosts: ReadonlySet<string>): string | undefined {
  if (ruleHosts.has(name)) return name;
  const wildcard = [...ruleHosts].find((host) => host !== '' && hostCovers(host, name));
  return wildcard ?? (ruleHosts.has('') ? '' : undefined);
}

/** A route for other hosts. */
export function withHosts(route: Route, hosts: readonly string[]): Route {
  return { ...route, hosts: hosts.filter((host) => host !== '') };
}

/** The routes of the https front. */
export function securedRoutes(routes: readonly Route[], secured: Secured): readonly Route[] {
  return routes.flatMap((route) => {
    const hosts = securedPart(route.hosts[0] ?? '', secured);
    return hosts.length === 0 ? [] : [withHosts(route, hosts)];
  });
}
