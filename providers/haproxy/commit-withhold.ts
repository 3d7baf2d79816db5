/**
 * What must be left out so that everything else can be served: a port that is taken, a certificate that cannot be used. Pure: from
 * the wanted resources to those that HAProxy can be given, with what is left out and why.
 */
import type { ErrorCode, Id, Member, Resource } from '../../src/model/index.ts';
import { readBackend, readCert, readFrontend } from './attrs.ts';
import type { Bind } from './layout.ts';
import { sharedFrontend } from './layout-ports.ts';
import type { PortRefusal } from './port-trial.ts';

/** Why something of a resource is not served. */
export interface Withheld {
  readonly kind: string;
  readonly id: Id;
  readonly code: ErrorCode;
  readonly message: string;
  /** The resource is out as a whole; else the rest of it is served. */
  readonly whole: boolean;
  /** What to try again: when it works, the resource can be served. Absent: only another resource would do. */
  readonly retry?:
    | { readonly bind: Bind }
    | { readonly sha256: string; readonly withKey: boolean }
    | { readonly users: string }
    | 'search';
}

/** Why a certificate cannot be used. */
export interface BadCertificate {
  readonly code: ErrorCode;
  readonly reason: string;
}

export interface Given {
  readonly resources: readonly Resource[];
  readonly withheld: readonly Withheld[];
}

/** The certificates (SHA-256 of the PEM) that resources name: of frontends with key, of backends the authorities. */
export function certificatesOf(resources: readonly Resource[]): {
  readonly served: ReadonlySet<string>;
  readonly authorities: ReadonlySet<string>;
} {
  const served = new Set<string>();
  const authorities = new Set<string>();
  for (const resource of resources) {
    if (resource.kind === 'Frontend') for (const sha256 of resource.sets.certs?.keys() ?? []) served.add(sha256);
    const clientCa = resource.kind === 'Frontend' ? readFrontend(resource).clientCa : undefined;
    if (clientCa !== undefined) authorities.add(clientCa);
    if (resource.kind !== 'Backend') continue;
    const ca = readBackend(resource).tls?.ca;
    if (ca !== undefined) authorities.add(ca);
  }
  return { served, authorities };
}

/**
 * Takes bad certificates out. A host whose new certificate is bad keeps the one that `before` (what is served now) has for the same
 * hosts; a frontend without any certificate left is out; a backend whose authority is missing has no servers.
 */
export function withholdCertificates(
  resources: readonly Resource[],
  bad: ReadonlyMap<string, BadCertificate>,
  before: readonly Resource[],
): Given {
  if (bad.size === 0) return { resources, withheld: [] };
  const withheld: Withheld[] = [];
  const was = new Map(before.filter(({ kind }) => kind === 'Frontend').map((resource) => [resource.id, resource]));
  const kept = resources.map((resource) => {
    if (resource.kind === 'Frontend') {
      const frontend = withoutClientAuthority(resource, bad, withheld);
      return withoutCertificates(frontend, bad, was.get(resource.id), withheld);
    }
    return resource.kind === 'Backend' ? withoutAuthority(resource, bad, withheld) : resource;
  });
  return { resources: withoutFrontends(kept, withheld), withheld };
}

function withoutCertificates(
  frontend: Resource,
  bad: ReadonlyMap<string, BadCertificate>,
  before: Resource | undefined,
  withheld: Withheld[],
): Resource {
  const certs = frontend.sets.certs ?? noMembers;
  if (![...certs.keys()].some((sha256) => bad.has(sha256))) return frontend;
  const left = new Map<string, Member>();
  let fallback: string | undefined;
  for (const [sha256, member] of certs) {
    const reason = bad.get(sha256);
    const substitute = reason === undefined ? sha256 : sameHosts(before, member, bad);
    if (substitute !== undefined && !left.has(substitute)) left.set(substitute, member);
    fallback ??= substitute;
    if (reason === undefined) continue;
    const hosts = readCert(member.attrs).hosts.join(', ') || 'its hosts';
    const rest = substitute === undefined ? 'served without it' : 'the one before stays in force';
    withheld.push({
      kind: 'Frontend',
      id: frontend.id,
      code: reason.code,
      retry: { sha256, withKey: true },
      message: `certificate for ${hosts}: ${reason.reason}; ${rest}`,
      whole: false,
    });
  }
  if (fallback === undefined) {
    const [sha256 = ''] = certs.keys();
    withheld.push({
      retry: { sha256, withKey: true },
      kind: 'Frontend',
      id: frontend.id,
      code: 'E_CERT_MISSING',
      message: 'no certificate is left to serve with',
      whole: true,
    });
    return frontend;
  }
  // Someone must be the default: the first that is left.
  const member = left.get(fallback);
  if (member !== undefined && ![...left.values()].some(({ attrs }) => readCert(attrs).isDefault))
    left.set(fallback, { ...member, attrs: { ...member.attrs, isDefault: true } });
  return { ...frontend, sets: { ...frontend.sets, certs: left } };
}

