import type { LocatedObject } from '../../model/located.ts';
import type { Cidr } from '../../net/index.ts';
import { type CertificateLookup, readWeir, type WeirResult } from '../weir/index.ts';

interface Entry {
  readonly result: WeirResult;
  /** What it asked of the certificates, and the answers. */
  readonly asked: readonly { readonly again: () => unknown; readonly answer: unknown }[];
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
    const asked: { again: () => unknown; answer: unknown }[] = [];
    const ask = <T>(again: () => T): T => {
      const answer = again();
      asked.push({ again, answer });
      return answer;
    };
    const certificates: CertificateLookup = {
      certificate: (request) => ask(() => this.certificates.certificate(request)),
      authority: (path, file) => ask(() => this.certificates.authority(path, file)),
      users: (path, file) => ask(() => this.certificates.users(path, file)),
    };
    const result = readWeir(located, { source: this.source, allowed: this.allowed, certificates });
    this.entries.set(located, { result, asked });
    return result;
  }
}
