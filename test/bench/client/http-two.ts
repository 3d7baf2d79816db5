/** POSTs over sessions of HTTP/2. A session that the server says goodbye to takes no more requests; what it had under way must be answered. */
import { type ClientHttp2Session, connect } from 'node:http2';
import { monotonicMs } from './monotonic.ts';
import type { Ask, LoadSpec } from './swarm-words.ts';
import type { Tally } from './tally.ts';

const timeoutMs = 5_000;
const perSession = 8;

export class HttpTwo {
  asks: readonly Ask[];
  underWay = 0;
  readonly open = 0;
  readonly #spec: LoadSpec;
  readonly #tally: Tally;
  readonly #sessions = new Set<ClientHttp2Session>();
  readonly #places: (ClientHttp2Session | undefined)[];
  #turn = 0;

  constructor(spec: LoadSpec, tally: Tally) {
    this.#spec = spec;
    this.#tally = tally;
    this.asks = spec.asks ?? [];
    this.#places = Array.from({ length: spec.connections }, () => undefined);
  }

  send(): boolean {
    if (this.underWay >= this.#places.length * perSession) return false;
    const turn = this.#turn++;
    const ask = this.asks[turn % this.asks.length];
    if (ask === undefined) return false;
    const place = turn % this.#places.length;
    const session = this.#places[place] ?? this.#connect(place, ask.authority);
    this.#request(session, ask);
    return true;
  }

  sweep(): void {}

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #connect(place: number, authority: string): ClientHttp2Session {
    const { port, ca } = this.#spec;
    const session = connect(`https://${authority}:${port}`, {
      host: '127.0.0.1',
      servername: authority,
      ...(ca === undefined ? {} : { ca }),
    });
    const leave = () => {
      if (this.#places[place] === session) this.#places[place] = undefined;
    };
    session.on('goaway', leave);
    session.on('close', () => {
      leave();
      this.#sessions.delete(session);
    });
    // The requests under way tell it, each for itself.
    session.on('error', leave);
    this.#places[place] = session;
    this.#sessions.add(session);
    return session;
  }

  #request(session: ClientHttp2Session, { authority, path = '/', by }: Ask): void {
    const startMs = monotonicMs();
    this.underWay++;
    let status = 0;
    let target: string | undefined;
    let error: string | undefined;
    if (session.destroyed || session.closed) error = 'session was closed';
    const finish = () => {
      this.underWay--;
      const ok = error === undefined && status >= 200 && status < 400;
      const reason = ok ? undefined : (error ?? (status === 0 ? 'closed without an answer' : `status ${status}`));
      this.#tally.take(
        startMs,
        { ok, ...(target === undefined ? {} : { target }), ...(reason === undefined ? {} : { error: reason }) },
        by,
      );
    };
    if (error !== undefined) {
      finish();
      return;
    }
    const stream = session.request({ ':method': 'POST', ':path': path, ':authority': authority });
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
      target = headers['x-target']?.toString();
    });
    stream.on('error', (cause) => {
      error = 'code' in cause ? `${cause.code} ${cause.message}` : cause.message;
    });
    stream.on('close', finish);
    stream.setTimeout(timeoutMs, () => {
      error = 'time-out';
      stream.close();
    });
    stream.resume();
    stream.end('twenty-one bytes here');
  }
}
