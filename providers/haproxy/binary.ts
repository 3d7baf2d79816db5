/** The HAProxy program: where it is and what it says about itself. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { type ErrorCode, WeirError } from '../../src/model/index.ts';

export interface Binary {
  /** As it was asked for: a name in PATH or a path. */
  readonly path: string;
  /** As the program prints it, e.g. `2.6.12-1+deb12u4`. */
  readonly version: string;
  readonly tls: boolean;
}

export interface Outcome {
  /** Exit code; undefined when it ended by a signal. */
  readonly code: number | undefined;
  readonly output: string;
}

/** What a program may say; more of it is not read. */
const outputLimit = 16 * 1024 * 1024;

/** Runs a program to its end, behind all that serves. @throws WeirError `missing` when it cannot be run. */
export function runProgram(
  path: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly timeoutMs: number; readonly missing: ErrorCode },
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const { cwd, timeoutMs: timeout, missing } = options;
    // A session of its own: Linux divides the processors among sessions first.
    const child = spawn(path, [...args], {
      ...(cwd === undefined ? {} : { cwd }),
      timeout,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        if (size < outputLimit) chunks.push(chunk);
        size += chunk.length;
      });
    child.on('error', (error) => reject(new WeirError(missing, `${path}: ${error.message}`, { cause: error })));
    child.once('close', (code) => resolve({ code: code ?? undefined, output: Buffer.concat(chunks).toString() }));
    yieldToTraffic(child.pid);
  });
}

/** A check of a large configuration keeps a core busy for a while: what serves goes before it. */
function yieldToTraffic(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
    // Where sessions share the processors, niceness counts within one only: the session is to step back too. Not as far, or the check
    // of a large file would hardly end on a machine that is busy all the time.
    writeFileSync(`/proc/${pid}/autogroup`, '5');
  } catch {
    // It has ended already, or the system knows no priorities or no sessions.
  }
}

/** @throws WeirError E_HAPROXY_MISSING, E_HAPROXY_VERSION (older than 2.6: no servers at run time). */
export async function findBinary(path: string): Promise<Binary> {
  const { output } = await runProgram(path, ['-vv'], { timeoutMs: 10_000, missing: 'E_HAPROXY_MISSING' });
  const match = /^HA-?Proxy version (\S+)/m.exec(output);
  const [, version = ''] = match ?? [];
  if (match === null)
    throw new WeirError(
      'E_HAPROXY_MISSING',
      `${path} is not HAProxy: it prints ${JSON.stringify(output.slice(0, 80))}`,
    );
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major < 2 || (major === 2 && minor < 6))
    throw new WeirError('E_HAPROXY_VERSION', `${path} is version ${version}; weir needs 2.6 or newer`);
  return { path, version, tls: /^Built with OpenSSL|^Built with .*SSL/im.test(output) };
}
