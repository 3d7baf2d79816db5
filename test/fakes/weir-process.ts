/** The real `weir` command as a child process: started as a user would, ended by its pid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command to its end. */
export async function weir(args: readonly string[], cwd?: string): Promise<Finished> {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  await once(child, 'close');
  return { code: child.exitCode, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

export interface WeirProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything written so far, both streams. */
  text(): string;
  /** Ends it with a signal and waits. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `weir run` and waits until /readyz on `metrics` (address:port) answers 200. */
export async function startWeir(args: readonly string[], metrics: string, cwd?: string): Promise<WeirProcess> {
  const child = spawn(process.execPath, [main, 'run', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const text = () => Buffer.concat(chunks).toString();
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) {
      const closed = once(child, 'close');
      child.kill(signal);
      await closed;
    }
    return child.exitCode;
  };
  for (let tries = 0; tries < 1_200; tries++) {
    if (child.exitCode !== null) throw new Error(`weir ended with ${child.exitCode}:\n${text()}`);
    const ready = await fetch(`http://${metrics}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return { child, pid: child.pid ?? 0, text, stop };
    await sleep(50);
  }
  await stop('SIGKILL');
  throw new Error(`weir was not ready in time:\n${text()}`);
}
