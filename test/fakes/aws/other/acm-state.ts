/** Certificates of one account. */
import type { Ids } from '../core/ids.ts';
import { Table } from '../core/table.ts';

export interface StoredCertificate {
  readonly CertificateArn: string;
  readonly DomainName: string;
  readonly names: readonly string[];
  readonly KeyAlgorithm:
    | 'RSA_1024'
    | 'RSA_2048'
    | 'RSA_3072'
    | 'RSA_4096'
    | 'EC_prime256v1'
    | 'EC_secp384r1'
    | 'EC_secp521r1';
  status: 'ISSUED' | 'PENDING_VALIDATION' | 'EXPIRED' | 'FAILED' | 'REVOKED' | 'INACTIVE' | 'VALIDATION_TIMED_OUT';
  readonly type: 'AMAZON_ISSUED' | 'IMPORTED' | 'PRIVATE';
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly tags: Map<string, string>;
}

export class AcmState {
  readonly certificates: Table<StoredCertificate>;
  readonly #arn: (id: string) => string;
  readonly #ids: Ids;

  constructor(region: string, accountId: string, ids: Ids, moment: { readonly index: number }) {
    this.certificates = new Table(moment);
    this.#ids = ids;
    this.#arn = (id) => `arn:aws:acm:${region}:${accountId}:certificate/${id}`;
  }

  /** Puts a certificate there, as the owner's hand would. */
  add(
    names: readonly [string, ...string[]],
    {
      status = 'ISSUED',
      type = 'AMAZON_ISSUED',
      KeyAlgorithm = 'RSA_2048',
      notBeforeMs = 0,
      notAfterMs = 4e12,
    }: Partial<Pick<StoredCertificate, 'status' | 'type' | 'KeyAlgorithm' | 'notBeforeMs' | 'notAfterMs'>> = {},
  ): StoredCertificate {
    const CertificateArn = this.#arn(this.#ids.uuid());
    const [DomainName] = names;
    const row = {
      CertificateArn,
      DomainName,
      names,
      KeyAlgorithm,
      status,
      type,
      notBeforeMs,
      notAfterMs,
      tags: new Map(),
    };
    return this.certificates.add(CertificateArn, row);
  }
}
