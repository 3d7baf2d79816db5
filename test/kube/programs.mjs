/**
 * The programs of a real Kubernetes for the tests: etcd, kube-apiserver, kube-controller-manager and kubectl of go.mod, helm of
 * helm/go.mod. Built once from Go modules into the user's cache, each set in a folder named after everything it is made from.
 * `node test/kube/programs.mjs` builds them by hand. Plain JavaScript for Node 18: it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const kubernetes = readVersion(here, 'k8s.io/kubernetes');
const helm = readVersion(join(here, 'helm'), 'helm.sh/helm/v4');

/** Unstamped, the API server calls itself v0.0.0-master, and clients that look at its version are misled. */
function kubernetesStamps() {
  const [major, minor] = kubernetes.slice(1).split('.');
  const stamps = { gitVersion: kubernetes, gitMajor: major, gitMinor: minor, gitTreeState: 'archive' };
  return Object.entries(stamps).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
}

const sets = {
  kube: {
    directory: here,
    version: `Kubernetes ${kubernetes}`,
    duration: '4 minutes on two free cores, more on busy ones, and 3 GB of Go cache',
    flags: ['-trimpath', '-ldflags', ['-s', '-w', ...kubernetesStamps()].join(' ')],
    packages: {
      etcd: 'go.etcd.io/etcd/server/v3',
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    },
  },
  helm: {
    directory: join(here, 'helm'),
    version: `Helm ${helm}`,
    duration: 'one or two minutes',
    flags: ['-trimpath', '-ldflags', `-s -w -X helm.sh/helm/v4/internal/version.version=${helm}`],
    packages: { helm: 'helm.sh/helm/v4/cmd/helm' },
  },
};

const goPlaces = ['/usr/local/go/bin', '/usr/lib/go/bin', '/opt/homebrew/bin', '/usr/local/bin', '/snap/bin'];

/** The names that findPrograms and ensurePrograms take. */
export const programSets = Object.keys(sets);

/** Where a set is kept; another pin, flag, Go platform is another folder. */
export function programFolder(name, env = process.env) {
  const { directory, flags, packages } = sets[name];
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(directory, file))).update('\0');
  hash.update(JSON.stringify([flags, packages, process.platform, process.arch]));
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'weir', `${name}-${hash.digest('hex').slice(0, 12)}`);
}

/** The built set, `{ folder, version }`, or why there is none: `{ missing }`. Builds nothing. */
export function findPrograms(name, env = process.env) {
  const { version, packages } = sets[name];
  const folder = programFolder(name, env);
  if (Object.keys(packages).every((program) => existsSync(join(folder, program)))) return { folder, version };
  return { missing: `${version} is not built in ${folder}: run npm test, or node test/kube/programs.mjs` };
}

/**
 * As findPrograms, building the set when it is not there: needs Go and a module proxy. A second process that wants the same set
 * waits for the first. Never throws.
 */
export function ensurePrograms(name, say, env = process.env, places = goPlaces) {
  const found = findPrograms(name, env);
  if (found.missing === undefined) return found;
  const go = findGo(env, places);
  if (go === undefined) {
    return {
      missing: `${sets[name].version} cannot be built, there is no go: install Go (go.dev) of go.mod's version`,
    };
  }
  const folder = programFolder(name, env);
  let unlock;
  try {
    mkdirSync(dirname(folder), { recursive: true });
    unlock = lock(folder, say);
    // Whoever held the lock may have built it.
    const failure = findPrograms(name, env).missing === undefined ? undefined : build(name, go, folder, say, env);
    if (failure !== undefined) return { missing: `${sets[name].version} cannot be built (${failure})` };
  } catch (error) {
    return { missing: `${sets[name].version} cannot be built (${error.message})` };
  } finally {
    unlock?.();
  }
  return findPrograms(name, env);
}

function build(name, go, folder, say, env) {
  const { directory, version, duration, flags, packages } = sets[name];
  removeRemains(folder);
  const target = `${folder}.building-${process.pid}`;
  mkdirSync(target);
  say(`building ${version} into ${folder} (once; about ${duration})`);
  for (const [program, source] of Object.entries(packages)) {
    const started = Date.now();
    const args = ['build', '-mod=readonly', '-buildvcs=false', ...flags, '-o', join(target, program), source];
    // A workspace or a flag of the user's would build something else than go.sum says.
    const run = spawnSync(go, args, {
      cwd: directory,
      encoding: 'utf8',
      env: { ...env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '' },
      maxBuffer: 64 << 20,
    });
    if (run.status !== 0) {
      rmSync(target, { recursive: true, force: true });
      const words = run.error?.message ?? run.stderr.trim().split('\n').slice(-3).join(' ');
      return `go build ${program}: ${words || run.signal}`;
    }
    say(`built ${program} (${Math.round((Date.now() - started) / 1000)} s)`);
  }
  // A folder that somebody thinned out would be in the way of the rename.
  rmSync(folder, { recursive: true, force: true });
  renameSync(target, folder);
  return undefined;
}

/** Of builds that were killed; the lock is held, so none of them is at work. */
function removeRemains(folder) {
  for (const entry of readdirSync(dirname(folder))) {
    if (entry.startsWith(`${basename(folder)}.building-`))
      rmSync(join(dirname(folder), entry), { recursive: true, force: true });
  }
}

/** Waits until nobody else builds this folder; answers what ends the lock. A lock whose process is gone counts for nothing. */
function lock(folder, say) {
  const path = `${folder}.lock`;
  const mine = `${path}-${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    for (let round = 0; !takes(mine, path); round++) {
      const holder = readHolder(path);
      if (holder === undefined) rmSync(path, { force: true });
      else {
        if (round === 0) say(`waits for process ${holder}, which builds ${folder}`);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      }
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => rmSync(path, { force: true });
}

/** A link is made whole or not at all: nobody reads a lock without its process. */
function takes(mine, path) {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

function readHolder(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    return error.code === 'EPERM' ? 'of another user' : undefined;
  }
}

/** Go of PATH, else where installers put it. */
function findGo(env, places) {
  return [...(env.PATH ?? '').split(delimiter), ...places]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'go'))
    .find((path) => existsSync(path) && statSync(path).isFile());
}

/** The version that a go.mod requires of a module. */
function readVersion(directory, module) {
  const text = readFileSync(join(directory, 'go.mod'), 'utf8');
  const line = text.split('\n').find((one) =>
    one
      .replace(/^require/, '')
      .trim()
      .startsWith(`${module} v`),
  );
  if (line === undefined) throw new Error(`${join(directory, 'go.mod')} does not require ${module}`);
  return /(v\d+\.\d+\.\d+)/.exec(line.slice(line.indexOf(`${module} `) + module.length))[1];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const name of programSets) {
    const { folder, version, missing } = ensurePrograms(name, (text) => process.stderr.write(`${text}\n`));
    process.stdout.write(`${missing ?? `${version}: ${folder}`}\n`);
    if (missing !== undefined) process.exitCode = 1;
  }
}
