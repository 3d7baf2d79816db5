import { dirname, resolve } from 'node:path';
import type { CertRef, SecretRef } from '../../model/service.ts';
import { accept, type Parsed, refuse } from '../../net/index.ts';
import type { CertificateLookup, CertificateRequest } from '../weir/index.ts';
import { type GoodCertificate, readAuthorities, readPair, readTexts, readUsers } from './read-certificate.ts';
import { Signatures } from './signature.ts';
import { type StapleFault, StapleFiles } from './staple-files.ts';

interface Loaded {
  readonly signature: string;
  /** What is in force. */
  readonly result: Parsed<CertRef>;
  /** Why the file as it is now is not in force, when an older content is. */
  readonly fault?: Fault;
}

interface Fault {
  readonly path: string;
  readonly code: 'E_CERT_MISSING' | 'E_CERT_INVALID' | 'E_CERT_EXPIRED' | 'E_USERS_MISSING' | 'E_USERS_INVALID';
  readonly reason: string;
}

/**
 * Certificates in files. Read when first asked for, again when their files change; an unchanged file gives the identical result. When a
 * file disappears or becomes unusable its last good content stays in force and `faults` tells it.
 */
export class CertificateFiles implements CertificateLookup {
  private readonly loaded = new Map<string, Loaded>();
  private readonly good = new Map<string, GoodCertificate>();
  private readonly nowMs: () => number;
  private readonly inService: (hash: string) => boolean;
  private readonly staples: StapleFiles;
  private readonly signatures = new Signatures();
  private known: ReadonlySet<string> | undefined;
  private turn = 0;

  constructor(nowMs: () => number, inService: (hash: string) => boolean) {
    this.nowMs = nowMs;
    this.inService = inService;
    this.staples = new StapleFiles(nowMs, this.signatures);
  }

  /** Another number when an answer that was given may be another one now. */
  get version(): number {
    return this.turn;
  }

  certificate(request: CertificateRequest): Parsed<CertRef> {
    return this.load(pairOf(request), readPair);
  }

  staple(request: CertificateRequest): Parsed<SecretRef> | undefined {
    const cert = this.certificate(request);
    const pem = cert.ok ? this.good.get(keyOf(pairOf(request)))?.pem : undefined;
    if (pem === undefined) return undefined;
    const path = absolute(request.ocsp ?? `${request.certificate}.ocsp`, request.file);
    if (!this.staples.has(path)) this.known = undefined;
    return this.staples.read(path, pem, request.ocsp !== undefined);
  }

  authority(path: string, file: string): Parsed<CertRef> {
    return this.load([absolute(path, file)], readAuthorities, 'ca');
  }

  users(path: string, file: string): Parsed<SecretRef> {
    return this.load([absolute(path, file)], readUsers, 'users');
  }

  /** PEM of a certificate, text of users or of an OCSP response that is or was in force. */
  pem(hash: string): string | undefined {
    for (const { ref, pem } of this.good.values()) if (ref.sha256 === hash) return pem;
    return this.staples.text(hash);
  }

  /** Directories of every file that was asked for. */
  directories(): ReadonlySet<string> {
    this.known ??= new Set([...this.paths()].map((path) => dirname(path)));
    return this.known;
  }

  /** Why files are not in force as they are now. */
  faults(): readonly (Fault | StapleFault)[] {
    return [...[...this.loaded.values()].flatMap(({ fault }) => fault ?? []), ...this.staples.faults()];
  }

  /** Looks at every file that was asked for; whether any differs from what was loaded, or its time has come. */
  async look(): Promise<boolean> {
    const changed = await this.signatures.look();
    if (changed) this.turn++;
    return this.due() || changed;
  }

  /** Whether the time of anything that is in force has come. Looks at no file. */
  due(): boolean {
    const due = this.staples.due();
    if (due) this.turn++;
    return due;
  }

