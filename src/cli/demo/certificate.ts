/** Makes X.509 certificates for the demo and the tests: EC P-256, DER by hand (RFC 5280), because Node signs but cannot compose them. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { addressBytes, bits, bytes, context, octets, oid, sequence, set, time, truth, unsigned, utf8 } from './der.ts';

export interface CertificateRequest {
  /** DNS names (wildcards allowed) and IP addresses; the first is the common name. */
  readonly names: readonly string[];
  /** Validity in milliseconds since the epoch; default: from an hour ago for 30 days. */
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  /** Signs it; absent: self-signed. */
  readonly issuer?: Certificate;
  /** May sign others. */
  readonly authority?: boolean;
}

export interface Certificate {
  readonly certPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
  /** Certificate, then its issuer's when there is one, then the key: what HAProxy and weir read. */
  readonly bundlePem: string;
  readonly key: KeyObject;
  /** DER of the subject name, for certificates that this one signs. */
  readonly subject: Buffer;
}

const hourMs = 3_600_000;

/** A certificate with a fresh key, trusted by nobody. For demonstrations and tests only: keys are not stored safely. */
export function makeCertificate(request: CertificateRequest): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { issuer, names, authority = false } = request;
  const notBeforeMs = request.notBeforeMs ?? Date.now() - hourMs;
  const notAfterMs = request.notAfterMs ?? Date.now() + 30 * 24 * hourMs;
  const subject = sequence(set(sequence(oid('2.5.4.3'), utf8((names[0] ?? 'weir').slice(0, 64)))));
  const body = sequence(
    context(0, unsigned(Buffer.of(2))),
    unsigned(randomBytes(16)),
    ecdsaWithSha256,
    issuer?.subject ?? subject,
    sequence(time(notBeforeMs), time(notAfterMs)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    context(3, sequence(...extensions(names, authority))),
  );
  const signature = sign('sha256', body, issuer?.key ?? privateKey);
  const certPem = pem('CERTIFICATE', sequence(body, ecdsaWithSha256, bits(signature)));
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const bundlePem = certPem + (issuer?.certPem ?? '') + keyPem;
  return { certPem, keyPem, bundlePem, key: privateKey, subject };
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

function extensions(names: readonly string[], authority: boolean): Buffer[] {
  const alternatives = names.map((name) => {
    // GeneralName: dNSName [2] IA5String, iPAddress [7] OCTET STRING.
    return isIP(name) === 0 ? bytes(0x82, Buffer.from(name, 'latin1')) : bytes(0x87, addressBytes(name));
  });
  const usage = authority ? Buffer.of(1, 0x06) : Buffer.of(7, 0x80);
  return [
    extension('2.5.29.19', sequence(...(authority ? [truth(true)] : [])), true),
    extension('2.5.29.15', bytes(0x03, usage), true),
    ...(authority ? [] : [extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2')), false)]),
    extension('2.5.29.17', sequence(...alternatives), false),
  ];
}

function extension(id: string, value: Buffer, critical: boolean): Buffer {
  return sequence(oid(id), ...(critical ? [truth(true)] : []), octets(value));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
