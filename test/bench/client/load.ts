/** The load client itself, a process of its own: sends, counts every failure, retries nothing. Options come as JSON in argv, answers go out over IPC. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, LoadOptions } from '../client.ts';
import { Connection } from './connection.ts';
import { monotonicMs } from './monotonic.ts';

const options: LoadOptions = JSON.parse(process.argv[2] ?? '{}');
const { workers = 8, perSecond, mode, timeoutMs = 2000 } = options;
const startedMs = monotonicMs();
const knownTargets = new Set<string | undefined>();
let slot = 0;
let stopped = false;
let batch: Answer[] = [];

process.on('message', (message) => {
  if (message === 'stop') stopped = true;
});
process.on('disconnect', () => process.exit(0));
// The benchmark ends us by message; Ctrl-C of its terminal must not count as failed requests.
process.on('SIGINT', () => {});

const flusher = setInterval(flush, 10);
process.send?.('started');
await Promise.all(Array.from({ length: workers }, work));
clearInterval(flusher);
await flush();
process.disconnect?.();

async function work(): Promise<void> {
  let connection: Connection | undefined;
  while (!stopped) {
    await turn();
    if (stopped) break;
    // An idle connection that the server closed is opened again, as every client does; one that breaks under a request has failed it.
    connection = connection?.usable === true ? connection : new Connection(options);
    const answer = await connection.ask(timeoutMs);
    record(answer);
    if (mode === 'new' || !answer.ok) connection.close();
  }
  connection?.close();
}

/** Waits for this worker's next place in the common pace. */
async function turn(): Promise<void> {
  if (perSecond === undefined) return;
  const dueMs = startedMs + (slot++ * 1000) / perSecond;
  const waitMs = dueMs - monotonicMs();
  if (waitMs > 0) await sleep(waitMs);
}

function record(answer: Answer): void {
  batch.push(answer);
  if (knownTargets.has(answer.target)) return;
  knownTargets.add(answer.target);
  flush();
}

function flush(): Promise<void> {
  if (batch.length === 0 || process.send === undefined) return Promise.resolve();
  const full = batch;
  batch = [];
  return new Promise((resolve) => process.send?.(full, undefined, undefined, () => resolve()));
}
