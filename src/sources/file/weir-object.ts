import type { LocatedObject } from '../../model/located.ts';
import { type CertificateLookup, readWeir, type WeirOptions, type WeirResult } from '../weir/index.ts';

/** An object of weir's own form, read once: again only when a certificate that it names has changed. */
export class WeirObject {
  private readonly located: LocatedObject;
  private readonly options: WeirOptions;
  /** What it asked of the certificates, and the answers. */
  private asked: readonly { readonly again: () => unknown; readonly answer: unknown }[] = [];
  private known: WeirResult | undefined;
  private readonly version: () => number;
  private readAt = Number.NaN;

  /** `version`: another number when certificates may be others than they were. */
  constructor(located: LocatedObject, options: WeirOptions, version: () => number) {
    this.located = located;
    this.options = options;
    this.version = version;
  }

  get result(): WeirResult {
    if (this.known === undefined || !this.holds()) this.known = this.read();
    return this.known;
  }

  private holds(): boolean {
    if (this.asked.length === 0) return true;
    const version = this.version();
    if (this.readAt === version) return true;
    const holds = this.asked.every(({ again, answer }) => again() === answer);
    if (holds) this.readAt = version;
    return holds;
  }

  private read(): WeirResult {
    const asked: { again: () => unknown; answer: unknown }[] = [];
    const ask = <T>(again: () => T): T => {
      const answer = again();
      asked.push({ again, answer });
      return answer;
    };
    const { certificates: asking } = this.options;
    const certificates: CertificateLookup = {
      certificate: (request) => ask(() => asking.certificate(request)),
      staple: (request) => ask(() => asking.staple(request)),
      authority: (path, file) => ask(() => asking.authority(path, file)),
      users: (path, file) => ask(() => asking.users(path, file)),
    };
    const result = readWeir(this.located, { ...this.options, certificates });
    this.asked = asked;
    this.readAt = this.version();
    return result;
  }
}
