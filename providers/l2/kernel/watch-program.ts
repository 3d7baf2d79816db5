import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

export interface Watch {
  /** The shell that holds the program, for tests; undefined between two. */
  readonly pid: number | undefined;
  close(): void;
}

const againMs = 50;
/** A monitor writes nothing for days and so would outlive us by as long: the shell around it waits for the end of our pipe, which a kill closes too. */
const leash = '"$@" & program=$!; exec >&-; read -r end; kill "$program"';

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
  let child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const start = () => {
    let rest = '';
    const started = spawn('sh', ['-c', leash, 'sh', program, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
    child = started;
    started.on('error', () => {}); // `close` follows.
    started.on('spawn', onGap);
    started.stdin.on('error', () => {});
    started.stdout.on('end', () => started.stdin.end());
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
      child?.stdin.end();
    },
  };
}
