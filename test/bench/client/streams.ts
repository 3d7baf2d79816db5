/** Long streams that must live through everything: TCP connections that ask and wait for the echo, HTTP answers without end. A stream that ends or falls silent was cut; it is opened again. */
import { connect, type Socket } from 'node:net';
import { monotonicMs } from './monotonic.ts';
import type { Ask, LoadSpec } from './swarm-words.ts';
import type { Tally } from './tally.ts';

const silentMs = 5_000;

interface Stream {
  readonly socket: Socket;
  heardMs: number;
  /** It has carried something: only then it counts as open. */
  stands: boolean;
}

export class Streams {
  asks: readonly Ask[];
  readonly underWay = 0;
  readonly #spec: LoadSpec;
  readonly #tally: Tally;
  readonly #streams = new Set<Stream>();
  #closed = false;
  #turn = 0;

  constructor(spec: LoadSpec, tally: Tally) {
    this.#spec = spec;
    this.#tally = tally;
    this.asks = spec.asks ?? [];
    for (let i = 0; i < spec.connections; i++) this.#start();
  }

  get open(): number {
    return [...this.#streams].filter(({ stands }) => stands).length;
  }

  /** A ping on the next connection. */
  send(): boolean {
    if (this.#spec.kind !== 'ping') return true;
    const streams = [...this.#streams];
    streams[this.#turn++ % Math.max(1, streams.length)]?.socket.write('ping\n');
    return true;
  }

  sweep(nowMs: number): void {
    for (const stream of this.#streams)
      if (nowMs - stream.heardMs > silentMs) {
        this.#count('silent');
        this.#streams.delete(stream);
        stream.socket.destroy();
        this.#start();
      }
  }

  close(): void {
    this.#closed = true;
    for (const { socket } of this.#streams) socket.destroy();
  }

  #start(): void {
    const { kind, port, host = '127.0.0.1' } = this.#spec;
    const socket = connect({ port, host, noDelay: true });
    const stream: Stream = { socket, heardMs: monotonicMs(), stands: false };
    this.#streams.add(stream);
    const [ask] = this.asks;
    if (kind === 'chunks') socket.write(`GET /stream HTTP/1.1\r\nHost: ${ask?.authority}\r\n\r\n`);
    socket.on('data', (chunk) => {
      stream.heardMs = monotonicMs();
      stream.stands ||= kind === 'ping' || chunk.includes('tick');
    });
    let reason = 'closed';
    socket.on('error', (error) => {
      reason = 'code' in error ? String(error.code) : error.message;
    });
    socket.on('close', () => {
      if (this.#closed || !this.#streams.delete(stream)) return;
      this.#count(reason);
      setTimeout(() => this.#start(), 100);
    });
  }

  #count(reason: string): void {
    const { report } = this.#tally;
    report.cut++;
    report.errors[`stream ${reason}`] = (report.errors[`stream ${reason}`] ?? 0) + 1;
  }
}
