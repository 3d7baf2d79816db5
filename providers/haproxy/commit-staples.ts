/** OCSP responses that cannot be shown: the certificate is served without. Pure. */
import { X509Certificate } from 'node:crypto';
import type { Member, Resource } from '../../src/model/index.ts';
import { canonicalSerial, parseOcspResponse } from '../../src/net/index.ts';
import { readCert } from './attrs.ts';
import type { BadCertificate, Given, Withheld } from './commit-withhold.ts';

/** SHA-256 of certificates and of the responses that resources give them. */
export function staplesOf(resources: readonly Resource[]): readonly (readonly [cert: string, ocsp: string])[] {
  return resources
    .filter(({ kind }) => kind === 'Frontend')
    .flatMap(({ sets }) =>
      [...(sets.certs ?? [])].flatMap(([cert, { attrs }]) => {
        const { ocsp } = readCert(attrs);
        return ocsp === undefined ? [] : [[cert, ocsp] as const];
      }),
    );
}

/** Why HAProxy cannot place a response (base64) with a PEM bundle; undefined: it can. One that has expired is ignored by HAProxy itself. */
export function stapleFlaw(pem: string, response: string): string | undefined {
  const parsed = parseOcspResponse(Buffer.from(response, 'base64'));
  if (!parsed.ok) return `it ${parsed.reason}`;
  const [leaf, ...chain] = (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(
    (block) => new X509Certificate(block),
  );
  if (leaf === undefined || canonicalSerial(leaf.serialNumber) !== parsed.value.serial)
    return 'it is for another certificate';
  return chain.some((issuer) => leaf.checkIssued(issuer)) ? undefined : 'the chain lacks the issuer';
}

export function withoutStaples(given: Given, bad: ReadonlyMap<string, BadCertificate>): Given {
  if (bad.size === 0) return given;
  const withheld: Withheld[] = [];
  const resources = given.resources.map((resource) => {
    const certs = resource.kind === 'Frontend' ? resource.sets.certs : undefined;
    if (certs === undefined) return resource;
    const left = new Map<string, Member>();
    for (const [sha256, member] of certs) {
      const { ocsp, hosts } = readCert(member.attrs);
      const reason = bad.get(ocsp ?? '');
      const { ocsp: _, ...attrs } = member.attrs;
      left.set(sha256, reason === undefined ? member : { ...member, attrs });
      if (reason === undefined) continue;
      const message = `OCSP response for ${hosts.join(', ') || 'its hosts'}: ${reason.reason}; none is stapled`;
      withheld.push({ kind: resource.kind, id: resource.id, code: reason.code, message, whole: false });
    }
    return withheld.length === 0 ? resource : { ...resource, sets: { ...resource.sets, certs: left } };
  });
  return { resources, withheld: [...given.withheld, ...withheld] };
}
