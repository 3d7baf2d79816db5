/** One client connection on a raw socket: sends a request, reads exactly one answer. No retries, nothing hidden. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Answer, LoadOptions } from '../client.ts';
import { monotonicMs } from './monotonic.ts';

type Outcome = { status: number; target: string } | { error: string };

export class Connection {
  readonly #socket: Socket;
  readonly #request: string;
  readonly #keep: boolean;
  #received: Buffer = Buffer.alloc(0);
  #closed = false;
  #settle: ((outcome: Outcome) => void) | undefined;

  constructor(options: LoadOptions) {
    const { port, host = '127.0.0.1', path = '/', method = 'GET', mode, body = '', tls } = options;
    this.#keep = mode === 'keepalive';
    const length =
      body === '' && method !== 'POST' && method !== 'PUT' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
    const connection = this.#keep ? '' : 'Connection: close\r\n';
    this.#request = `${method} ${path} HTTP/1.1\r\nHost: ${options.authority ?? `${host}:${port}`}\r\n${length}${connection}\r\n${body}`;
    this.#socket =
      tls === undefined
        ? connect({ port, host })
        : connectTls({ port, host, servername: tls.serverName, ...(tls.ca === undefined ? {} : { ca: tls.ca }) });
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk) => this.#take(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    this.#socket.on('error', (error) => this.#finish({ error: 'code' in error ? String(error.code) : error.message }));
    this.#socket.on('end', () => this.#end());
    this.#socket.on('close', () => this.#end());
  }

  /** May another request be sent? */
  get usable(): boolean {
    return this.#keep && !this.#closed && !this.#socket.destroyed;
  }

  /** Sends the request; resolves with what came back, also when that is a failure. A request later than `timeoutMs` has failed. */
  async ask(timeoutMs: number): Promise<Answer> {
    const startMs = monotonicMs();
    const outcome = await new Promise<Outcome>((resolve) => {
      const timer = setTimeout(() => this.#finish({ error: 'time-out' }), timeoutMs);
      this.#settle = (result) => {
        clearTimeout(timer);
        resolve(result);
      };
      this.#socket.write(this.#request);
    });
    const endMs = monotonicMs();
    if ('error' in outcome) return { startMs, endMs, ok: false, error: outcome.error };
    return { startMs, endMs, ok: outcome.status >= 200 && outcome.status < 400, ...outcome };
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = readAnswer(this.#received, this.#closed);
    if (answer === undefined) return;
    this.#received = this.#received.subarray(answer.size);
    if (answer.last) this.#closed = true;
    this.#finish({ status: answer.status, target: answer.target });
  }

  #end(): void {
    this.#closed = true;
    const answer = readAnswer(this.#received, true);
    this.#finish(
      answer === undefined ? { error: this.#received.length === 0 ? 'closed without an answer' : 'cut off' } : answer,
    );
  }

  #finish(outcome: Outcome): void {
    const settle = this.#settle;
    this.#settle = undefined;
    if ('error' in outcome) this.close();
    settle?.(outcome);
  }
}

interface Parsed {
  readonly status: number;
  readonly target: string;
  /** Bytes of the whole answer. */
  readonly size: number;
  /** The server will close. */
  readonly last: boolean;
}

/** One HTTP/1.1 answer, or undefined while it is incomplete. */
function readAnswer(data: Buffer, ended: boolean): Parsed | undefined {
  const headEnd = data.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = data.toString('latin1', 0, headEnd);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? Number.NaN);
  const start = headEnd + 4;
  const length = header(head, 'content-length');
  const last = header(head, 'connection')?.toLowerCase() === 'close';
  const body = /^chunked$/i.test(header(head, 'transfer-encoding') ?? '')
    ? chunks(data, start)
    : plain(
        data,
        start,
        length !== undefined
          ? Number(length)
          : [204, 304].includes(status)
            ? 0
            : ended
              ? data.length - start
              : undefined,
      );
  if (body === undefined) return undefined;
  const target = header(head, 'x-target') ?? body.text.slice(0, 100).trim();
  return { status, target, size: body.end, last };
}

interface Body {
  readonly text: string;
  readonly end: number;
}

function plain(data: Buffer, start: number, length: number | undefined): Body | undefined {
  if (length === undefined || start + length > data.length) return undefined;
  return { text: data.toString('utf8', start, start + length), end: start + length };
}

function header(head: string, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}:[ \\t]*([^\\r\\n]*)`, 'i').exec(head)?.[1];
}

function chunks(data: Buffer, start: number): Body | undefined {
  let text = '';
  for (let at = start; ; ) {
    const lineEnd = data.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const from = lineEnd + 2;
    const size = Number.parseInt(data.toString('latin1', at, lineEnd), 16);
    at = from + size + 2;
    if (!(at <= data.length)) return undefined;
    if (size === 0) return { text, end: at };
    text += data.toString('utf8', from, from + size);
  }
}
