import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { setImmediate } from 'node:timers/promises';
import type { Context } from '../model/index.ts';
import type { TlsMaterial } from './access.ts';
import type { Limits } from './contract.ts';
import { KubeError } from './kube-error.ts';
import { openSocket } from './open-socket.ts';

/** A stream may receive so much before it is read, a session so much in all: many lists at once, no stall on a far server. */
const streamWindow = 4 << 20;
const sessionWindow = 16 << 20;
/** Many servers allow 250, some 100; more than this on one connection is of no use. */
const mostStreams = 1_000;

/** One HTTP/2 connection, watched by pings: one that stays without answer ends it, and with it every stream on it. */
export class Session {
  readonly tls: TlsMaterial;
  readonly #http2: ClientHttp2Session;
  readonly #over = new AbortController();
  #open = 0;
  #retired = false;
  #error: KubeError | undefined;

  private constructor(http2: ClientHttp2Session, tls: TlsMaterial) {
    this.#http2 = http2;
    this.tls = tls;
  }

  /** Resolves when the server has shown that it speaks HTTP/2. `ended` is called once. Rejects with KubeError. */
  static async open(
    server: URL,
    tls: TlsMaterial,
    limits: Limits,
    clock: Context['clock'],
    signal: AbortSignal,
    ended: (session: Session) => void,
  ): Promise<Session> {
    const socket = await openSocket(server, tls, limits.connectMs, signal);
    const http2 = connect(server.origin, {
      createConnection: () => socket,
      settings: { initialWindowSize: streamWindow, enablePush: false },
      // Counts what is buffered for all streams, in MB; at the default of 10 streams are refused during large lists.
      maxSessionMemory: 512,
    });
    const session = new Session(http2, tls);
    http2.on('error', (cause) => {
      session.#error ??= new KubeError(0, 'Closed', `${server.origin}: the connection broke (${cause.message})`, {
        cause,
      });
    });
    http2.on('close', () => {
      session.#retired = true;
      session.#over.abort();
      ended(session);
    });
    await session.#ready(server, limits.connectMs, signal);
    void session.#watchOver(server, limits, clock);
    return session;
  }

  /** Takes new requests. One that has been told goodbye (GOAWAY) counts as closed from then on, and ends with its last stream. */
  get usable(): boolean {
    return !this.#retired && !this.#http2.closed && !this.#http2.destroyed;
  }

  /** Why it ended; absent: somebody closed it. */
  get error(): KubeError | undefined {
    return this.#error;
  }

  /** Whether one more stream is allowed. Long ones leave a tenth of the room to short ones. */
  hasRoom(long: boolean): boolean {
    const allowed = Math.min(this.#http2.remoteSettings?.maxConcurrentStreams ?? 100, mostStreams);
    return this.#open < (long ? Math.max(1, Math.floor(allowed * 0.9)) : allowed);
  }

  request(headers: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream {
    const stream = this.#http2.request(headers, { endStream });
    this.#open++;
    stream.once('close', () => {
      this.#open--;
      // A retired session has no further use once its last stream has ended.
      if (this.#retired && this.#open === 0) this.#http2.close();
    });
    return stream;
  }

  /** No new requests; open streams go on to their ends. */
  retire(): void {
    this.#retired = true;
    if (this.#open === 0 && !this.#http2.destroyed) this.#http2.close();
  }

  destroy(error?: KubeError): void {
    this.#error ??= error;
    this.#http2.destroy(error, constants.NGHTTP2_CANCEL);
  }

  #ready(server: URL, connectMs: number, signal: AbortSignal): Promise<void> {
    const http2 = this.#http2;
    return new Promise((done, fail) => {
      const settle = (error?: KubeError) => {
        clearTimeout(timer);
        http2.off('remoteSettings', ready);
        http2.off('close', closed);
        signal.removeEventListener('abort', abort);
        if (error === undefined) return done();
        this.destroy(error);
        fail(error);
      };
      const ready = () => {
        http2.setLocalWindowSize(sessionWindow);
        settle();
      };
      const closed = () =>
        settle(
          new KubeError(
            0,
            'Unreachable',
            `${server.origin} does not speak HTTP/2 (${this.#error?.message ?? 'closed'})`,
            {
              unsent: true,
            },
          ),
        );
      const abort = () => settle(new KubeError(0, 'Aborted', 'aborted', { unsent: true }));
      const timer = setTimeout(
        () =>
          settle(
            new KubeError(0, 'Timeout', `${server.origin} does not begin HTTP/2 within ${connectMs} ms`, {
              unsent: true,
            }),
          ),
        connectMs,
      );
      http2.once('remoteSettings', ready);
      http2.once('close', closed);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
    });
  }

  async #watchOver(server: URL, { pingEveryMs, pingDeadlineMs }: Limits, clock: Context['clock']): Promise<void> {
    const over = this.#over.signal;
    while (!over.aborted && !this.#http2.destroyed) {
      const answered = new AbortController();
      if (!this.#http2.ping(() => answered.abort())) break;
      const end = () => answered.abort();
      over.addEventListener('abort', end, { once: true });
      await clock.sleep(pingDeadlineMs, answered.signal);
      over.removeEventListener('abort', end);
      // After a pause of the whole process the answer may lie in the socket, unread.
      if (!answered.signal.aborted) for (let i = 0; i < 3; i++) await setImmediate();
      if (over.aborted) return;
      if (!answered.signal.aborted) {
        this.destroy(new KubeError(0, 'Closed', `${server.origin} has not answered for ${pingDeadlineMs} ms`));
        return;
      }
      await clock.sleep(pingEveryMs, over);
    }
  }
}
