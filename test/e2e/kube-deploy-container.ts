/** A container of a rendered Pod as a process: its command, user, capabilities, read-only files and mounts, in the network of the test. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Container } from './kube-deploy-stage.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const user = 65_532;

/** Why no such container can be started here; false: it can. */
export function missingContainers(): string | false {
  const missing = ['/usr/sbin/setcap', '/usr/bin/setpriv', '/usr/bin/unshare'].filter((path) => !existsSync(path));
  return missing.length === 0 ? false : `${missing.join(', ')} (libcap2-bin, util-linux) not installed`;
}

/** The files of one Pod. */
export class PodFiles {
  readonly #folder: string;

  /** `folder` is empty and belongs to the test. */
  constructor(folder: string) {
    this.#folder = folder;
    chmodSync(folder, 0o755);
    for (const name of ['bin', 'etc', 'var', 'run']) mkdirSync(join(folder, name));
    cpSync('/etc', join(folder, 'etc'), { recursive: true, verbatimSymlinks: true });
    for (const place of ['etc/weir', 'var/weir', 'run/weir/haproxy', 'run/secrets/kubernetes.io/serviceaccount'])
      mkdirSync(join(folder, place), { recursive: true });
    this.#putPrograms(join(folder, 'bin'));
  }

  /** As the images have them: deploy/images/install.sh and the Dockerfile. */
  #putPrograms(bin: string): void {
    writeFileSync(join(bin, 'weir'), `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`, { mode: 0o755 });
    cpSync('/usr/bin/setpriv', join(bin, 'low-ports'));
    execFileSync('/usr/sbin/setcap', ['cap_net_bind_service=+ep', join(bin, 'low-ports')]);
  }

  /** A file that the API server would have put into the volume of that name. */
  put(volume: string, name: string, text: string): void {
    const path = join(this.#volume(volume), name);
    writeFileSync(path, text);
    chownSync(path, 0, user);
    chmodSync(path, 0o440);
  }

  #volume(name: string): string {
    const path = join(this.#folder, `volume-${name}`);
    mkdirSync(path, { recursive: true });
    // What fsGroup makes of an emptyDir.
    chownSync(path, 0, user);
    chmodSync(path, 0o2775);
    return path;
  }

  /** Starts the container's command. `env`: what the kubelet adds. */
  start({ command, volumeMounts, ...container }: StartedContainer, env: Readonly<Record<string, string>>): Running {
    const folder = this.#folder;
    const capabilities = (container.securityContext.capabilities.add ?? []).map((name) => `,+${name.toLowerCase()}`);
    const caps = `-all${capabilities.join('')}`;
    const mounts = [
      ...['etc', 'run'].map((name) => `mount --bind ${folder}/${name} /${name}`),
      `mount --bind ${folder}/var /var/lib`,
      ...volumeMounts.map(({ name, mountPath }) => `mount --bind ${this.#volume(name)} ${mountPath}`),
      ...['/', '/etc', '/run', '/var/lib'].map((path) => `mount -o remount,bind,ro ${path}`),
    ];
    const drop = ['--reuid', String(user), '--regid', String(user), '--groups', String(user), '--no-new-privs'];
    const limit = [`--inh-caps=${caps}`, `--ambient-caps=${caps}`, `--bounding-set=${caps}`];
    // As a runtime does it: its own process has the capabilities, and what it starts has them only if its file says so.
    const lose = ['setpriv', '--inh-caps=-all', '--ambient-caps=-all'];
    const path = `PATH=${folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const child = spawn(
      'unshare',
      [
        ...['--mount', 'sh', '-ec', `${mounts.join('\n')}\ncd /\nexec "$@"`, 'sh'],
        ...['setpriv', ...drop, ...limit, 'env', '-i', path, ...words, ...lose, ...command, ...(container.args ?? [])],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    return new Running(child);
  }
}

export interface StartedContainer extends Container {
  readonly args?: readonly string[];
}

export class Running {
  readonly #child: ChildProcess;
  readonly #chunks: Buffer[] = [];
  readonly #ended: Promise<unknown>;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.#ended = once(child, 'close');
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }

  /** Answers its exit code, or the signal, when it is gone. */
  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    if (this.running) this.#child.kill(signal);
    await this.#ended;
    return this.#child.exitCode ?? this.#child.signalCode;
  }
}
