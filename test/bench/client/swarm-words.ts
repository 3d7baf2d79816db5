/** What a benchmark and its swarm of clients say to each other. Times are `monotonicMs`. */

/** What is asked for, in turn. A request goes to the whole list again and again. */
export interface Ask {
  readonly authority: string;
  /** Default `/`. */
  readonly path?: string;
  /** Anyone else who answers has failed it. */
  readonly by?: readonly string[];
}

/** One kind of load. Every name occurs once. */
export interface LoadSpec {
  readonly name: string;
  /**
   * new: a GET on a connection of its own. pool: POSTs on `connections` kept open, picked at random. h2: POSTs on `connections` sessions
   * of HTTP/2 over TLS. ping: TCP streams that send and wait for the echo. chunks: answers without end.
   */
  readonly kind: 'new' | 'pool' | 'h2' | 'ping' | 'chunks';
  readonly port: number;
  /** Default 127.0.0.1; not for h2. */
  readonly host?: string;
  readonly connections: number;
  /** Requests; for streams: pings on each connection. */
  readonly perSecond: number;
  readonly asks?: readonly Ask[];
  /** PEM of the authorities: TLS, with the authority of each request as server name. */
  readonly ca?: string;
  /** pool: does not look at a connection before it uses it again. */
  readonly blind?: boolean;
  /** Tells when each request began and how long it took. */
  readonly timed?: boolean;
}

export interface SwarmOptions {
  readonly loads: readonly LoadSpec[];
  /** Directory of the raw events: one file a load, one line a request `startMs ms target|error`. */
  readonly raw?: string;
}

/** Since the last report. */
export interface LoadReport {
  ok: number;
  failed: number;
  /** Streams that ended. */
  cut: number;
  /** Streams that stand. */
  open: number;
  errors: Record<string, number>;
  /** By target: answers, and when the last of them was asked for. */
  targets: Record<string, [count: number, lastStartMs: number]>;
  /** Start and duration, when the load is timed. */
  times: [startMs: number, ms: number][];
}

export type SwarmReport = Record<string, LoadReport>;

/** Another list of asks for a load; or the end. */
export type SwarmOrder = { readonly name: string; readonly asks: readonly Ask[] } | 'stop';

export function emptyReport(): LoadReport {
  return { ok: 0, failed: 0, cut: 0, open: 0, errors: {}, targets: {}, times: [] };
}
