import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';

export interface Certificate {
  /** Certificate and key. */
  readonly bundle: string;
  readonly certificate: string;
  /** SHA-256, as `getPeerCertificate` tells it. */
  readonly fingerprint: string;
}

/** A certificate for these hosts, signed by itself. */
export function makeCertificate(...hosts: readonly string[]): Certificate {
  const text = execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'],
      ...['-subj', `/CN=${hosts[0]}`, '-addext', `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}`],
      ...['-keyout', '-', '-out', '-'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n/.exec(text)?.[0] ?? '';
  return { bundle: text, certificate, fingerprint: new X509Certificate(certificate).fingerprint256 };
}
