/**
 * One HTTP/2 session over TLS (RFC 9113), as little of it as requests with a short body need. Frames are written the moment they are
 * asked for, so that what fails was in the server's hands: node:http2 also refuses by itself what it has not sent when a goodbye arrives.
 */
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { Outcome } from './wire.ts';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const type = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const;
const ended = 0x1;
const headersEnded = 0x4;
const ack = 0x1;
const body = Buffer.from('twenty-one bytes here');

interface Asked {
  readonly settle: (outcome: Outcome) => void;
  status?: string;
  target?: string;
}

export class H2Session {
  readonly #socket: TLSSocket;
  readonly #asked = new Map<number, Asked>();
  #received: Buffer = Buffer.alloc(0);
  #nextId = 1;
  #leaving = false;
  #broken: string | undefined;

  constructor(port: number, { serverName, context }: { readonly serverName: string; readonly context: SecureContext }) {
    this.#socket = connect({
      ...{ port, host: '127.0.0.1', servername: serverName, secureContext: context },
      ALPNProtocols: ['h2'],
    });
    this.#socket.setNoDelay(true);
    this.#socket.write(Buffer.concat([Buffer.from(preface), frame(type.settings, 0, 0, Buffer.alloc(0))]));
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#break('code' in error ? String(error.code) : error.message));
    this.#socket.on('close', () => this.#break('session closed'));
  }

  get usable(): boolean {
    return !this.#leaving && this.#broken === undefined;
  }

  get idle(): boolean {
    return this.#asked.size === 0;
  }

  /** Sends; answers what gives it up. */
  post(authority: string, path: string, settle: (outcome: Outcome) => void): (error: string) => void {
    const id = this.#nextId;
    this.#nextId += 2;
    this.#asked.set(id, { settle });
    // HPACK: POST and https out of the static table, path and authority as plain literals that are not kept.
    const head = Buffer.concat([Buffer.from([0x83, 0x87]), literal(0x04, path), literal(0x01, authority)]);
    this.#socket.write(Buffer.concat([frame(type.headers, headersEnded, id, head), frame(type.data, ended, id, body)]));
    return (error) => this.#fail(id, error);
  }

  close(): void {
    this.#socket.destroy();
  }

  #break(error: string): void {
    this.#broken ??= error;
    for (const id of [...this.#asked.keys()]) this.#fail(id, error);
  }

  #fail(id: number, error: string): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    asked?.settle({ ok: false, error });
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 9) {
      const size = 9 + this.#received.readUIntBE(0, 3);
      if (this.#received.length < size) return;
      const [kind = 0, flags = 0] = this.#received.subarray(3, 5);
      const id = this.#received.readUInt32BE(5) & 0x7fffffff;
      const payload = this.#received.subarray(9, size);
      this.#received = this.#received.subarray(size);
      this.#handle(kind, flags, id, payload);
    }
  }

  #handle(kind: number, flags: number, id: number, payload: Buffer): void {
    const asked = this.#asked.get(id);
    if (kind === type.settings && (flags & ack) === 0)
      this.#socket.write(frame(type.settings, ack, 0, Buffer.alloc(0)));
    if (kind === type.ping && (flags & ack) === 0) this.#socket.write(frame(type.ping, ack, 0, payload));
    if (kind === type.reset) this.#fail(id, `stream reset with code ${payload.readUInt32BE(0)}`);
    if (kind === type.goaway) {
      this.#leaving = true;
      const last = payload.readUInt32BE(0) & 0x7fffffff;
      for (const open of [...this.#asked.keys()]) if (open > last) this.#fail(open, 'refused by goodbye');
    }
    if (kind === type.data && payload.length > 0) this.#socket.write(windowUpdate(payload.length));
    if (asked === undefined) return;
    if (kind === type.headers) Object.assign(asked, readHead(payload));
    if ((kind === type.headers || kind === type.data) && (flags & ended) !== 0) {
      this.#asked.delete(id);
      const { status = 'none', target, settle } = asked;
      const ok = status === '200';
      settle({ ok, ...(target === undefined ? {} : { target }), ...(ok ? {} : { error: `status ${status}` }) });
    }
  }
}

/** HAProxy writes 200 as its place in the static table, others and all our headers as plain literals. */
function readHead(payload: Buffer): { readonly status: string; readonly target?: string } {
  const text = payload.toString('latin1');
  const status = payload[0] === 0x88 ? '200' : (/\d{3}/.exec(text)?.[0] ?? 'unknown');
  const target = /x-target.(t\d+)/s.exec(text)?.[1];
  return { status, ...(target === undefined ? {} : { target }) };
}

function frame(kind: number, flags: number, id: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = kind;
  head[4] = flags;
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}

function windowUpdate(bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(type.windowUpdate, 0, 0, payload);
}

function literal(nameIndex: number, value: string): Buffer {
  return Buffer.concat([Buffer.from([nameIndex, value.length]), Buffer.from(value, 'latin1')]);
}
