import type { SecretRef } from '../../model/service.ts';
import { accept, type Parsed, refuse } from '../../net/index.ts';
import { judgeStaple, missingStaple, readCertificateFacts, sha256 } from '../kubernetes/index.ts';
import { readTexts } from './read-certificate.ts';
import type { Signatures } from './signature.ts';

interface Read {
  readonly signature: string;
  readonly pem: string;
  readonly untilMs: number;
  readonly answer: Parsed<SecretRef> | undefined;
  readonly text: string;
}

/** OCSP responses in files, each beside its certificate or named with it. The same answer while file, certificate and validity last. */
export class StapleFiles {
  private readonly reads = new Map<string, Read>();
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
    for (const { answer, text } of this.reads.values())
      if (answer?.ok === true && answer.value.sha256 === hash) return text;
    return undefined;
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

  private judge(path: string, pem: string, named: boolean): Pick<Read, 'answer' | 'text' | 'untilMs'> {
    const none = { text: '', untilMs: Number.POSITIVE_INFINITY };
    const facts = readCertificateFacts(pem);
    if ('error' in facts) return { answer: undefined, ...none };
    const found = readTexts([path]);
    if (!found.ok) {
      const reason = named ? `names an OCSP response that ${found.reason}` : missingStaple(facts);
      return { answer: reason === undefined ? undefined : refuse('W_OCSP', reason), ...none };
    }
    const judged = judgeStaple(found.value[0] ?? '', facts, this.nowMs());
    if (!judged.ok) return { answer: judged, ...none };
    const { text, untilMs } = judged.value;
    return { answer: accept({ sha256: sha256(text), origin: `file ${path}` }), text, untilMs };
  }
}
