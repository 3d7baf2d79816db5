import { accept, type Parsed, refuse } from './parsed.ts';

/** What an OCSP response (RFC 6960) says of its one certificate. The signature is for clients to check. */
export interface OcspResponse {
  /** Lower-case hex without leading zeros. */
  readonly serial: string;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
}

/** Why a response is refused that says what nobody may hide: an older one must not be shown in its place. */
export const notGood = 'has an OCSP response that does not call the certificate good';

/** Larger ones do not fit the commands of proxies. */
const maxBytes = 8_000;

/** A response in DER for exactly one certificate, which is not revoked, with an end of its validity. */
export function parseOcspResponse(bytes: Uint8Array): Parsed<OcspResponse> {
  if (bytes.length > maxBytes) return refuse('W_OCSP', `has an OCSP response of more than ${maxBytes} bytes`);
  const broken = refuse('W_OCSP', 'has an OCSP response that cannot be decoded');
  const [status, body] = elements(contentOf(elements(bytes)[0], 0x30));
  if (status?.tag !== 0x0a) return broken;
  if (status.content[0] !== 0)
    return refuse('W_OCSP', `has an OCSP response that reports failure ${status.content[0]}`);
  const [kind, octets] = elements(contentOf(elements(contentOf(body, 0xa0))[0], 0x30));
  if (kind === undefined || hexOf(kind.content) !== basicResponse) return broken;
  const [data] = elements(contentOf(elements(contentOf(octets, 0x04))[0], 0x30));
  // version [0], responder [1] or [2], time of production, the responses.
  const responses = elements(contentOf(data, 0x30)).find(({ tag }) => tag === 0x30);
  const [single, second] = elements(contentOf(responses, 0x30));
  if (second !== undefined)
    return refuse('W_OCSP', 'has an OCSP response for several certificates; give one for its own');
  const [id, state, from, until] = elements(contentOf(single, 0x30));
  const serial = elements(contentOf(id, 0x30))[3];
  const [thisUpdateMs, nextUpdateMs] = [timeOf(from), timeOf(elements(contentOf(until, 0xa0))[0])];
  if (serial?.tag !== 0x02 || state === undefined || thisUpdateMs === undefined) return broken;
  if (state.tag !== 0x80) return refuse('W_OCSP', notGood);
  if (nextUpdateMs === undefined) return refuse('W_OCSP', 'has an OCSP response without an end of its validity');
  return accept({ serial: canonicalSerial(hexOf(serial.content)), thisUpdateMs, nextUpdateMs });
}

/** A serial number in hex as all have it here. */
export function canonicalSerial(hex: string): string {
  return hex.toLowerCase().replace(/^0+/, '');
}

/** id-pkix-ocsp-basic */
const basicResponse = '2b0601050507300101';

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

const nothing = new Uint8Array();

function contentOf(element: Element | undefined, tag: number): Uint8Array {
  return element?.tag === tag ? element.content : nothing;
}

/** The DER elements of a content; none where it is malformed. */
function elements(bytes: Uint8Array): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [tag, first] = [bytes[at], bytes[at + 1]];
    if (tag === undefined || first === undefined) return [];
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || count > 3) return [];
    let length = first < 0x80 ? first : 0;
    for (const byte of bytes.subarray(at + 2, at + 2 + count)) length = length * 256 + byte;
    const start = at + 2 + count;
    if (start + length > bytes.length) return [];
    found.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** GeneralizedTime as RFC 5280 has it: `20260131235959Z`. */
function timeOf(element: Element | undefined): number | undefined {
  const text = String.fromCharCode(...contentOf(element, 0x18));
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
