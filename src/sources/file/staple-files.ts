import { existsSync } from 'node:fs';
import type { SecretRef } from '../../model/service.ts';
import { accept, notGood, type Parsed, refuse } from '../../net/index.ts';
import {
  type CertificateFacts,
  missingStaple,
  readCertificateFacts,
  readStaple,
  sha256,
  withoutStaple,
} from '../kubernetes/index.ts';
import { type GoodCertificate, readTexts } from './read-certificate.ts';
import type { Signatures } from './signature.ts';

interface Judged {
  readonly answer: Parsed<SecretRef> | undefined;
  readonly untilMs: number;
  /** Why the file as it is now is not shown, when an older content is. */
  readonly fault?: string;
}

interface Read extends Judged {
  readonly signature: string;
  readonly pem: string;
}

export interface StapleFault {
  readonly path: string;
  readonly code: 'W_OCSP';
  readonly reason: string;
}

/**
 * OCSP responses in files, each beside its certificate or named with it. The same answer while file, certificate and validity last. When a
 * file becomes unusable its last good content stays in force for as long as it is valid, and `faults` tells it; one that is taken away is
 * not shown any more.
 */
export class StapleFiles {
  private readonly reads = new Map<string, Read>();
  /** Contents that were good last, in base64, by path. */
  private readonly good = new Map<string, GoodCertificate>();
  private readonly nowMs: () => number;
  private readonly signatures: Signatures;

  constructor(nowMs: () => number, signatures: Signatures) {
    this.nowMs = nowMs;
    this.signatures = signatures;
  }

  /** The response for a PEM bundle; undefined: there is none and none is needed. `named`: its owner names the file. */
  read(path: string, pem: string, named: boolean): Parsed<SecretRef> | undefined {
    const signature = this.signatures.of([path]);
    const before = this.reads.get(path);
    if (before?.signature === signature && before.pem === pem && this.nowMs() < before.untilMs) return before.answer;
    const read = { signature, pem, ...this.judge(path, pem, named) };
    this.reads.set(path, read);
    return read.answer;
  }

  /** The text of a response by its hash. */
  text(hash: string): string | undefined {
    for (const { ref, pem } of this.good.values()) if (ref.sha256 === hash) return pem;
    return undefined;
  }

  /** Why files are not in force as they are now. */
  faults(): readonly StapleFault[] {
    return [...this.reads].flatMap(([path, { fault }]) =>
      fault === undefined ? [] : [{ path, code: 'W_OCSP' as const, reason: fault }],
    );
  }

  /** Last good contents by their files, to be kept over a restart. */
  kept(): ReadonlyMap<string, GoodCertificate> {
    return this.good;
  }

  restore(path: string, good: GoodCertificate): void {
    if (!this.good.has(path)) this.good.set(path, good);
  }

  /** Forgets what no service asks for any more; `used` are the hashes in force. Answers whether there was any. */
  forget(used: ReadonlySet<string>): boolean {
    const before = this.reads.size;
    for (const [path, { answer }] of this.reads) {
      if (answer?.ok !== true || used.has(answer.value.sha256)) continue;
      this.reads.delete(path);
      this.good.delete(path);
    }
    return this.reads.size < before;
  }

  has(path: string): boolean {
    return this.reads.has(path);
  }

  paths(): Iterable<string> {
    return this.reads.keys();
  }

  /** Whether a response has come to its end. */
  due(): boolean {
    const nowMs = this.nowMs();
    for (const { untilMs } of this.reads.values()) if (nowMs >= untilMs) return true;
    return false;
  }

  private judge(path: string, pem: string, named: boolean): Judged {
    const facts = readCertificateFacts(pem);
    if ('error' in facts) return { answer: undefined, untilMs: Number.POSITIVE_INFINITY };
    const found = readTexts([path]);
    if (!found.ok) {
      // Taken away by its owner, who names it nowhere.
      if (!named && !existsSync(path)) return this.none(path, missingStaple(facts));
      const reason = `names an OCSP response (${path}) that ${found.reason}`;
      return this.older(path, found.reason, facts) ?? this.none(path, withoutStaple(reason, facts));
    }
    const judged = readStaple(found.value[0] ?? '', facts, this.nowMs());
    if (!judged.ok) {
      const older = judged.reason === notGood ? undefined : this.older(path, judged.reason, facts);
      return (
        older ??
        this.none(path, `${withoutStaple(inFile(judged.reason, path), facts)}; write it anew or remove the file`)
      );
    }
    const { text, untilMs } = judged.value;
    const hash = sha256(text);
    const ref = { sha256: hash, origin: `file ${path}` };
    if (this.good.get(path)?.ref.sha256 !== hash) this.good.set(path, { ref: { ...ref, names: [] }, pem: text });
    return { answer: accept(ref), untilMs };
  }

  private none(path: string, reason: string | undefined): Judged {
    this.good.delete(path);
    const answer = reason === undefined ? undefined : refuse('W_OCSP', reason);
    return { answer, untilMs: Number.POSITIVE_INFINITY };
  }

  /** What was good before, while it may be shown with this certificate. */
  private older(path: string, fault: string, facts: CertificateFacts): Judged | undefined {
    const good = this.good.get(path);
    if (good === undefined) return undefined;
    const judged = readStaple(atob(good.pem), facts, this.nowMs());
    if (!judged.ok) return undefined;
    const { untilMs } = judged.value;
    const until = new Date(untilMs).toISOString();
    const { sha256: hash, origin } = good.ref;
    return { answer: accept({ sha256: hash, origin }), untilMs, fault: `${fault}; write it anew before ${until}` };
  }
}

function inFile(reason: string, path: string): string {
  return reason.replace('an OCSP response', `an OCSP response (${path})`);
}
