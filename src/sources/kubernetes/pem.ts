import { accept, type Parsed, refuse } from '../../net/index.ts';

/** A certificate chain, leaf first, and its private key, each in PEM with 64 columns. */
export interface PemPair {
  readonly chain: readonly string[];
  readonly key: string;
}

interface Block {
  readonly label: string;
  readonly pem: string;
}

const keyLabels = new Set(['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']);
const maxChain = 16;

/** Decodes base64 as Kubernetes writes it (RFC 4648, padded; line breaks allowed) into the bytes as Latin-1 text. Reasons never repeat the text. */
export function decodeBase64(value: unknown): Parsed<string> {
  if (typeof value !== 'string') return refuse('E_FIELD_TYPE', 'must be base64 text');
  const packed = value.replace(/[\r\n]/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(packed) || packed.length % 4 !== 0) {
    return refuse('E_CERT_INVALID', 'must be valid base64 (use stringData for plain text)');
  }
  return accept(atob(packed));
}

/** Finds the certificates of `chain` and the one key of `key`. Text between the blocks (comments, attributes) is dropped. */
export function parsePemPair(chain: string, key: string): Parsed<PemPair> {
  const certificates = blocksOf(chain);
  const keys = blocksOf(key);
  if (certificates === undefined || keys === undefined)
    return refuse('E_CERT_INVALID', 'has a PEM block that is cut off or not base64');
  const certs = certificates.filter(({ label }) => label === 'CERTIFICATE');
  if (certs.length === 0)
    return refuse('E_CERT_INVALID', 'has no certificate: tls.crt must hold at least one CERTIFICATE block in PEM');
  if (certs.length > maxChain) return refuse('E_CERT_INVALID', `has a chain of more than ${maxChain} certificates`);
  if (keys.some(({ label }) => label === 'ENCRYPTED PRIVATE KEY'))
    return refuse('E_CERT_INVALID', 'has an encrypted key; give it without a passphrase');
  const [found, second] = keys.filter(({ label }) => keyLabels.has(label));
  if (found === undefined)
    return refuse('E_CERT_INVALID', 'has no key: tls.key must hold one PRIVATE KEY block in PEM');
  if (second !== undefined) return refuse('E_CERT_INVALID', 'has more than one key in tls.key');
  return accept({ chain: certs.map(({ pem }) => pem), key: found.pem });
}

/** Chain, then key: the bundle whose hash names a certificate and which proxies read. The same material always gives the same text. */
export function bundlePem(pair: PemPair): string {
  return [...pair.chain, pair.key].join('');
}

/** The PEM blocks of a text in order, rewritten in canonical form; undefined when one is malformed. */
function blocksOf(text: string): readonly Block[] | undefined {
  const blocks: Block[] = [];
  const begins = text.match(/-----BEGIN [A-Z0-9 ]{1,40}-----/g)?.length ?? 0;
  for (const [, label = '', body = ''] of text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/g)) {
    const packed = body.replace(/[\s]/g, '');
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(packed) || packed.length % 4 !== 0) {
      // Old encrypted keys carry headers inside the block; they fall under the same refusal as other unusable keys.
      return undefined;
    }
    const lines = packed.match(/.{1,64}/g) ?? [];
    blocks.push({ label, pem: `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n` });
  }
  return blocks.length === begins ? blocks : undefined;
}
