import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { Context, Log } from '../model/index.ts';
import { sameTls, type TlsMaterial } from './access.ts';
import type { Connection, Limits } from './contract.ts';
import { KubeError, toKubeError } from './kube-error.ts';
import { Session } from './session.ts';

/** More are opened only when the server allows few streams on each. */
const mostSessions = 32;

/** The sessions to one server: one, and a further one while a first that has said goodbye ends its streams, or has no room for more. */
export class Sessions implements Connection {
  readonly #server: URL;
  readonly #limits: Limits;
  readonly #clock: Context['clock'];
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #all = new Set<Session>();
  readonly #listeners = new Set<() => void>();
  #connecting: Promise<Session> | undefined;
  #opened = 0;
  /** When the server was found again after it was away; -Infinity: it never was. */
  #backMs = Number.NEGATIVE_INFINITY;
  #error: KubeError | undefined;

  constructor(server: string, limits: Limits, clock: Context['clock'], log: Log, signal: AbortSignal) {
    this.#server = new URL(server);
    this.#limits = limits;
    this.#clock = clock;
    this.#log = log;
    this.#signal = signal;
  }

  get connected(): boolean {
    for (const session of this.#all) if (session.usable) return true;
    return false;
  }

  get sessions(): number {
    return this.#opened;
  }

  get error(): KubeError | undefined {
    return this.connected ? undefined : this.#error;
  }

  /** The server was away, and is back for less than `limits.startingMs`. */
  get starting(): boolean {
    return this.#clock.now() - this.#backMs < this.#limits.startingMs;
  }

  /** Calls back when a connection stands after there was none; answers how to stop that. */
  onConnected(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens a stream, with a session for it where there is none. `long`: a watch. Rejects with KubeError. */
  async request(
    tls: TlsMaterial,
    headers: OutgoingHttpHeaders,
    { long, endStream }: { readonly long: boolean; readonly endStream: boolean },
  ): Promise<ClientHttp2Stream> {
    for (;;) {
      if (this.#signal.aborted) throw new KubeError(0, 'Aborted', 'the cluster is closed', { unsent: true });
      const session = this.#pick(tls, long);
      if (session !== undefined) return session.request(headers, endStream);
      if (this.#all.size >= mostSessions)
        throw new KubeError(0, 'Busy', `${this.#server.origin} allows too few streams at once`, { unsent: true });
      this.#connecting ??= this.#open(tls).finally(() => {
        this.#connecting = undefined;
      });
      await this.#connecting;
    }
  }

  close(): void {
    for (const session of this.#all) session.destroy(new KubeError(0, 'Aborted', 'the cluster is closed'));
  }

  #pick(tls: TlsMaterial, long: boolean): Session | undefined {
    let found: Session | undefined;
    for (const session of this.#all) {
      if (!session.usable) continue;
      // Another certificate or authority: streams end where they are, new ones show the new one.
      if (!sameTls(session.tls, tls)) session.retire();
      else if (found === undefined && session.hasRoom(long)) found = session;
    }
    return found;
  }

  async #open(tls: TlsMaterial): Promise<Session> {
    const had = this.connected;
    try {
      const session = await Session.open(this.#server, tls, this.#limits, this.#clock, this.#signal, (ended) =>
        this.#ended(ended),
      );
      if (!had && (this.#opened > 0 || this.#error !== undefined)) this.#backMs = this.#clock.now();
      this.#opened++;
      this.#all.add(session);
      this.#error = undefined;
      if (!had) for (const listener of [...this.#listeners]) listener();
      return session;
    } catch (cause) {
      const error = toKubeError(cause, 'Unreachable', this.#server.origin);
      if (!this.connected) this.#error = error;
      throw error;
    }
  }

  #ended(session: Session): void {
    if (!this.#all.delete(session) || this.#signal.aborted) return;
    const { error } = session;
    if (error === undefined) return;
    this.#error = error;
    this.#log.debug({ server: this.#server.origin, err: error }, 'connection to the API server lost');
  }
}
