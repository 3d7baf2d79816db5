/** The HAProxy program: where it is and what it says about itself. */
import { execFile } from 'node:child_process';
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

/** Runs a program to its end. @throws WeirError `missing` when it cannot be run. */
export function runProgram(
  path: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly timeoutMs: number; readonly missing: ErrorCode },
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      path,
      [...args],
      {
        timeout: options.timeoutMs,
        maxBuffer: 16 * 1024 * 1024,
        encoding: 'utf8',
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error, stdout, stderr) => {
        const output = stdout + stderr;
        if (error === null) resolve({ code: 0, output });
        else if (typeof error.code === 'string' && output === '')
          reject(new WeirError(options.missing, `${path}: ${error.message}`, { cause: error }));
        else resolve({ code: typeof error.code === 'number' ? error.code : undefined, output });
      },
    );
    child.stdin?.end();
    yieldToTraffic(child.pid);
  });
}

/** A check of a large configuration keeps a core busy for a while: what serves goes before it. */
function yieldToTraffic(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or the system knows no priorities.
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
