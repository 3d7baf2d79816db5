/** The key material of a layout: fetched when it is needed, proved usable before HAProxy sees it, never kept in memory. */
import { createPrivateKey, hash, X509Certificate } from 'node:crypto';
import { type Context, type Resource, WeirError } from '../../src/model/index.ts';
import { parseUsers } from '../../src/net/index.ts';
import { stapleFlaw, staplesOf, withoutStaples } from './commit-staples.ts';
import { usersOf, withholdUsers } from './commit-users.ts';
import { type BadCertificate, certificatesOf, type Given, withholdCertificates } from './commit-withhold.ts';
import { configName, readText } from './files.ts';
import type { Layout } from './layout.ts';
import { certPath, staplePath } from './names.ts';
import { userLines, usersIn } from './section-users.ts';

/** `next` without what cannot be loaded. `before` is what was given last: a broken certificate falls back to its predecessor there. */
export async function usableCertificates(
  next: readonly Resource[],
  before: readonly Resource[],
  certificates: Certificates,
): Promise<Given> {
  const { served, authorities } = certificatesOf(next);
  const bad = new Map([...(await certificates.judge(served, true)), ...(await certificates.judge(authorities, false))]);
  const given = withoutStaples(withholdCertificates(next, bad, before), await certificates.judgeStaples(next));
  return withholdUsers(given, await certificates.judgeUsers(usersOf(next)));
}

export class Certificates {
  readonly #directory: string;
  readonly #secret: Context['secret'];
  /** Content addressed: a verdict never changes. */
  readonly #good = new Set<string>();
  /** Those of the layout that was written last, by the SHA-256 of their text. */
  readonly #users = new Map<string, readonly string[]>();

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

  /** OCSP responses that HAProxy would not take, with the reason, by their SHA-256: one that it cannot place keeps it from starting. */
  async judgeStaples(resources: readonly Resource[]): Promise<ReadonlyMap<string, BadCertificate>> {
    const bad = new Map<string, BadCertificate>();
    for (const [cert, sha256] of staplesOf(resources)) {
      const key = `staple ${cert} ${sha256}`;
      if (this.#good.has(key)) continue;
      const [pem, response] = [await this.#find(cert), await this.#response(cert, sha256)];
      const reason = response === undefined ? 'it is missing' : stapleFlaw(pem ?? '', response);
      if (reason === undefined) this.#good.add(key);
      else bad.set(sha256, { code: 'W_OCSP', reason });
    }
    return bad;
  }

  /** From its source; else the copy beside the certificate. */
  async #response(cert: string, sha256: string): Promise<string | undefined> {
    const fresh = await this.#secret({ sha256, origin: '' });
    if (fresh !== undefined) return fresh;
    const copy = await readText(`${this.#directory}/${staplePath(certPath(cert))}`);
    return copy !== undefined && hash('sha256', copy, 'hex') === sha256 ? copy : undefined;
  }

  /** Lists of users that cannot be used, with the reason. */
  async judgeUsers(sha256s: Iterable<string>): Promise<ReadonlyMap<string, BadCertificate>> {
    const bad = new Map<string, BadCertificate>();
    for (const sha256 of sha256s) {
      if (this.#users.has(sha256)) continue;
      const text = (await this.#secret({ sha256, origin: '' })) ?? (await this.#usersOnDisk(sha256));
      const users = text === undefined ? undefined : parseUsers(text);
      if (users === undefined) bad.set(sha256, { code: 'E_USERS_MISSING', reason: 'they are missing' });
      else if (users.ok) this.#users.set(sha256, userLines(users.value));
      else bad.set(sha256, { code: 'E_USERS_INVALID', reason: `the list ${users.reason}` });
    }
    return bad;
  }

  /** Has the users of a layout at hand, and no others. @throws WeirError E_USERS_MISSING when some went away since they were judged. */
  async readUsers({ sections }: Pick<Layout, 'sections'>): Promise<void> {
    const named = new Set(sections.flatMap(({ users }) => users ?? []));
    for (const sha256 of this.#users.keys()) if (!named.has(sha256)) this.#users.delete(sha256);
    if (named.size === 0) return;
    const [bad] = await this.judgeUsers(named);
    if (bad !== undefined)
      throw new WeirError('E_USERS_MISSING', `users went away while they were put into service: ${bad[1].reason}`);
  }

  /** Lines of users that were read. */
  readonly userLines = (sha256: string): readonly string[] => this.#users.get(sha256) ?? [];

  /** The copy that HAProxy was given. */
  async #usersOnDisk(sha256: string): Promise<string | undefined> {
    const text = usersIn((await readText(`${this.#directory}/${configName}`)) ?? '', sha256);
    return text !== undefined && hash('sha256', text, 'hex') === sha256 ? text : undefined;
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
