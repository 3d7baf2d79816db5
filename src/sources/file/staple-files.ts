import type { SecretRef } from '../../model/service.ts';
import { accept, type Parsed, refuse } from '../../net/index.ts';
import { judgeStaple, missingStaple, readCertificateFacts, sha256 } from '../kubernetes/index.ts';
import { readTexts } from './read-certificate.ts';
import { signatureOf } from './signature.ts';

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

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** The response for a PEM bundle; undefined: there is none and none is needed. `named`: its owner names the file. */
  read(path: string, pem: string, named: boolean): Parsed<SecretRef> | undefined {
    const signature = signatureOf([path]);
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

  paths(): readonly string[] {
    return [...this.reads.keys()];
  }

  /** Whether a file is another one than it was, or a response has come to its end. */
  changed(): boolean {
    return [...this.reads].some(
      ([path, { signature, untilMs }]) => signature !== signatureOf([path]) || this.nowMs() >= untilMs,
    );
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
