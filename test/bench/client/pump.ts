/** As many requests as a proxy takes, over a few connections with many requests in a row on each: a process of its own, told which port and how long. Counts answers by their status line only; any other status ends it. */
import { connect, type Socket } from 'node:net';
import { monotonicMs } from './monotonic.ts';

export interface PumpOrder {
  readonly port: number;
  readonly forMs: number;
}

export interface PumpOptions {
  /** host and path of every request, in turn. */
  readonly asks: readonly (readonly [host: string, path: string])[];
  readonly connections: number;
  /** Requests sent in one go. */
  readonly depth: number;
}

export interface PumpResult {
  readonly answers: number;
  readonly ms: number;
}

const accepted = Buffer.from('HTTP/1.1 200 ');
const anyStatus = Buffer.from('HTTP/1.1 ');

if (import.meta.main) {
  const { asks, connections, depth }: PumpOptions = await new Promise((resolve) => process.once('message', resolve));
  const bursts: Buffer[] = [];
  for (let at = 0; at < asks.length; at += depth)
    bursts.push(
      Buffer.from(
        asks
          .slice(at, at + depth)
          .map(([host, path]) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
          .join(''),
      ),
    );
  process.on('disconnect', () => process.exit(0));
  process.on('SIGINT', () => {});
  process.on('message', async ({ port, forMs }: PumpOrder) => {
    const startMs = monotonicMs();
    const counts = await Promise.all(
      Array.from({ length: connections }, (_, i) => pump(port, startMs + forMs, bursts, i * 37, depth)),
    );
    process.send?.({ answers: counts.reduce((sum, count) => sum + count, 0), ms: monotonicMs() - startMs });
  });
  process.send?.('ready');
}

function pump(port: number, untilMs: number, bursts: readonly Buffer[], first: number, depth: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let [answers, open, turn] = [0, 0, first];
    const send = () => {
      open = depth;
      socket.write(bursts[turn++ % bursts.length] ?? '');
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`port ${port}: closed after ${answers} answers`)));
    // A status line may lie across two chunks: what is left of the first goes before the second.
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let end = 0;
      for (let at = data.indexOf(anyStatus); at >= 0 && at + accepted.length <= data.length; ) {
        if (data.compare(accepted, 0, accepted.length, at, at + accepted.length) !== 0)
          return void socket.destroy(new Error(data.toString('latin1', at, at + 60)));
        answers++;
        open--;
        end = at + accepted.length;
        at = data.indexOf(anyStatus, end);
      }
      rest = data.subarray(Math.max(end, data.length - accepted.length + 1));
      if (open > 0) return;
      if (monotonicMs() < untilMs) return send();
      socket.removeAllListeners('close');
      socket.destroy();
      resolve(answers);
    });
  });
}
