import type { Resource } from '../../src/model/index.ts';
import { type BackendAttrs, readBackend } from './attrs.ts';
import type { Section } from './layout.ts';
import { isHashed, serversOf } from './layout-server.ts';
import { certPath, cookieKey, ownName } from './names.ts';
import { literal, word } from './quote.ts';
import { type Profile, profileLines } from './section-profile.ts';

/** What the ways to a backend ask of it. */
export interface BackendWays {
  readonly profiles: readonly Profile[];
  /** Clients reach it by TLS alone. */
  readonly secure: boolean;
}

const known = new WeakMap<Resource, { readonly ways: string; readonly section: Section }>();

/** The section of a Backend with what the routes to it ask for. The same object while resource and ways are the same. */
export function backendSection(resource: Resource, { profiles, secure }: BackendWays): Section {
  const ways = [String(secure), ...profiles.map((profile) => profile.name)].join(' ');
  const memo = known.get(resource);
  if (memo?.ways === ways) return memo.section;
  const attrs = readBackend(resource);
  const section: Section = {
    head: `backend ${ownName(resource)}`,
    lines: [
      ...balanceLines(attrs),
      ...cookieLines(attrs, secure),
      ...timeoutLines(attrs),
      ...checkLines(attrs),
      ...(attrs.mode === 'http' ? [onlySafeRetries] : []),
      ...profiles.flatMap((profile) => profileLines(profile, attrs.mode === 'tcp' ? 'tcp' : 'forward')),
    ],
    servers: serversOf(resource, attrs),
    // Every algorithm here is written in its dynamic form.
    dynamic: true,
  };
  known.set(resource, { ways, section });
  return section;
}

/** The certificate authority files that a backend refers to. */
export function authorityOf(resource: Resource): { readonly path: string; readonly sha256: string } | undefined {
  const sha256 = readBackend(resource).tls?.ca;
  return sha256 === undefined ? undefined : { path: certPath(sha256), sha256 };
}

export function balanceLines({ balance, mode }: Pick<BackendAttrs, 'balance' | 'mode'>): readonly string[] {
  if (!isHashed({ balance })) return [`balance ${balance}`];
  // There is no URI in TCP; the client's address is what stays the same there.
  return [`balance ${mode === 'http' ? balance : 'source'}`, 'hash-type consistent'];
}

/** Made by HAProxy out of address, port and key: what runs under no fixed name gets the same value again after a reload. */
function cookieLines({ cookie }: BackendAttrs, secure: boolean): readonly string[] {
  if (cookie === undefined) return [];
  const parts = [`cookie ${literal(cookie.name)} insert indirect nocache httponly`];
  if (secure) parts.push('secure');
  if (cookie.maxIdleMs !== undefined) parts.push(`maxidle ${Math.max(1, Math.ceil(cookie.maxIdleMs / 1_000))}s`);
  return [`${parts.join(' ')} dynamic`, `dynamic-cookie-key ${word(cookieKey)}`];
}

function timeoutLines(attrs: BackendAttrs): readonly string[] {
  const lines: string[] = [];
  if (attrs.connectMs !== undefined) lines.push(`timeout connect ${attrs.connectMs}`);
  if (attrs.serverMs !== undefined) lines.push(`timeout server ${attrs.serverMs}`);
  if (attrs.queueMs !== undefined) lines.push(`timeout queue ${attrs.queueMs}`);
  if (attrs.tunnelMs !== undefined) lines.push(`timeout tunnel ${attrs.tunnelMs}`);
  if (attrs.check?.timeoutMs !== undefined) lines.push(`timeout check ${attrs.check.timeoutMs}`);
  if (attrs.retries !== undefined) lines.push(`retries ${attrs.retries}`);
  return lines;
}

/** A target that dies with a request in its hands: sent again elsewhere only where that cannot do a thing twice (RFC 9110, 9.2.1). */
export const onlySafeRetries = 'http-request disable-l7-retry unless { method GET HEAD OPTIONS TRACE }';

/** Answers to a check that count as passed where the service does not say. */
export const plainExpect = '200-399';

function checkLines({ check }: BackendAttrs): readonly string[] {
  if (check?.type !== 'http') return [];
  const method = word(check.method ?? 'GET');
  // Without a Host most servers answer 400; the word stands for no host of anyone.
  const host = literal(check.host ?? 'health-check');
  const ranges = check.expect?.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
  return [
    'option httpchk',
    `http-check send meth ${method} uri ${literal(check.path ?? '/')} ver HTTP/1.1 hdr Host ${host}`,
    `http-check expect status ${ranges ?? plainExpect}`,
  ];
}
