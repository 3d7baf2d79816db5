import type { ErrorCode } from '../../model/errors.ts';
import { type FieldPath, type LocatedObject, problemAt } from '../../model/located.ts';
import type { Problem } from '../../model/problem.ts';
import type { CertRef, SecretRef, ServiceId } from '../../model/service.ts';
import { type Cidr, type Parsed, parseCidr, parseRealm, safeText } from '../../net/index.ts';

/** Certificates by file name; a name is relative to the file that names it. Key material stays behind the lookup. */
export interface CertificateLookup {
  /** A chain with its key, from one file or two. */
  certificate(request: CertificateRequest): Parsed<CertRef>;
  /** The OCSP response of a certificate; undefined: there is none, and none is needed. */
  staple(request: CertificateRequest): Parsed<SecretRef> | undefined;
  /** A bundle of authorities, without a key. */
  authority(path: string, file: string): Parsed<CertRef>;
  /** Users of basic authentication (`parseUsers`). */
  users(path: string, file: string): Parsed<SecretRef>;
}

export interface CertificateRequest {
  readonly certificate: string;
  readonly key?: string;
  /** Default: the name of the certificate and `.ocsp`, where that exists. */
  readonly ocsp?: string;
  /** The file that names them. */
  readonly file: string;
}

/** Problems that leave a hole in a service but do not stop it. */
const survivable: ReadonlySet<ErrorCode> = new Set([
  'E_BACKEND_MISSING',
  'E_CERT_MISSING',
  'E_CERT_INVALID',
  'E_CERT_EXPIRED',
  'E_USERS_MISSING',
  'E_USERS_INVALID',
]);

/** One service being read: collects its problems and knows whether it can still be used. */
export class Form {
  readonly problems: Problem[] = [];
  readonly allowed: readonly Cidr[];
  readonly certificates: CertificateLookup;
  readonly located: LocatedObject;
  usable = true;
  /**
   * Set while what is left of a service is read whose shape is wrong: places in the whole. What is wrong by itself is told all the same,
   * so that one reading finds every mistake; what is wrong beside other fields is not, as those may be the ones left out.
   */
  original: ((path: FieldPath) => FieldPath) | undefined;
  private readonly service: ServiceId | undefined;

  constructor(
    located: LocatedObject,
    service: ServiceId | undefined,
    allowed: readonly Cidr[],
    certificates: CertificateLookup,
  ) {
    this.located = located;
    this.service = service;
    this.allowed = allowed;
    this.certificates = certificates;
  }

  /** What browsers show when the service asks for passwords. */
  get realm(): string {
    return parseRealm(this.service).ok ? (this.service ?? '') : 'weir';
  }

  complain(code: ErrorCode, path: FieldPath, reason: string, value?: unknown): void {
    if (this.original === undefined) this.note(code, path, reason, value);
  }

  private note(code: ErrorCode, at: FieldPath, reason: string, value: unknown): void {
    const path = this.original?.(at) ?? at;
    const named =
      this.service === undefined
        ? { subject: 'ExportedService' }
        : { subject: `ExportedService ${this.service}`, service: this.service };
    this.problems.push(problemAt(this.located, { code, path, reason, value, ...named }));
    if (!code.startsWith('W_') && !survivable.has(code)) this.usable = false;
  }

  /** The value that a parser accepted; what it refused becomes a problem of the field. */
  take<T>(parsed: Parsed<T>, path: FieldPath, value: unknown): T | undefined {
    if (parsed.ok) return parsed.value;
    this.note(parsed.code, path, parsed.reason, value);
    return undefined;
  }

  /** The same for a field that may be absent. */
  maybe<V, T>(value: V | undefined, path: FieldPath, parse: (value: V) => Parsed<T>): T | undefined {
    return value === undefined ? undefined : this.take(parse(value), path, value);
  }

  /** Each element of a field that is one value or a list; what is refused is left out. */
  each<V, T>(
    value: V | readonly V[] | undefined,
    path: FieldPath,
    parse: (value: V) => Parsed<T>,
  ): readonly T[] | undefined {
    if (value === undefined) return undefined;
    if (!isList(value)) return [this.take(parse(value), path, value)].filter((v) => v !== undefined);
    return value.flatMap((item, i) => this.take(parse(item), [...path, i], item) ?? []);
  }

  /** What a lookup finds for the name of a file. */
  lookUp<T extends SecretRef>(path: string, at: FieldPath, find: (path: string) => Parsed<T>): T | undefined {
    const safe = this.take(safeText(path, 4096), at, path);
    return safe === undefined ? undefined : this.take(find(safe), at, path);
  }

  /** Ranges as canonical text. */
  ranges(value: string | readonly string[] | undefined, path: FieldPath): readonly string[] | undefined {
    return this.each(value, path, parseCidr)?.map((range) => range.text);
  }

  /** A whole number within bounds. */
  whole(value: number | undefined, path: FieldPath, least: number, most: number): number | undefined {
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return value;
    this.note('E_FIELD_VALUE', path, `must be a whole number from ${least} to ${most}`, value);
    return undefined;
  }
}

function isList<V>(value: V | readonly V[]): value is readonly V[] {
  return Array.isArray(value);
}
