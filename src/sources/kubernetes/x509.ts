import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateFacts } from './secret.ts';

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----\n?/g;

/** Lower-case hex SHA-256 of a text. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Reads a PEM bundle (chain, then key) with node:crypto; the one file of this folder that is not pure, given to the readers as
 * `KubernetesReadOptions.certificate`. Answers in our own words: messages of the library might repeat what they were given.
 */
export function readCertificateFacts(bundle: string): CertificateFacts | { readonly error: string } {
  const chain: X509Certificate[] = [];
  let key: KeyObject | undefined;
  for (const [block, label = ''] of bundle.matchAll(pemBlock)) {
    try {
      if (label === 'CERTIFICATE') chain.push(new X509Certificate(block));
      else key = createPrivateKey(block);
    } catch {
      return {
        error:
          label === 'CERTIFICATE'
            ? `has a chain whose certificate ${chain.length + 1} cannot be decoded`
            : 'has a key that cannot be decoded',
      };
    }
  }
  const [leaf] = chain;
  if (leaf === undefined || key === undefined) return { error: 'lacks the certificate or the key' };
  const weak = chain.map((cert, i) => weakness(cert.publicKey, i + 1)).find((reason) => reason !== undefined);
  if (weak !== undefined) return { error: weak };
  return {
    names: namesOf(leaf),
    notAfterMs: Date.parse(leaf.validTo),
    keyMatches: leaf.checkPrivateKey(key),
    serial: leaf.serialNumber,
    issuerIncluded: chain.slice(1).some((issuer) => leaf.checkIssued(issuer)),
    mustStaple: leaf.raw.includes(tlsFeature),
  };
}

/** The extension id-pe-tlsfeature with status_request (5), in DER. */
const tlsFeature = Buffer.from('06082b06010505070118040530030201' + '05', 'hex');

/** OpenSSL's default security level refuses such keys when a proxy loads them, and one refused file stops the whole configuration. */
function weakness(key: KeyObject, position: number): string | undefined {
  const bits = key.asymmetricKeyType === 'rsa' ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 2048;
  return bits < 2048
    ? `has an RSA key of only ${bits} bits in certificate ${position}; OpenSSL refuses less than 2048`
    : undefined;
}

/** The DNS names of the subject alternative names; the common name only where there are none at all. */
function namesOf(cert: X509Certificate): readonly string[] {
  const alternatives = cert.subjectAltName;
  if (alternatives !== undefined && alternatives !== '') {
    // Entries with unusual characters are quoted by Node as JSON strings, so a comma inside one cannot forge another.
    return [...alternatives.matchAll(/(?:^|, )DNS:([^",\s]+)(?=,|$)/g)].map(([, name = '']) => name);
  }
  const common = /^CN=(.+)$/m.exec(cert.subject)?.[1];
  return common === undefined ? [] : [common];
}

/** The certificates of a PEM text in canonical form, as authorities to verify others with; must not repeat what it was given. */
export function readAuthorities(text: string): string | { readonly error: string } {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return { error: 'has no CERTIFICATE block in PEM' };
  try {
    return blocks.map((block) => new X509Certificate(block).toString()).join('');
  } catch {
    return { error: 'has a certificate that cannot be decoded' };
  }
}