  /** Forgets what no service asks for any more; `used` are the hashes in force. */
  forget(used: ReadonlySet<string>): void {
    const before = this.loaded.size;
    for (const [key, { result }] of this.loaded) {
      if (result.ok && !used.has(result.value.sha256)) {
        this.loaded.delete(key);
        this.good.delete(key);
      }
    }
    if (!this.staples.forget(used) && this.loaded.size === before) return;
    // Who asked for them and is not in force asks again.
    this.turn++;
    this.known = undefined;
    this.signatures.keep(this.paths());
  }

  /** Last good contents by their files, to be kept over a restart. */
  kept(): ReadonlyMap<string, GoodCertificate> {
    const staples = [...this.staples.kept()].map(([path, good]) => [keyOf([path], 'staple'), good] as const);
    return staples.length === 0 ? this.good : new Map([...this.good, ...staples]);
  }

  restore(key: string, certificate: GoodCertificate): void {
    const [path = ''] = pathsOf(key);
    if (key === keyOf([path], 'staple')) this.staples.restore(path, certificate);
    else if (!this.good.has(key)) this.good.set(key, certificate);
  }

  private *paths(): Generator<string> {
    for (const key of this.loaded.keys()) yield* pathsOf(key);
    yield* this.staples.paths();
  }

  private load(
    paths: readonly string[],
    read: (texts: readonly string[], path: string) => Parsed<GoodCertificate>,
    purpose = 'pair',
  ): Parsed<CertRef> {
    const key = keyOf(paths, purpose);
    const signature = this.signatures.of(paths);
    const before = this.loaded.get(key);
    if (before === undefined) this.known = undefined;
    if (before?.signature === signature) return before.result;
    const loaded = this.judge(key, signature, paths, read);
    const unchanged =
      before?.result.ok === true && loaded.result.ok && before.result.value.sha256 === loaded.result.value.sha256;
    this.loaded.set(key, unchanged ? { ...loaded, result: before.result } : loaded);
    return unchanged ? before.result : loaded.result;
  }

  private judge(
    key: string,
    signature: string,
    paths: readonly string[],
    read: (texts: readonly string[], path: string) => Parsed<GoodCertificate>,
  ): Loaded {
    const path = paths[0] ?? '';
    const found = readTexts(paths);
    const fresh = found.ok ? read(found.value, path) : found;
    const good = this.good.get(key);
    if (fresh.ok) {
      const { ref } = fresh.value;
      const expired = ref.notAfterMs !== undefined && ref.notAfterMs <= this.nowMs();
      const serving = this.inService(ref.sha256) || good?.ref.sha256 === ref.sha256;
      if (!expired || serving) {
        this.good.set(key, fresh.value);
        const fault = expired
          ? { fault: { path, code: 'E_CERT_EXPIRED' as const, reason: 'holds a certificate that has expired' } }
          : {};
        return { signature, result: accept(ref), ...fault };
      }
    }
    const code = fresh.ok ? 'E_CERT_EXPIRED' : faultCode(key, fresh.code === 'E_CERT_MISSING');
    const reason = fresh.ok ? 'holds a certificate that has expired' : fresh.reason;
    if (good === undefined) return { signature, result: refuse(code, `names a file that ${reason}`) };
    return { signature, result: accept(good.ref), fault: { path, code, reason } };
  }
}

function faultCode(
  key: string,
  missing: boolean,
): 'E_CERT_MISSING' | 'E_CERT_INVALID' | 'E_USERS_MISSING' | 'E_USERS_INVALID' {
  if (key.startsWith('users\n')) return missing ? 'E_USERS_MISSING' : 'E_USERS_INVALID';
  return missing ? 'E_CERT_MISSING' : 'E_CERT_INVALID';
}

function absolute(path: string, file: string): string {
  return resolve(dirname(file), path);
}

/** Files of chain and key, one or two. */
function pairOf({ certificate, key = certificate, file }: CertificateRequest): readonly string[] {
  const [chain, own] = [absolute(certificate, file), absolute(key, file)];
  return own === chain ? [chain] : [chain, own];
}

function keyOf(paths: readonly string[], purpose = 'pair'): string {
  return [purpose, ...paths].join('\n');
}

function pathsOf(key: string): readonly string[] {
  return key.split('\n').slice(1);
}
