import { spawn } from 'node:child_process';

export interface Outcome {
  readonly ok: boolean;
  readonly stdout: string;
  /** What it said, or why it could not be started. */
  readonly stderr: string;
}

const mostMs = 30_000;

/** Runs one of the system's programs to its end, feeding it the text; never throws, an end by signal or by time is a failure. */
export function runProgram(program: string, args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'pipe', timeout: mostMs, killSignal: 'SIGKILL' });
    const out: Buffer[] = [];
    const said: Buffer[] = [];
    const text = (parts: readonly Buffer[]) => Buffer.concat(parts).toString('utf8');
    child.stdout.on('data', (part: Buffer) => out.push(part));
    child.stderr.on('data', (part: Buffer) => said.push(part));
    child.stdin.on('error', () => {}); // It ended before it had read all: its exit code tells.
    child.on('error', (error) => resolve({ ok: false, stdout: '', stderr: `${program}: ${error.message}` }));
    child.on('close', (code, signal) => {
      const ended = signal === null ? '' : `${program} was ended by ${signal}`;
      resolve({ ok: code === 0, stdout: text(out), stderr: `${text(said)}${ended}`.trim() });
    });
    child.stdin.end(input);
  });
}
