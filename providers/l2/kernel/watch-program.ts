import { type ChildProcess, spawn } from 'node:child_process';

export interface Watch {
  /** Process that watches now, for tests; undefined between two. */
  readonly pid: number | undefined;
  close(): void;
}

const againMs = 50;

/**
 * Keeps a program running that tells changes as they happen, a line each (`nft monitor`, `ip monitor`). When it ends, another one is
 * started; `onGap` is called each time one has begun, because what happened before it is unknown: look at everything then.
 */
export function watchProgram(
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
  onGap: () => void,
): Watch {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const start = () => {
    let rest = '';
    const started = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    child = started;
    started.on('error', () => {}); // `close` follows.
    started.on('spawn', onGap);
    started.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    });
    started.on('close', () => {
      child = undefined;
      if (!closed) timer = setTimeout(start, againMs);
    });
  };
  start();
  return {
    get pid() {
      return child?.pid;
    },
    close() {
      closed = true;
      clearTimeout(timer);
      child?.kill('SIGKILL');
    },
  };
}
