import { readFileSync, statSync } from 'node:fs';
import type { CertRef } from '../../model/service.ts';
import { accept, type Parsed, parseHost, parseUsers, refuse, usersText } from '../../net/index.ts';
import {
  bundlePem,
  parsePemPair,
  readAuthorities as readAuthoritiesOf,
  readCertificateFacts,
  sha256,
} from '../kubernetes/index.ts';
import { reasonOf } from './list-paths.ts';

const maxBytes = 1_048_576;

/** A certificate that was good: what stays in force when its file is not. */
export interface GoodCertificate {
  readonly ref: CertRef;
  readonly pem: string;
}

/** The texts of small regular files. */
export function readTexts(paths: readonly string[]): Parsed<readonly string[]> {
  const texts: string[] = [];
  for (const path of paths) {
    try {
      const stats = statSync(path);
      if (!stats.isFile()) return refuse('E_CERT_MISSING', 'is not a regular file');
      if (stats.size > maxBytes) return refuse('E_CERT_INVALID', 'has more than 1 MiB');
      texts.push(readFileSync(path, 'latin1'));
    } catch (error) {
      return refuse('E_CERT_MISSING', `cannot be read: ${reasonOf(error)}`);
    }
  }
  return accept(texts);
}

/** Chain and key from one text or two, in the canonical form that Secrets get too: the same material has the same hash. */
export function readPair(texts: readonly string[], path: string): Parsed<GoodCertificate> {
  const [chain = '', key = chain] = texts;
  const pair = parsePemPair(chain, key);
  if (!pair.ok)
    return refuse(
      'E_CERT_INVALID',
      pair.reason.replaceAll(/: tls\.(?:crt|key) must/g, ': the file must').replaceAll(/ in tls\.(?:crt|key)/g, ''),
    );
  const pem = bundlePem(pair.value);
  const facts = readCertificateFacts(pem);
  if ('error' in facts) return refuse('E_CERT_INVALID', facts.error);
  if (!facts.keyMatches) return refuse('E_CERT_INVALID', 'has a key that does not belong to its first certificate');
  // A name that is no host name cannot be asked for; it must not reach the model either.
  const names = [
    ...new Set(facts.names.map((name) => parseHost(name)).flatMap((host) => (host.ok ? [host.value] : []))),
  ];
  return accept({ pem, ref: { sha256: sha256(pem), origin: `file ${path}`, names, notAfterMs: facts.notAfterMs } });
}

/** A bundle of authorities; the earliest end of validity does not matter, each stands alone. */
export function readAuthorities(texts: readonly string[], path: string): Parsed<GoodCertificate> {
  const pem = readAuthoritiesOf(texts[0] ?? '');
  if (typeof pem !== 'string') return refuse('E_CERT_INVALID', pem.error);
  return accept({ pem, ref: { sha256: sha256(pem), origin: `file ${path}`, names: [] } });
}

/** Users of basic authentication in canonical form. */
export function readUsers(texts: readonly string[], path: string): Parsed<GoodCertificate> {
  const users = parseUsers(texts[0]);
  if (!users.ok) return users;
  const text = usersText(users.value);
  return accept({ pem: text, ref: { sha256: sha256(text), origin: `file ${path}`, names: [] } });
}
