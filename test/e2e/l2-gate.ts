/** The gates of a node on the virtual LAN, in a process of that namespace. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { GateNews } from '../../providers/l2/kernel/kernel-gate.ts';
import type { Transaction } from '../../providers/l2/protocol/events.ts';
import type { Lan } from './l2-lan.ts';

export interface RemoteGate {
  readonly news: (GateNews | { readonly kind: 'hung' })[];
  apply(inc: number, transaction: Transaction): Promise<boolean>;
  /** Looks from now on whether anybody changes tables. */
  watch(): Promise<void>;
  /** Another gate in the same process, which knows nothing of the one before. */
  anew(): Promise<void>;
  /** Address → questions that were answered. */
  answered(inc: number): Promise<Readonly<Record<string, number>>>;
  destroy(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export function startGate(lan: Lan, name: string): RemoteGate {
  const program = new URL('./l2-gate-child.ts', import.meta.url).pathname;
  const [command = '', ...words] = [...lan.inside(name), process.execPath, '--no-warnings', program];
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number, (answer: never) => void>();
  const news: RemoteGate['news'] = [];
  let count = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [id, what] = JSON.parse(line);
    if (id === 0) news.push(what);
    waiting.get(id)?.(what as never);
    waiting.delete(id);
  });
  const ask = <T>(...order: readonly unknown[]) =>
    new Promise<T>((resolve) => {
      count += 1;
      waiting.set(count, resolve);
      child.stdin.write(`${JSON.stringify([count, ...order])}\n`);
    });
  return {
    news,
    apply: (inc, transaction) => ask('apply', inc, transaction),
    watch: () => ask('watch'),
    anew: () => ask('anew'),
    answered: (inc) => ask('answered', inc),
    destroy: () => ask('destroy'),
    kill: (signal) => child.kill(signal),
  };
}
