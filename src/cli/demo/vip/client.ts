/**
 * The client of `weir demo --vip`, run as a program in its namespace: asks at the announced address every few milliseconds, each time on a
 * connection of its own, and prints a line of JSON for each answer. It is the back end, too, which says what machine a request came over.
 */
import { createServer, get } from 'node:http';

/** One request: when it began (monotonic ms, the same clock in all processes), how long it took, and over whom it came or why it failed. */
export interface Answer {
  readonly atMs: number;
  readonly tookMs: number;
  readonly by?: string;
  readonly error?: string;
}

/** This file, to be run with ADDRESS PORT BACK_END_ADDRESS BACK_END_PORT. */
export const clientProgram = import.meta.filename;

const everyMs = 10;
const lateMs = 3000;

export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

if (import.meta.main) {
  const [host = '', port = '', own = '', ownPort = ''] = process.argv.slice(2);
  createServer(({ socket }, response) => response.end(socket.remoteAddress)).listen(Number(ownPort), own);
  const timer = setInterval(() => ask(host, Number(port)), everyMs);
  process.stdin.resume().on('end', () => {
    clearInterval(timer);
    process.exit();
  });
}

function ask(host: string, port: number): void {
  const atMs = monotonicMs();
  const tell = (said: Pick<Answer, 'by' | 'error'>) => {
    const answer: Answer = { atMs, tookMs: monotonicMs() - atMs, ...said };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  };
  const request = get({ host, port, agent: false, timeout: lateMs }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    response.on('end', () =>
      tell(response.statusCode === 200 ? { by: text } : { error: `status ${response.statusCode}` }),
    );
    response.on('error', (error) => tell({ error: error.message }));
  });
  request.on('timeout', () => request.destroy(new Error(`no answer within ${lateMs / 1000} s`)));
  request.on('error', (error) => tell({ error: error.message }));
}
