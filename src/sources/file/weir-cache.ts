import type { LocatedObject } from '../../model/located.ts';
import type { CertRef } from '../../model/service.ts';
import type { Cidr, Parsed } from '../../net/index.ts';
import { type CertificateLookup, readWeir, type WeirResult } from '../weir/index.ts';

interface Entry {
  readonly result: WeirResult;
  /** What it asked of the certificates, and the answers. */
  readonly asked: readonly { readonly again: () => Parsed<CertRef>; readonly answer: Parsed<CertRef> }[];
}

/** Reads objects of weir's own form once: again only for another object, or when a certificate that it names has changed. */
export class WeirCache {
  private readonly entries = new WeakMap<LocatedObject, Entry>();
  private readonly source: string;
  private readonly allowed: readonly Cidr[];
  private readonly certificates: CertificateLookup;

  constructor(source: string, allowed: readonly Cidr[], certificates: CertificateLookup) {
    this.source = source;
    this.allowed = allowed;
    this.certificates = certificates;
  }

  read(located: LocatedObject): WeirResult {
    const known = this.entries.get(located);
    if (known?.asked.every(({ again, answer }) => again() === answer)) return known.result;
    const asked: { again: () => Parsed<CertRef>; answer: Parsed<CertRef> }[] = [];
    const ask = (again: () => Parsed<CertRef>): Parsed<CertRef> => {
      const answer = again();
      asked.push({ again, answer });
      return answer;
    };
    const certificates: CertificateLookup = {
      certificate: (request) => ask(() => this.certificates.certificate(request)),
      authority: (path, file) => ask(() => this.certificates.authority(path, file)),
    };
    const result = readWeir(located, { source: this.source, allowed: this.allowed, certificates });
    this.entries.set(located, { result, asked });
    return result;
  }
}
