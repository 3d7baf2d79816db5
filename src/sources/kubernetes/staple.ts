import { accept, canonicalSerial, type Parsed, parseOcspResponse, refuse } from '../../net/index.ts';
import type { CertificateFacts } from './secret.ts';

/** An OCSP response that may be shown with a certificate: base64 of its DER. */
export interface Staple {
  readonly text: string;
  /** When it must not be shown any more. */
  readonly untilMs: number;
}

/** What of the facts of a certificate its response is judged by. */
export type Stapled = Pick<CertificateFacts, 'serial' | 'issuerIncluded' | 'mustStaple'>;

/** Why nothing can be stapled where nothing is given; undefined: nothing is asked for. */
export function missingStaple({ mustStaple }: Stapled): string | undefined {
  return mustStaple
    ? 'holds a certificate that clients refuse without an OCSP response (must-staple), and there is none'
    : undefined;
}

/** Whether a response, as Latin-1 text of its bytes, can be stapled now. The reason says nothing of what follows: there may be another response. */
export function readStaple(bytes: string, cert: Stapled, nowMs: number): Parsed<Staple> {
  const response = parseOcspResponse(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
  if (!response.ok) return refuse('W_OCSP', response.reason);
  const { serial, thisUpdateMs, nextUpdateMs } = response.value;
  const day = new Date(nextUpdateMs).toISOString();
  const fault =
    serial !== canonicalSerial(cert.serial)
      ? 'has an OCSP response for another certificate'
      : !cert.issuerIncluded
        ? 'has an OCSP response, but no chain with the issuer, without which it cannot be used'
        : nextUpdateMs <= nowMs
          ? `has an OCSP response that was valid until ${day}`
          : thisUpdateMs > nowMs + allowedSkewMs
            ? 'has an OCSP response that is not valid yet'
            : undefined;
  return fault === undefined ? accept({ text: btoa(bytes), untilMs: nextUpdateMs }) : refuse('W_OCSP', fault);
}

/** As OpenSSL allows. */
const allowedSkewMs = 300_000;

/** What is wrong with a response, and what that means for clients. */
export function withoutStaple(reason: string, { mustStaple }: Stapled): string {
  return `${reason}; none is stapled${mustStaple ? ', and clients refuse this certificate without one (must-staple)' : ''}`;
}
