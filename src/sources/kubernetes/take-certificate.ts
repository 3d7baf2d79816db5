import type { CertRef, FieldPath, SecretRef } from '../../model/index.ts';
import { hostCovers, notGood } from '../../net/index.ts';
import type { Draft } from './draft.ts';
import type { Lookup } from './object-store.ts';
import type { Certificate } from './secret.ts';
import { missingStaple, readStaple, type Staple, type Stapled, withoutStaple } from './staple.ts';

/** Where a certificate is asked for. */
export interface CertificateWish {
  readonly namespace: string;
  readonly secret: string;
  /** Hosts that it shall serve; absent: those that it is valid for. */
  readonly hosts: readonly string[] | undefined;
  /** The field that names the Secret. */
  readonly path: FieldPath;
  readonly name?: string;
}

/**
 * The certificate of a Secret, else the one of it that is in service, else undefined; the reason is told. The bundle of a fresh one is
 * kept in `draft.secrets`.
 */
export function takeCertificate(wish: CertificateWish, draft: Draft, lookup: Lookup): CertRef | undefined {
  const { namespace, secret, hosts, path } = wish;
  const origin = `Secret ${namespace}/${secret}`;
  const tell = (code: 'E_CERT_MISSING' | 'E_CERT_INVALID' | 'E_CERT_EXPIRED', reason: string): CertRef | undefined => {
    const held = draft.options.held?.(origin);
    const meanwhile = held === undefined ? without(hosts) : 'its last good certificate stays in service until then';
    draft.tell({
      code,
      path,
      ...(wish.name === undefined ? {} : { name: wish.name }),
      value: secret,
      reason: `names ${origin}, which ${reason}; ${meanwhile}`,
    });
    if (held === undefined) return undefined;
    const { hosts: _, ...certificate } = held;
    return { ...certificate, ...(hosts === undefined ? {} : { hosts }) };
  };
  const view = lookup.secret(namespace, secret);
  if (view === undefined) return tell('E_CERT_MISSING', 'does not exist or is not of a type that holds certificates');
  if (!view.certificate.ok) return tell('E_CERT_INVALID', view.certificate.reason);
  const certificate = view.certificate.value;
  if (certificate.notAfterMs <= draft.options.nowMs) {
    const day = isoDay(certificate.notAfterMs);
    if (draft.options.inService?.(certificate.sha256) !== true) return tell('E_CERT_EXPIRED', `expired on ${day}`);
    const reason = `names ${origin}, which expired on ${day}; it stays in service until it is renewed`;
    draft.tell({ code: 'E_CERT_EXPIRED', path, value: secret, reason });
  } else draft.expiresMs = Math.min(draft.expiresMs, certificate.notAfterMs);
  warnUncovered(wish, certificate, draft);
  draft.keep(certificate);
  const { sha256, names, notAfterMs } = certificate;
  const ocsp = takeStaple(wish, certificate, draft);
  return {
    sha256,
    origin,
    names,
    ...(hosts === undefined ? {} : { hosts }),
    notAfterMs,
    ...(ocsp === undefined ? {} : { ocsp }),
  };
}

/** The response of the same Secret, else the one of it that is in service, for as long as it is valid; undefined when there is none to show. What is wrong is told. */
function takeStaple(wish: CertificateWish, { facts, ocsp }: Certificate, draft: Draft): SecretRef | undefined {
  const { secret, path, namespace } = wish;
  const origin = `Secret ${namespace}/${secret}`;
  const tell = (reason: string): void => {
    const name = wish.name === undefined ? {} : { name: wish.name };
    draft.tell({ code: 'W_OCSP', path, ...name, value: secret, reason: `names ${origin}, which ${reason}` });
  };
  const show = ({ text, untilMs }: Staple): SecretRef => {
    draft.expiresMs = Math.min(draft.expiresMs, untilMs);
    const sha256 = draft.options.hash(text);
    draft.secrets.set(sha256, text);
    return { sha256, origin };
  };
  if (ocsp === undefined) {
    const missing = missingStaple(facts);
    if (missing !== undefined) tell(missing);
    return undefined;
  }
  const judged = readStaple(ocsp, facts, draft.options.nowMs);
  if (judged.ok) return show(judged.value);
  const older = judged.reason === notGood ? undefined : heldStaple(origin, facts, draft);
  tell(
    older === undefined
      ? withoutStaple(judged.reason, facts)
      : `${judged.reason}; its last good one is stapled until ${new Date(older.untilMs).toISOString()}`,
  );
  return older && show(older);
}

/** The response that is in service, while it may be shown with this certificate. */
function heldStaple(origin: string, facts: Stapled, { options }: Draft): Staple | undefined {
  const held = options.held?.(origin)?.ocsp;
  const text = held && options.heldStaple?.(held.sha256);
  const judged = text === undefined ? undefined : readStaple(atob(text), facts, options.nowMs);
  return judged?.ok === true ? judged.value : undefined;
}

/** What goes on without the certificate. */
function without(hosts: readonly string[] | undefined): string {
  const which =
    hosts === undefined || hosts.length === 0
      ? 'this port'
      : hosts.length > 3
        ? `${hosts.slice(0, 3).join(', ')} and ${hosts.length - 3} more`
        : hosts.join(', ');
  return `${which} is not served with TLS until then`;
}

function warnUncovered({ hosts = [], path }: CertificateWish, certificate: Certificate, draft: Draft): void {
  const bare = hosts.filter((host) => !certificate.names.some((name) => hostCovers(name, host) || name === host));
  if (bare.length === 0) return;
  const valid = certificate.names.length === 0 ? 'no name at all' : certificate.names.slice(0, 5).join(', ');
  draft.tell({
    code: 'W_CERT_HOST',
    path,
    value: bare.slice(0, 3).join(', '),
    reason: `names a certificate that is valid for ${valid}, and not for all hosts that it serves`,
  });
}

function isoDay(ms: number): string {
  return Number.isNaN(ms) || Math.abs(ms) > 8.64e15 ? 'an unknown day' : new Date(ms).toISOString().slice(0, 10);
}
