/** kubectl and helm as a user runs them, but with a home of the tests: nothing of the machine's own configuration is read. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { findPrograms } from './programs.mjs';

export interface CommandOptions {
  /** Absent: no cluster, as for `kubectl kustomize` and `helm template`. */
  readonly plane?: ControlPlane;
  /** Default: the plane's admin. */
  readonly user?: { readonly kubeconfig: string };
  readonly input?: string;
}

/** The command ended with another code than 0. */
export class CommandError extends Error {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  constructor(line: string, code: number, stdout: string, stderr: string) {
    super(`${line}: exit ${code}: ${stderr.trim() || stdout.trim()}`);
    this.name = 'CommandError';
    this.code = code;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** Answers what it prints. Throws a CommandError. */
export function kubectl(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return runProgram('kube', 'kubectl', args, options);
}

/** Answers what it prints. Throws a CommandError. */
export function helm(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return runProgram('helm', 'helm', args, options);
}

async function runProgram(
  set: 'kube' | 'helm',
  name: string,
  args: readonly string[],
  { plane, user, input }: CommandOptions,
): Promise<string> {
  const programs = findPrograms(set);
  if (programs.missing !== undefined) throw new Error(programs.missing);
  const home = plane?.directory ?? mkdtempSync(join(tmpdir(), `weir-${name}-`));
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    KUBECONFIG: user?.kubeconfig ?? plane?.admin.kubeconfig ?? devNull,
    HELM_CACHE_HOME: join(home, 'helm', 'cache'),
    HELM_CONFIG_HOME: join(home, 'helm', 'config'),
    HELM_DATA_HOME: join(home, 'helm', 'data'),
  };
  try {
    return await new Promise((resolve, reject) => {
      const options = { env, maxBuffer: 64 << 20, timeout: 120_000 };
      const child = execFile(join(programs.folder, name), [...args], options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const code = typeof error.code === 'number' ? error.code : -1;
        reject(new CommandError([name, ...args].join(' '), code, stdout, stderr || error.message));
      });
      // A command that reads nothing may be gone before all is written.
      child.stdin?.on('error', () => {});
      child.stdin?.end(input ?? '');
    });
  } finally {
    if (plane === undefined) rmSync(home, { recursive: true, force: true });
  }
}