/** Nobody can be verified: what asks for it is served to nobody, hosts without are served on. */
function withoutClientAuthority(
  frontend: Resource,
  bad: ReadonlyMap<string, BadCertificate>,
  withheld: Withheld[],
): Resource {
  const { clientCa, ...attrs } = readFrontend(frontend);
  const reason = clientCa === undefined ? undefined : bad.get(clientCa);
  if (clientCa === undefined || reason === undefined) return frontend;
  const whole = attrs.mode === 'tcp';
  const message = `authority of client certificates: ${reason.reason}; hosts that ask for them answer 421 until then`;
  const retry = { sha256: clientCa, withKey: false };
  withheld.push({ kind: 'Frontend', id: frontend.id, code: reason.code, message, whole, retry });
  return { ...frontend, attrs };
}

/** The usable certificate that served the same hosts before. */
function sameHosts(
  before: Resource | undefined,
  member: Member,
  bad: ReadonlyMap<string, BadCertificate>,
): string | undefined {
  const hosts = readCert(member.attrs).hosts.join(' ');
  for (const [sha256, candidate] of before?.sets.certs ?? noMembers) {
    if (!bad.has(sha256) && readCert(candidate.attrs).hosts.join(' ') === hosts) return sha256;
  }
  return undefined;
}

const noMembers: ReadonlyMap<string, Member> = new Map();

function withoutAuthority(backend: Resource, bad: ReadonlyMap<string, BadCertificate>, withheld: Withheld[]): Resource {
  const { tls, ...attrs } = readBackend(backend);
  const reason = tls?.ca === undefined ? undefined : bad.get(tls.ca);
  if (tls === undefined || reason === undefined) return backend;
  const message = `authority to verify its targets: ${reason.reason}; it answers 503 until then`;
  const retry = { sha256: readBackend(backend).tls?.ca ?? '', withKey: false };
  withheld.push({ kind: 'Backend', id: backend.id, code: reason.code, message, whole: false, retry });
  return { ...backend, attrs, sets: { ...backend.sets, servers: noMembers } };
}

/**
 * Takes ports out that cannot be listened on. `binds` are all of the layout that was tried; `quiet` says whose loss is no problem as
 * long as the frontend keeps another address.
 */
export function withholdPorts(
  resources: readonly Resource[],
  binds: readonly Bind[],
  refused: readonly PortRefusal[],
  nameOf: (id: Id) => string,
  quiet: (refusal: PortRefusal) => boolean,
): Given {
  if (refused.length === 0) return { resources, withheld: [] };
  const withheld: Withheld[] = [];
  const kept = resources.map((resource) => {
    if (resource.kind === 'Settings') return withoutTaken(resource, refused, withheld);
    if (resource.kind !== 'Frontend') return resource;
    const { behind, port, addresses: own } = readFrontend(resource);
    const name = nameOf(behind ?? resource.id);
    const reasons = refused.filter(({ bind }) =>
      bind.frontend === sharedFrontend ? bind.port === port && own.length === 0 : bind.frontend === name,
    );
    if (reasons.length === 0) return resource;
    const addresses = binds
      .filter((bind) => bind.frontend === name && !reasons.some((reason) => sameBind(reason.bind, bind)))
      .map(({ address }) => address);
    const whole = addresses.length === 0;
    for (const refusal of reasons) {
      if (!whole && quiet(refusal)) continue;
      withheld.push({
        kind: 'Frontend',
        id: resource.id,
        code: refusal.code,
        message: refusal.reason,
        whole,
        retry: { bind: refusal.bind },
      });
    }
    return whole ? resource : { ...resource, attrs: { ...readFrontend(resource), addresses } };
  });
  return { resources: withoutFrontends(kept, withheld), withheld };
}

/** Ports of a range that something else has are left out of it; a service that wants one of them is told. */
function withoutTaken(settings: Resource, refused: readonly PortRefusal[], withheld: Withheld[]): Resource {
  const taken = refused.filter(({ bind }) => bind.frontend === sharedFrontend);
  const [first] = taken;
  if (first === undefined) return settings;
  const ports = [...new Set(taken.map(({ bind }) => bind.port))].sort((a, b) => a - b);
  const message = `of the range of ports ${ports.join(', ')} ${ports.length === 1 ? 'is' : 'are'} left out: ${first.reason}`;
  withheld.push({
    kind: 'Settings',
    id: settings.id,
    code: first.code,
    message,
    whole: false,
    retry: { bind: first.bind },
  });
  return { ...settings, attrs: { ...settings.attrs, takenPorts: ports } };
}

function sameBind(a: Bind, b: Bind): boolean {
  return a.address === b.address && a.port === b.port;
}

/** Without the frontends that are out as a whole, and without their routes. */
function withoutFrontends(resources: readonly Resource[], withheld: readonly Withheld[]): readonly Resource[] {
  const out = new Set(withheld.filter(({ kind, whole }) => whole && kind === 'Frontend').map(({ id }) => id));
  if (out.size === 0) return resources;
  return resources.filter(
    ({ kind, id, refs }) =>
      !(kind === 'Frontend' && out.has(id)) && !(kind === 'Route' && out.has(refs.frontend ?? '')),
  );
}
