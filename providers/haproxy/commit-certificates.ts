/** The key material of a layout: fetched when it is needed, proved usable before HAProxy sees it, never kept in memory. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type Context, type Resource, WeirError } from '../../src/model/index.ts';
import { type BadCertificate, certificatesOf, type Given, withholdCertificates } from './commit-withhold.ts';
import { readText } from './files.ts';
import { certPath } from './names.ts';

/** `next` without what cannot be loaded. `before` is what was given last: a broken certificate falls back to its predecessor there. */
export async function usableCertificates(
  next: readonly Resource[],
  before: readonly Resource[],
  certificates: Certificates,
): Promise<Given> {
  const { served, authorities } = certificatesOf(next);
  const bad = new Map([...(await certificates.judge(served, true)), ...(await certificates.judge(authorities, false))]);
  return withholdCertificates(next, bad, before);
}

export class Certificates {
  readonly #directory: string;
  readonly #secret: Context['secret'];
  /** Content addressed: a verdict never changes. */
  readonly #good = new Set<string>();

  constructor(directory: string, secret: Context['secret']) {
    this.#directory = directory;
    this.#secret = secret;
  }

  /** Those that cannot be used, with the reason. `withKey`: to serve with; else to verify with. */
  async judge(sha256s: Iterable<string>, withKey: boolean): Promise<ReadonlyMap<string, BadCertificate>> {
    const bad = new Map<string, BadCertificate>();
    for (const sha256 of sha256s) {
      if (this.#good.has(`${withKey} ${sha256}`)) continue;
      const pem = await this.#find(sha256);
      const reason = pem === undefined ? undefined : flaw(pem, withKey);
      if (pem === undefined) bad.set(sha256, { code: 'E_CERT_MISSING', reason: 'it is missing' });
      else if (reason !== undefined) bad.set(sha256, { code: 'E_CERT_INVALID', reason });
      else this.#good.add(`${withKey} ${sha256}`);
    }
    return bad;
  }

  /** The PEM of a certificate that was judged good. @throws WeirError E_CERT_MISSING when it went away since. */
  async pem(sha256: string): Promise<string> {
    const pem = await this.#find(sha256);
    if (pem === undefined)
      throw new WeirError(
        'E_CERT_MISSING',
        `the certificate ${sha256.slice(0, 12)} went away while it was put into service`,
      );
    return pem;
  }

  /** From its source; else the copy that HAProxy was given: a source that cannot be read takes no certificate out of service. */
  async #find(sha256: string): Promise<string | undefined> {
    return (await this.#secret({ sha256, origin: '' })) ?? (await readText(`${this.#directory}/${certPath(sha256)}`));
  }
}

/** What is wrong with a PEM bundle; undefined when HAProxy can load it. One bad file keeps the whole process from starting. */
export function flaw(pem: string, withKey: boolean): string | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  try {
    const [leaf] = blocks.map((block) => new X509Certificate(block));
    if (leaf === undefined) return 'it holds no certificate';
    if (!withKey) return undefined;
    const keys = pem.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/g) ?? [];
    const [key] = keys;
    if (key === undefined) return 'it holds no private key';
    if (keys.length > 1) return 'it holds more than one private key';
    return leaf.checkPrivateKey(createPrivateKey(key)) ? undefined : 'the private key belongs to another certificate';
  } catch (error) {
    return `it cannot be read (${error instanceof Error ? error.message : 'not PEM'})`;
  }
}
