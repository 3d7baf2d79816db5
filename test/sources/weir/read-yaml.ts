import { parseAllDocuments } from 'yaml';
import type { CertRef } from '../../../src/model/service.ts';
import { accept, type Parsed, parseAllowed, refuse } from '../../../src/net/index.ts';
import { type CertificateLookup, readWeir, type WeirResult } from '../../../src/sources/weir/index.ts';

/** `good.pem` and `ca.pem` exist; the names of the first are given by what stands before `.pem`, e.g. `shop.test.pem`. */
const certificates: CertificateLookup = {
  certificate: ({ certificate }) => lookup(certificate),
  staple: () => undefined,
  authority: lookup,
  users: (path) =>
    path === 'users'
      ? accept({ sha256: 'cd'.repeat(32), origin: 'file users' })
      : refuse('E_USERS_MISSING', 'cannot be read'),
};

function lookup(path: string): Parsed<CertRef> {
  if (!path.endsWith('.pem')) return refuse('E_CERT_MISSING', 'cannot be read');
  if (path.startsWith('expired')) return refuse('E_CERT_EXPIRED', 'names a certificate that has expired');
  return accept({ sha256: 'ab'.repeat(32), origin: `file ${path}`, names: [path.slice(0, -4)] });
}

/** Reads YAML text as the file source would, without files. */
export function readYaml(text: string): WeirResult {
  return readObjects(parseAllDocuments(text, { logLevel: 'error' }).map((document) => document.toJS()));
}

export function readObjects(objects: readonly unknown[]): WeirResult {
  const allowed = parseAllowed(['127.0.0.0/8', '::1/128']);
  if (!allowed.ok) throw new Error(allowed.reason);
  const results = objects.map((object, i) =>
    readWeir(
      { object, file: 'shop.yaml', document: i + 1, line: 1 },
      { source: 'files', allowed: allowed.value, certificates },
    ),
  );
  return { services: results.flatMap((r) => r.services), problems: results.flatMap((r) => r.problems) };
}

/** `CODE field` of each problem, sorted: what a table test compares. */
export function codes(result: WeirResult): readonly string[] {
  return result.problems.map((p) => `${p.code} ${p.field ?? ''}`.trim()).sort();
}
