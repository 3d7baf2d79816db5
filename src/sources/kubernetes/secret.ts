import type { LocatedObject } from '../../model/index.ts';
import { accept, type Parsed, parseHost, parseUsers, refuse, usersText } from '../../net/index.ts';
import type { Field } from './field.ts';
import { type Metadata, openObject, type Reading } from './metadata.ts';
import type { KubernetesReadOptions } from './options.ts';
import { bundlePem, decodeBase64, parsePemPair } from './pem.ts';
import type { Place } from './place.ts';

/** What X.509 says of a bundle. */
export interface CertificateFacts {
  /** DNS names it is valid for (SAN, else CN), as they stand in it. */
  readonly names: readonly string[];
  readonly notAfterMs: number;
  /** The key belongs to the first certificate. */
  readonly keyMatches: boolean;
  /** Serial number in hex. */
  readonly serial: string;
  /** The chain has the issuer of the first certificate. */
  readonly issuerIncluded: boolean;
  /** Clients shall refuse it without an OCSP response (RFC 7633). */
  readonly mustStaple: boolean;
}

/** A certificate with its key. The only place where key material is held. */
export interface Certificate {
  readonly pem: string;
  readonly sha256: string;
  /** Lower case, wildcards kept. */
  readonly names: readonly string[];
  readonly notAfterMs: number;
  readonly facts: CertificateFacts;
  /** OCSP response (tls.ocsp): its bytes as Latin-1 text, not judged yet. */
  readonly ocsp?: string;
}

/** A Secret that may hold a certificate. */
export interface SecretView {
  readonly kind: 'Secret';
  readonly place: Place;
  readonly meta: Metadata;
  /** The certificate, or why there is none: told where a host needs it. */
  readonly certificate: Parsed<Certificate>;
  /** Authorities (ca.crt) and users of basic authentication (auth), the same way. */
  readonly authority: Parsed<Material>;
  readonly users: Parsed<Material>;
  /** An OAuth client (clientID, clientSecret), where there is one. */
  readonly client?: { readonly id: string; readonly secret: Material };
}

/** A secret text in canonical form. */
export interface Material {
  readonly text: string;
  readonly sha256: string;
}

const certificateTypes = new Set(['kubernetes.io/tls', 'Opaque', '']);
const maxText = 1_048_576;

/** Reads Secrets of type kubernetes.io/tls and Opaque; the others (tokens, registry credentials) give no view and no problem. */
export function parseSecret(
  located: LocatedObject,
  options: Pick<KubernetesReadOptions, 'hash' | 'certificate' | 'authorities'>,
): Reading<SecretView> {
  const { root, meta, notes } = openObject(located, 'Secret', { secret: true });
  const { problems, place } = notes;
  if (meta === undefined) return { problems };
  const type = root.at('type').value ?? '';
  if (typeof type !== 'string' || !certificateTypes.has(type)) return { problems };
  const certificate = readCertificate(root, options);
  const authority = readAuthority(root, options);
  const users = readUsers(root, options);
  const client = readClient(root, options);
  const view: SecretView = { kind: 'Secret', place, meta, certificate, authority, users };
  return { view: client === undefined ? view : { ...view, client }, problems };
}

function readClient(root: Field, { hash }: Pick<KubernetesReadOptions, 'hash'>): SecretView['client'] {
  const ids = ['clientID', 'clientId'].map((key) => readText(root, key)).find(({ ok }) => ok);
  const secret = readText(root, 'clientSecret');
  const id = ids?.ok === true ? ids.value.trim() : '';
  if (!secret.ok || !/^[\x21-\x7e]{1,1024}$/.test(id)) return undefined;
  const text = secret.value.replace(/[\r\n]+$/, '');
  return { id, secret: { text, sha256: hash(text) } };
}

function readAuthority(
  root: Field,
  { hash, authorities }: Pick<KubernetesReadOptions, 'hash' | 'authorities'>,
): Parsed<Material> {
  const text = readText(root, 'ca.crt');
  if (!text.ok) return text;
  const pem = authorities(text.value);
  return typeof pem === 'string' ? accept({ text: pem, sha256: hash(pem) }) : refuse('E_CERT_INVALID', pem.error);
}

function readUsers(root: Field, { hash }: Pick<KubernetesReadOptions, 'hash'>): Parsed<Material> {
  const found = readText(root, 'auth');
  if (!found.ok) return refuse('E_USERS_INVALID', found.reason);
  const users = parseUsers(found.value);
  if (!users.ok) return refuse(users.code, `${users.reason} (key auth)`);
  const text = usersText(users.value);
  return accept({ text, sha256: hash(text) });
}

function readCertificate(
  root: Field,
  options: Pick<KubernetesReadOptions, 'hash' | 'certificate'>,
): Parsed<Certificate> {
  const chain = readText(root, 'tls.crt');
  if (!chain.ok) return chain;
  const key = readText(root, 'tls.key');
  if (!key.ok) return key;
  const pair = parsePemPair(chain.value, key.value);
  if (!pair.ok) return pair;
  const pem = bundlePem(pair.value);
  const facts = options.certificate(pem);
  if ('error' in facts) return refuse('E_CERT_INVALID', facts.error);
  if (!facts.keyMatches) {
    return refuse(
      'E_CERT_INVALID',
      "has a key that does not belong to the first certificate of tls.crt; the chain begins with the server's own",
    );
  }
  const names = facts.names.flatMap((name) => {
    const host = parseHost(name);
    return host.ok ? [host.value] : [];
  });
  const { notAfterMs } = facts;
  const ocsp = root.at('data').at('tls.ocsp').present ? readText(root, 'tls.ocsp') : undefined;
  const staple = ocsp === undefined ? {} : { ocsp: ocsp.ok ? ocsp.value : '' };
  return accept({ pem, sha256: options.hash(pem), names: [...new Set(names)], notAfterMs, facts, ...staple });
}

/** stringData stands over data, as in the API. */
function readText(root: Field, key: string): Parsed<string> {
  const plain = root.at('stringData').at(key);
  const encoded = root.at('data').at(key);
  if (plain.present) {
    return typeof plain.value === 'string' && plain.value.length <= maxText
      ? accept(plain.value)
      : refuse('E_CERT_INVALID', `has no usable text in ${key}`);
  }
  if (!encoded.present || encoded.value === '') return refuse('E_CERT_INVALID', `has no ${key}`);
  if (typeof encoded.value === 'string' && encoded.value.length > 2 * maxText)
    return refuse('E_CERT_INVALID', `has more than 1 MiB in ${key}`);
  const text = decodeBase64(encoded.value);
  return text.ok ? text : refuse('E_CERT_INVALID', `has a ${key} that ${text.reason}`);
}
