/** One HTTP/1.1 client connection on a raw socket, as cheap as can be: one request at a time, no retries, every way to fail told apart. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';

export interface WireOptions {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly tls?: { readonly serverName: string; readonly context: SecureContext };
  /** Uses a connection again without looking whether the server closed it meanwhile. */
  readonly blind?: boolean;
}

export interface Outcome {
  readonly ok: boolean;
  readonly target?: string;
  readonly error?: string;
}

export class Wire {
  readonly #socket: Socket;
  readonly #blind: boolean;
  #received = '';
  #settle: ((outcome: Outcome) => void) | undefined;
  /** The server said that this was the last answer. */
  #last = false;
  #broken: string | undefined;

  constructor({ port, host = '127.0.0.1', tls, blind = false }: WireOptions) {
    this.#blind = blind;
    const to = { port, host, allowHalfOpen: blind };
    this.#socket =
      tls === undefined
        ? connect(to)
        : connectTls({ ...to, servername: tls.serverName, secureContext: tls.context, ALPNProtocols: ['http/1.1'] });
    this.#socket.setNoDelay(true);
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#take(text));
    this.#socket.on('error', (error) => this.#break('code' in error ? String(error.code) : error.message));
    this.#socket.on('end', () => this.#break(this.#received === '' ? 'closed without an answer' : 'cut off'));
    this.#socket.on('close', () => this.#break('closed'));
  }

  get busy(): boolean {
    return this.#settle !== undefined;
  }

  /** May another request be sent? A blind client knows only what the answers said. */
  get usable(): boolean {
    return !this.#last && (this.#blind || this.#broken === undefined);
  }

  ask(request: string, settle: (outcome: Outcome) => void): void {
    if (this.#broken !== undefined) {
      settle({ ok: false, error: `${this.#broken} (when used again)` });
      this.close();
      return;
    }
    this.#settle = settle;
    this.#socket.write(request, 'latin1');
  }

  /** Gives up what is under way. */
  fail(error: string): void {
    this.#break(error);
    this.close();
  }

  close(): void {
    this.#last = true;
    this.#socket.destroy();
  }

  #break(error: string): void {
    this.#broken ??= error;
    if (this.#settle === undefined) return;
    this.#finish({ ok: false, error });
    this.close();
  }

  #take(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    // Targets and HAProxy both say the length; an answer without one is none of ours.
    if (Number.isNaN(length)) {
      this.#break('answer without a length');
      return;
    }
    if (this.#received.length < headEnd + 4 + length) return;
    this.#received = this.#received.slice(headEnd + 4 + length);
    if (/\r\nconnection: *close/i.test(head)) this.#last = true;
    const status = Number(head.slice(9, 12));
    const target = /\r\nx-target: *([^\r]*)/i.exec(head)?.[1];
    const ok = status >= 200 && status < 400;
    this.#finish({ ok, ...(target === undefined ? {} : { target }), ...(ok ? {} : { error: `status ${status}` }) });
  }

  #finish(outcome: Outcome): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
  }
}
