/**
 * What a fresh machine needs before weir can run: npm packages, a Node that runs TypeScript, programs of the system.
 * Plain JavaScript for Node 18 without dependencies, because nothing is installed yet. No weir code belongs here.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A reason to stop, in one sentence for a person; never a stack. */
export class SetupError extends Error {}

/** Throws a SetupError when the Node that runs this is too old even to set up. */
export function checkNode(version = process.versions.node) {
  if (Number(version.split('.')[0]) >= 18) return;
  throw new SetupError(`Node ${version} is too old to set weir up: install Node 18 or newer, best 26.`);
}

/** True when every package of package-lock.json is there in its version; optional ones may be missing (other platforms). */
export function packagesFresh(directory = root) {
  const wanted = readPackages(join(directory, 'package-lock.json'));
  const present = readPackages(join(directory, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    if (present[path] === undefined) return entry.optional === true || entry.peer === true;
    return present[path].version === entry.version;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Runs `npm ci` when packages are missing or stale. `say` gets one line for people. Throws a SetupError when npm fails. */
export function installPackages(say, directory = root) {
  if (packagesFresh(directory)) return;
  say('installing the npm packages of package-lock.json (npm ci, about ten seconds)');
  const npm = process.env.npm_execpath;
  const node = process.env.npm_node_execpath ?? process.execPath;
  const [command, ...args] = npm?.endsWith('.js') && existsSync(npm) ? [node, npm] : ['npm'];
  // dev and optional by name: NODE_ENV=production or omit=optional in somebody's npmrc would drop the toolchain silently.
  const ci = spawnSync(
    command,
    [...args, 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: directory, stdio: ['ignore', 2, 2] },
  );
  if (ci.status !== 0) {
    throw new SetupError(
      'npm ci failed (its message is above): check the network and the npm registry, then run it again.',
    );
  }
}

/** Path of a Node that runs TypeScript sources: the pinned one of node_modules, else the running one. Throws a SetupError. */
export function findNode(directory = root) {
  const pinned = join(directory, 'node_modules', '.bin', 'node');
  for (const path of [pinned, process.execPath]) if (runsTypeScript(path)) return path;
  throw new SetupError(
    `No Node that runs TypeScript: ${process.version} is older than 22.19 and ${whyNotPinned(pinned)}. Install Node 26.`,
  );
}

/** The pinned Node needs a library that Debian's small systems lack. */
export function whyNotPinned(path) {
  if (!existsSync(path)) return `there is no pinned Node for ${process.platform} ${process.arch}`;
  const { stderr, error } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const said = (stderr || error?.message || 'it is another one').trim().split('\n')[0];
  const remedy = /libatomic/.test(said) ? ' (apt-get install libatomic1)' : '';
  return `the pinned one does not run: ${said}${remedy}`;
}

function runsTypeScript(path) {
  if (path === process.execPath) return process.features.typescript === 'strip';
  if (!existsSync(path)) return false;
  const probe = spawnSync(path, ['-p', 'process.features.typescript'], { encoding: 'utf8' });
  return probe.status === 0 && probe.stdout.trim() === 'strip';
}

/**
 * Makes a program available, from Debian's packages when root.
 * Answers `{ version }` (its first output line) or `{ missing }` (why, and what to install). Never throws.
 */
export function ensureProgram({ command, versionArgs, debianPackage }, say) {
  const found = programVersion(command, versionArgs);
  if (found !== undefined) return { version: found };
  const manual = `install ${command}, e.g. \`apt-get install ${debianPackage}\``;
  if (process.getuid?.() !== 0) return { missing: `${command} is not installed and this is not root: ${manual}` };
  if (programVersion('apt-get', ['--version']) === undefined) {
    return { missing: `${command} is not installed and there is no apt-get: ${manual}` };
  }
  say(`installing ${command} from Debian's packages`);
  const failure = withoutServiceStart(() => aptInstall(debianPackage));
  const version = programVersion(command, versionArgs);
  if (version !== undefined) return { version };
  return { missing: `${command} cannot be installed (${failure ?? 'it does not run'}): ${manual}` };
}

/** HAProxy, with ensureProgram's answer. */
export function ensureHaproxy(say) {
  return ensureProgram({ command: 'haproxy', versionArgs: ['-v'], debianPackage: 'haproxy' }, say);
}

/** What announcing needs, and the demo of it: network namespaces, rules of the kernel. */
export const networkPrograms = [
  { command: 'ip', versionArgs: ['-V'], debianPackage: 'iproute2' },
  { command: 'nft', versionArgs: ['--version'], debianPackage: 'nftables' },
];

/** Programs that tests of whole machines use beside HAProxy. */
export const testPrograms = [
  ...networkPrograms,
  { command: 'openssl', versionArgs: ['version'], debianPackage: 'openssl' },
  { command: 'keepalived', versionArgs: ['--version'], debianPackage: 'keepalived' },
  { command: 'iptables', versionArgs: ['--version'], debianPackage: 'iptables' },
];

function programVersion(command, args) {
  // sbin is not in the PATH of everybody, yet Debian puts haproxy there.
  const path = [process.env.PATH, '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter);
  const run = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, PATH: path } });
  return run.status === 0 ? (run.stdout || run.stderr).split('\n')[0] : undefined;
}

function aptInstall(name) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], { encoding: 'utf8', env });
  // A failing update may be one broken list among many: the install decides.
  apt('update');
  const install = apt('install', '-y', '--no-install-recommends', name);
  if (install.status === 0) return undefined;
  return (install.stderr ?? String(install.error)).trim().split('\n').at(-1) || 'apt-get failed';
}

/** Debian starts a service when it installs its package; weir runs its own HAProxy and wants no other one. */
function withoutServiceStart(install) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return install();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(policy, { force: true });
  }
}
