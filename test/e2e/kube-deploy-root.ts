/** The files of an image made without a container engine: system of this machine, Node of the checkout, and what the steps of a stage put there. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Stage } from '../deploy/dockerfile.ts';

const run = promisify(execFile);

export interface ImageStart {
  /** Files that a volume would bring: path in the image → text. */
  readonly files?: Readonly<Record<string, string>>;
  /** Directories that can be written, empty. */
  readonly volumes?: readonly string[];
}

/** One stage of the Dockerfile as a folder; its root cannot be written from then on. */
export class ImageRoot {
  /** `CMD` in its list form. */
  command: readonly string[] = [];
  #env = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  #user = '0:0';
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Does the steps of a stage in the empty `folder`; what it copies of the stage before it takes from `build`. */
  static async make(folder: string, stage: Stage, build: string): Promise<ImageRoot> {
    const root = new ImageRoot(folder);
    for (const path of ['usr', 'local/bin', 'etc', 'proc', 'dev', 'tmp', 'var/lib', 'run'])
      mkdirSync(join(folder, path), { recursive: true });
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(folder, name));
    writeFileSync(join(folder, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    writeFileSync(join(folder, 'etc', 'hosts'), '127.0.0.1 localhost\n');
    writeFileSync(join(folder, 'local', 'bin', 'node'), '');
    for (const step of stage.steps) await root.#take(step, build);
    return root;
  }

  async #take({ word, rest }: Stage['steps'][number], build: string): Promise<void> {
    if (word === 'ENV') this.#env += ` ${rest}`;
    else if (word === 'USER') this.#user = rest;
    else if (word === 'CMD') this.command = JSON.parse(rest);
    // Packages of Debian: this machine has them.
    else if (word === 'RUN' && !rest.includes('install.sh'))
      await run('unshare', this.#words(['sh', '-ec', rest], {}, true));
    else if (word === 'COPY' && rest.startsWith('--from=build ')) {
      const [, from = '', to = ''] = rest.split(/\s+/);
      const target = join(this.#folder, to);
      mkdirSync(dirname(target), { recursive: true });
      renameSync(join(build, basename(from)), target);
    }
  }

  /** Starts a command as the image's user, without a right, on files that cannot be written. */
  start(command: readonly string[], options: ImageStart = {}): ChildProcess {
    return spawn('unshare', this.#words(command, options), { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** What it prints. Rejects when it fails. */
  async output(command: readonly string[], options: ImageStart = {}): Promise<string> {
    return (await run('unshare', this.#words(command, options))).stdout;
  }

  #words(command: readonly string[], { files = {}, volumes = [] }: ImageStart, building = false): readonly string[] {
    const folder = this.#folder;
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    for (const path of volumes) mkdirSync(join(folder, path), { recursive: true });
    const [uid = '0', gid = '0'] = this.#user.split(':');
    const mounts = [
      `mount --bind ${folder} ${folder}`,
      `mount --bind /usr ${folder}/usr`,
      `mount --bind ${folder}/local ${folder}/usr/local`,
      `mount --bind ${process.execPath} ${folder}/usr/local/bin/node`,
      ...['proc', 'dev'].map((name) => `mount --rbind /${name} ${folder}/${name}`),
      ...(building ? [] : ['', '/usr', '/usr/local'].map((path) => `mount -o remount,bind,ro ${folder}${path}`)),
      ...volumes.map((path) => `mount -t tmpfs -o mode=2775,gid=${gid} tmpfs ${folder}${path}`),
    ];
    const drop = ['--reuid', uid, '--regid', gid, '--clear-groups', '--no-new-privs', '--bounding-set=-all'];
    const user = building ? [] : ['setpriv', ...drop, '--inh-caps=-all'];
    return [
      ...['--mount', 'sh', '-ec', `${mounts.join('\n')}\nexec "$@"`, 'sh'],
      ...['chroot', folder, 'env', '-i', ...this.#env.split(' '), ...user, ...command],
    ];
  }
}
