/** The swarm itself, a process of its own: all loads of a run. Counts every failure and every time-out, tries nothing twice. Options come as JSON in argv, reports go out over IPC. */
import { createWriteStream } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { HttpTwo } from './http-two.ts';
import { monotonicMs } from './monotonic.ts';
import { Streams } from './streams.ts';
import type { Ask, LoadSpec, SwarmOptions, SwarmOrder } from './swarm-words.ts';
import { Tally } from './tally.ts';
import { Wire } from './wire.ts';

const timeoutMs = 5_000;
const tickMs = 4;
const body = 'twenty-one bytes here';

interface Load {
  asks: readonly Ask[];
  /** Sends one request, if one more can be under way. */
  send(): boolean;
  /** Ends requests older than the time-out. */
  sweep(nowMs: number): void;
  readonly underWay: number;
  /** Streams that stand. */
  readonly open: number;
  close(): void;
}

/** GETs on new connections, or POSTs on kept ones. */
class HttpOne implements Load {
  asks: readonly Ask[];
  readonly #spec: LoadSpec;
  readonly #tally: Tally;
  readonly #context;
  readonly #idle: (Wire | undefined)[];
  readonly #asked = new Map<Wire, number>();
  #turn = 0;

  constructor(spec: LoadSpec, tally: Tally) {
    this.#spec = spec;
    this.#tally = tally;
    this.asks = spec.asks ?? [];
    this.#context = spec.ca === undefined ? undefined : createSecureContext({ ca: spec.ca });
    this.#idle = Array.from({ length: spec.connections }, () => undefined);
  }

  get underWay(): number {
    return this.#asked.size;
  }

  get open(): number {
    return 0;
  }

  send(): boolean {
    if (this.#idle.length === 0) return false;
    const pool = this.#spec.kind === 'pool';
    const ask = this.asks[this.#turn++ % this.asks.length];
    if (ask === undefined) return false;
    const place = Math.floor(Math.random() * this.#idle.length);
    const idle = this.#idle[place];
    const last = this.#idle.pop();
    if (place < this.#idle.length) this.#idle[place] = last;
    const wire = idle?.usable === true ? idle : this.#connect(ask.authority);
    if (idle !== wire) idle?.close();
    const startMs = monotonicMs();
    this.#asked.set(wire, startMs);
    wire.ask(requestText(ask, pool), (outcome) => {
      this.#asked.delete(wire);
      this.#tally.take(startMs, outcome, ask.by);
      const kept = pool && wire.usable;
      if (!kept) wire.close();
      this.#idle.push(kept ? wire : undefined);
    });
    return true;
  }

  sweep(nowMs: number): void {
    for (const [wire, startMs] of this.#asked) if (nowMs - startMs > timeoutMs) wire.fail('time-out');
  }

  close(): void {
    for (const wire of this.#idle) wire?.close();
  }

  #connect(authority: string): Wire {
    const { port, host = '127.0.0.1', blind = false } = this.#spec;
    const context = this.#context;
    return new Wire({
      port,
      host,
      blind,
      ...(context === undefined ? {} : { tls: { serverName: authority, context } }),
    });
  }
}

function requestText({ authority, path = '/' }: Ask, pool: boolean): string {
  return pool
    ? `POST ${path} HTTP/1.1\r\nHost: ${authority}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    : `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`;
}

function startLoad(spec: LoadSpec, tally: Tally): Load {
  if (spec.kind === 'h2') return new HttpTwo(spec, tally);
  if (spec.kind === 'ping' || spec.kind === 'chunks') return new Streams(spec, tally);
  return new HttpOne(spec, tally);
}

if (import.meta.main) {
  const { loads, raw }: SwarmOptions = JSON.parse(process.argv[2] ?? '{}');
  const running = loads.map((spec) => {
    const file = raw === undefined ? undefined : createWriteStream(`${raw}/${spec.name}.txt`, { flags: 'a' });
    const tally = new Tally(spec.timed === true, file);
    return { spec, tally, load: startLoad(spec, tally), sent: 0 };
  });
  const startMs = monotonicMs();
  let stopped = false;
  const report = () => {
    process.send?.(Object.fromEntries(running.map(({ spec, tally, load }) => [spec.name, tally.flush(load.open)])));
  };
  const ticker = setInterval(() => {
    const nowMs = monotonicMs();
    for (const one of running) {
      // A pace that was missed for want of free connections is not made up for in one burst.
      const due = Math.floor(((nowMs - startMs) * one.spec.perSecond) / 1_000);
      one.sent = Math.max(one.sent, due - one.spec.perSecond);
      while (!stopped && one.sent < due && one.load.send()) one.sent++;
      one.load.sweep(nowMs);
    }
    if (stopped && running.every(({ load }) => load.underWay === 0)) void end();
  }, tickMs);
  const reporter = setInterval(report, 20);
  const end = async () => {
    clearInterval(ticker);
    clearInterval(reporter);
    report();
    for (const { load } of running) load.close();
    await Promise.all(running.map(({ tally }) => tally.end()));
    process.disconnect?.();
  };
  process.on('message', (order: SwarmOrder) => {
    if (order === 'stop') stopped = true;
    else for (const { spec, load } of running) if (spec.name === order.name) load.asks = order.asks;
  });
  process.on('disconnect', () => process.exit(0));
  // The benchmark ends us by message; Ctrl-C of its terminal must not count as failed requests.
  process.on('SIGINT', () => {});
  process.send?.({});
}
