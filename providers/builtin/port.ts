/** One address and port that is listened on. A port that is taken is tried again until it is free; nothing else waits for it. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Context, ErrorCode } from '../../src/model/index.ts';
import { targetKey } from './names.ts';

export interface PortFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

export class ListenPort {
  /** Why it does not listen; undefined: it does. */
  failure: PortFailure | undefined;
  readonly #server: Server;
  readonly #closed = new AbortController();
  readonly #address: string;
  readonly #port: number;

  constructor(address: string, port: number, accept: (socket: Socket) => void) {
    this.#address = address;
    this.#port = port;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  }

  /** Tries once, then goes on trying in the background; `changed` is called when that succeeds. */
  async open(ctx: Context, retryMs: number, changed: () => void): Promise<void> {
    await this.#try();
    if (this.failure !== undefined) void this.#retry(ctx, retryMs, changed);
  }

  async #retry(ctx: Context, retryMs: number, changed: () => void): Promise<void> {
    while (this.failure !== undefined) {
      await ctx.clock.sleep(retryMs, this.#closed.signal).catch(() => undefined);
      if (this.#closed.signal.aborted) return;
      await this.#try();
    }
    changed();
  }

  #try(): Promise<void> {
    return new Promise((resolve) => {
      const settle = (failure: PortFailure | undefined) => {
        this.#server.removeAllListeners('error').removeAllListeners('listening');
        this.#server.on('error', () => {});
        this.failure = failure;
        if (failure === undefined && this.#closed.signal.aborted) this.#server.close();
        resolve();
      };
      this.#server.once('error', (error) => settle(failureOf(error, targetKey(this.#address, this.#port))));
      this.#server.once('listening', () => settle(undefined));
      // ipv6Only: `::` beside `0.0.0.0` must not claim the IPv4 port as well.
      this.#server.listen({
        host: this.#address,
        port: this.#port,
        ipv6Only: this.#address.includes(':'),
        backlog: 4096,
      });
    });
  }

  /** Takes no more connections; those accepted live on. */
  close(): void {
    this.#closed.abort();
    if (this.#server.listening) this.#server.close();
  }
}

function failureOf(error: Error, place: string): PortFailure {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE') {
    return { code: 'E_PORT_TAKEN', message: `Another process listens on ${place}: stop it or choose another port.` };
  }
  if (code === 'EACCES') {
    return {
      code: 'E_PORT_PERMISSION',
      message: `weir may not listen on ${place}: use a port from 1024 on, or give CAP_NET_BIND_SERVICE.`,
    };
  }
  if (code === 'EADDRNOTAVAIL') {
    return {
      code: 'E_LISTEN_ADDRESS',
      message: `${place} is not an address of this machine: add it, or choose another one.`,
    };
  }
  return { code: 'E_APPLY', message: `weir cannot listen on ${place}: ${error.message}` };
}
