/** One program of the control plane: started with its log in a file, ended, killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Remains } from './remains.ts';

export interface Program {
  readonly name: string;
  readonly pid: number | undefined;
  readonly running: boolean;
  start(): void;
  /** Answers when the process is gone; does nothing when there is none. */
  end(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** SIGSTOP and SIGCONT let a program hang and go on. */
  signal(signal: NodeJS.Signals): void;
  /** The last lines that it wrote. */
  lastWords(lines?: number): string;
}

/** Starts nothing yet. `args` must name the directory of `remains`. Holds no event loop open. */
export function makeProgram(path: string, args: readonly string[], remains: Remains): Program {
  const name = basename(path);
  const log = join(remains.directory, `${name}.log`);
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  const running = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    name,
    get pid() {
      return running() ? child?.pid : undefined;
    },
    get running() {
      return running();
    },
    start() {
      if (running()) return;
      const file = openSync(log, 'a', 0o600);
      const started = spawn(path, [...args], { detached: true, stdio: ['ignore', file, file], cwd: remains.directory });
      closeSync(file);
      ended = new Promise((resolve, reject) => {
        started.once('exit', () => resolve());
        started.once('error', reject);
      });
      // Who waits for the end hears of it; nobody else has to.
      ended.catch(() => {});
      started.unref();
      child = started;
      if (started.pid !== undefined) remains.process(started.pid);
    },
    async end(signal = 'SIGTERM') {
      if (!running()) return;
      child?.ref();
      child?.kill(signal);
      await ended;
    },
    signal: (signal) => void child?.kill(signal),
    lastWords(lines = 8) {
      try {
        return readFileSync(log, 'utf8').trim().split('\n').slice(-lines).join('\n');
      } catch {
        return '';
      }
    },
  };
}
