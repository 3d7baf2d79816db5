/**
 * Runs a command in the guest (guest-kernel.mjs): `node test/guest/run-in-guest.ts [--seconds 300] [--writable FOLDER] -- COMMAND ARGS`.
 * There it is root, in the same folder, with the same environment and a PATH of its own, sees all files of the machine and changes none of them: what it writes is gone at
 * the end, but for one folder that may be named. It has one processor, its own network with nothing but loopback, `ipvsadm`, and
 * WEIR_GUEST=1. stdout, stderr and exit code come through. 124: time limit; 125: the guest itself failed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { findGuest } from './guest-kernel.mjs';

export interface GuestRun {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit code of the command, and why the guest could not do it, or what it had to say. */
  readonly ended: Promise<{ readonly code: number; readonly trouble: string }>;
}

export interface GuestWish {
  readonly seconds?: number;
  /** A folder that is the machine's own. */
  readonly writable?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const memoryMb = 1024;
/** Not what is true of one process or another machine. */
const inherited = /^(?!(?:_|PWD|OLDPWD|SHLVL|TMPDIR|NODE_TEST_\w+|NODE_CHANNEL_\w+)$)[A-Za-z_]\w*$/;

/** Throws where there is no guest; see findGuest. */
export function runInGuest(
  command: readonly string[],
  { seconds = 300, writable, env = process.env }: GuestWish = {},
): GuestRun {
  const { folder, missing } = findGuest();
  if (folder === undefined) throw new Error(missing);
  const job = mkdtempSync(join(tmpdir(), 'weir-guest-'));
  copyFileSync(join(folder, 'busybox'), join(job, 'busybox'));
  const init = readFileSync(new URL('./guest-init.sh', import.meta.url), 'utf8');
  writeFileSync(join(job, 'init'), `#!${job}/busybox sh\n${init}`);
  chmodSync(join(job, 'init'), 0o755);
  const tools = join(folder, 'tools');
  // A short PATH: each failed look-up costs there.
  const places = [dirname(process.execPath), '/usr/local/sbin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', tools];
  const all = { ...env, PATH: places.join(':'), LD_LIBRARY_PATH: tools, WEIR_GUEST: '1' };
  const exports = Object.entries(all).flatMap(([name, value]) =>
    inherited.test(name) && value !== undefined ? [`export ${name}=${quote(value)}\n`] : [],
  );
  // busybox would take its own `ip` for the machine's, so another program starts it.
  const words = ['/usr/bin/env', ...command].map(quote).join(' ');
  writeFileSync(join(job, 'command'), `${exports.join('')}cd ${quote(process.cwd())} || exit 125\nexec ${words}\n`);
  const child = spawn(
    join(folder, 'linux'),
    [
      ...[`mem=${memoryMb}M`, 'rootfstype=hostfs', 'ro', 'quiet', `init=${job}/init`, `uml_dir=${job}/`],
      ...['con=null', 'con0=null,fd:1', 'con1=null,fd:3', 'con2=null,fd:4'],
      ...[`job=${job}`, `guest=${folder}`, `writable=${writable ?? 'none'}`, `limit=${seconds + 20}`],
    ],
    { stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'], env: { ...env, TMPDIR: memoryFolder() } },
  );
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => said.push(String(text)));
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
    setTimeout(() => child.kill('SIGKILL'), 5000).unref();
  }, seconds * 1000);
  const ended = new Promise<{ code: number; trouble: string }>((resolve) => {
    child.on('error', (error) => said.push(error.message));
    child.on('close', () => {
      clearTimeout(timer);
      process.off('exit', end);
      const read = (name: string) => (existsSync(join(job, name)) ? readFileSync(join(job, name), 'utf8').trim() : '');
      const [code, trouble] = [read('code'), read('trouble')];
      rmSync(job, { recursive: true, force: true });
      if (late) resolve({ code: 124, trouble: `the guest did not end within ${seconds} s` });
      else if (code !== '') resolve({ code: Number(code), trouble });
      else resolve({ code: 125, trouble: `${trouble}\nthe guest ended early: ${said.join('').slice(-2000)}`.trim() });
    });
  });
  const [, , , stdout, stderr] = child.stdio;
  if (!isReadable(stdout) || !isReadable(stderr)) throw new Error('a guest without its two consoles');
  return { child, stdout, stderr, ended };
}

/** Its memory is a file: in memory, where there is room for it. */
function memoryFolder(): string {
  const places = ['/dev/shm', tmpdir()];
  const room = (place: string) => {
    const { bavail, bsize } = statfsSync(place);
    return bavail * bsize > memoryMb << 20;
  };
  return places.find((place) => existsSync(place) && room(place)) ?? tmpdir();
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === 'object' && stream !== null && 'pipe' in stream;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: 'string' }, writable: { type: 'string' } },
    allowPositionals: true,
  });
  const { stdout, stderr, ended } = runInGuest(positionals, {
    ...(values.seconds === undefined ? {} : { seconds: Number(values.seconds) }),
    ...(values.writable === undefined ? {} : { writable: values.writable }),
  });
  stdout.pipe(process.stdout);
  stderr.pipe(process.stderr);
  const { code, trouble } = await ended;
  if (trouble !== '') process.stderr.write(`guest: ${trouble}\n`);
  process.exitCode = code;
}
