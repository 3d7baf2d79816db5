import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Json } from '../model/index.ts';
import type { JsonObject } from './contract.ts';
import { KubeError } from './kube-error.ts';

/** The head of an answer; its body is still to be read from the stream. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly stream: ClientHttp2Stream;
  /** Why the stream ended badly, once it has. */
  readonly failure: () => KubeError;
}

/** The whole body. Rejects with KubeError `TooLarge`, or what broke the stream. */
export async function readBody({ stream, failure }: Answer, maxBytes: number, doing: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) continue;
      bytes += chunk.length;
      if (bytes > maxBytes) throw new KubeError(0, 'TooLarge', `${doing}: the answer is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof KubeError ? error : failure();
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes);
}

/** The messages of the JSON parser quote the text, and the text may be a Secret: they are not passed on. */
export function parseObject(body: Buffer, { headers }: Pick<Answer, 'headers'>, doing: string): JsonObject {
  const value = parseJson(body);
  if (isObject(value)) return value;
  const type = headers['content-type'] ?? 'of no type';
  throw new KubeError(
    0,
    'BadAnswer',
    `${doing}: the answer (${type}, ${body.length} bytes) is no complete JSON object`,
  );
}

/** undefined: no JSON. */
export function parseJson(body: Buffer): Json | undefined {
  try {
    const value: Json = JSON.parse(body.toString('utf8'));
    return value;
  } catch {
    return undefined;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What an answer with an error status says: its Status object, or as much as a proxy's page tells. */
export function answerError(status: number, headers: IncomingHttpHeaders, body: Buffer, doing: string): KubeError {
  const value = parseJson(body);
  const retryAfterMs = readRetryAfter(headers['retry-after']);
  if (isObject(value) && value.kind === 'Status') return statusError(value, doing, status, retryAfterMs);
  const { server, location } = headers;
  const who = typeof server === 'string' ? `, answered by ${printable(server)}` : '';
  const where = location === undefined ? '' : ', redirected: write the address it leads to as server';
  return new KubeError(
    status,
    status === 0 ? 'BadAnswer' : `Http${status}`,
    `${doing}: HTTP status ${status}${who}${where}`,
    {
      retryAfterMs,
    },
  );
}

/** A Status object: body of an error, or ERROR event of a watch. Source: meta/v1 Status. */
export function statusError(status: JsonObject, doing: string, httpStatus = 0, headerMs?: number): KubeError {
  const code = typeof status.code === 'number' ? status.code : httpStatus;
  const reason = typeof status.reason === 'string' && status.reason !== '' ? printable(status.reason) : `Http${code}`;
  const message = typeof status.message === 'string' ? printable(status.message) : 'no message';
  const seconds = isObject(status.details) ? status.details.retryAfterSeconds : undefined;
  const detailMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined;
  return new KubeError(code, reason, `${doing}: ${message}`, { retryAfterMs: detailMs ?? headerMs });
}

/** Seconds; the form with a date is not used by API servers. */
function readRetryAfter(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : undefined;
}

function printable(text: string): string {
  const clean = text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ');
  return clean.length > 1_000 ? `${clean.slice(0, 1_000)}…` : clean;
}
