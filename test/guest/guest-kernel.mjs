/**
 * The guest: another Linux kernel for tests of what the machine's own may lack — tagged VLANs, IPVS, ipsets, nft with all its families.
 * It is User Mode Linux out of Debian's package: an ordinary process that needs no root, no KVM, no image and no network, and starts in
 * two seconds. Debian's has nft without a single family, so that module and a few beside it are built from Debian's sources of the very
 * same version, with the very same configuration; everything else is taken as it comes. Kept in the user's cache, a set in a folder named
 * after what it is made from, 15 MB; nothing of it is installed, but compilers are, where they are missing.
 *
 *   node test/guest/guest-kernel.mjs                         brings it; npm test does the same
 *   node test/guest/run-in-guest.ts -- COMMAND ARGS          runs something in it; see there for what it finds there
 *   test/guest/inside-*.ts                                   tests that run in it, all in one guest, begun by test/e2e/guest.test.ts
 *
 * Plain JavaScript for Node 18: it runs before anything is installed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { ensureProgram } from '../../src/setup/setup.mjs';

/** The kernel, a shell for its first process, and what programs IPVS there. */
const packages = ['user-mode-linux', 'busybox-static', 'ipvsadm', 'libnl-3-200', 'libnl-genl-3-200', 'libpopt0'];

/** Loaded with all they need, in this order. */
const modules = [
  ...['overlay', 'dummy', 'veth', 'bridge', '8021q', 'macvlan'],
  ...['rr', 'wrr', 'lc', 'wlc', 'sh', 'dh', 'mh', 'sed', 'nq', 'fo', 'ovf', 'lblc', 'lblcr'].map(
    (one) => `ip_vs_${one}`,
  ),
  ...[
    'nf_conntrack_netlink',
    'nf_dup_ipv4',
    'nf_dup_ipv6',
    'nf_reject_ipv4',
    'nf_reject_ipv6',
    'nft_numgen',
    'nft_hash',
    'nft_ct',
    'nft_masq',
    'nft_redir',
  ],
  ...[
    'nft_reject',
    'nft_limit',
    'nft_compat',
    'ip_tables',
    'iptable_nat',
    'iptable_filter',
    'ip6_tables',
    'ip6table_nat',
  ],
  ...[
    'xt_ipvs',
    'xt_MASQUERADE',
    'xt_mark',
    'xt_comment',
    'xt_set',
    'xt_conntrack',
    'xt_statistic',
    'xt_tcpudp',
    'xt_nat',
  ],
  ...['ip_set_hash_ip', 'ip_set_hash_ipport', 'ip_set_hash_net'],
];

/** Options beside Debian's. None of them changes the shape of what the kernel and its modules share. */
const options = [
  ...['INET', 'NETDEV', 'IPV4', 'ARP', 'IPV6'].map((family) => `CONFIG_NF_TABLES_${family}=y`),
  ...['NAT', 'DUP_IPV4', 'DUP_IPV6', 'REJECT_INET', 'FIB_INET', 'FIB_IPV4', 'FIB_IPV6'].map(
    (one) => `CONFIG_NFT_${one}=m`,
  ),
];

/** Modules that these options change or add, each after those that it needs. */
const built = [
  ...['nf_tables', 'nf_nat', 'nft_chain_nat', 'nft_nat', 'nft_fib'].map((name) => `net/netfilter/${name}.ko`),
  ...[4, 6].flatMap((v) => ['dup', 'fib', 'reject'].map((name) => `net/ipv${v}/netfilter/nft_${name}_ipv${v}.ko`)),
  ...['nft_fib_inet', 'nft_reject_inet'].map((name) => `net/netfilter/${name}.ko`),
];

const compilers = [
  { command: 'gcc', versionArgs: ['--version'], debianPackage: 'build-essential' },
  ...['make', 'flex', 'bison', 'bc', 'xz'].map((command) => ({
    command,
    versionArgs: ['--version'],
    debianPackage: command === 'xz' ? 'xz-utils' : command,
  })),
];

/** Where it is kept; another list is another folder. */
export function guestFolder(env = process.env) {
  const parts = JSON.stringify([packages, modules, options, built, process.arch]);
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'weir', `guest-${createHash('sha256').update(parts).digest('hex').slice(0, 12)}`);
}

/** The guest, `{ folder, version }`, or why there is none: `{ missing }`. Brings nothing. */
export function findGuest(env = process.env) {
  const folder = guestFolder(env);
  try {
    return { folder, version: readFileSync(join(folder, 'version'), 'utf8').trim() };
  } catch {
    return { missing: `the guest kernel is not in ${folder}: run npm test, or node test/guest/guest-kernel.mjs` };
  }
}

/** As findGuest, bringing it when it is not there: needs Debian's packages (180 MB once), compilers and a minute. Never throws. */
export function ensureGuest(say, env = process.env) {
  const found = findGuest(env);
  if (found.missing === undefined) return found;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { missing: `the guest kernel is one of Linux on x86-64, this is ${process.platform} on ${process.arch}` };
  if (spawnSync('apt-get', ['--version']).status !== 0)
    return { missing: 'the guest kernel comes out of packages of Debian, and there is no apt-get' };
  for (const program of compilers) {
    const { missing } = ensureProgram(program, say);
    if (missing !== undefined) return { missing: `the guest kernel cannot be built: ${missing}` };
  }
  const folder = guestFolder(env);
  const work = `${folder}.building-${process.pid}`;
  try {
    say(`bringing the guest kernel into ${folder} (once; 180 MB of Debian's packages, a minute or two)`);
    mkdirSync(join(work, 'done'), { recursive: true });
    build(work);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, 'done'), folder);
  } catch (error) {
    // Somebody else may have brought it meanwhile.
    return findGuest(env).missing === undefined ? findGuest(env) : { missing: `the guest kernel: ${error.message}` };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return findGuest(env);
}

function build(work) {
  const [unpacked, source, done] = ['unpacked', 'source', 'done'].map((name) => join(work, name));
  for (const file of download(work, packages)) run('dpkg-deb', ['-x', file, unpacked]);
  const trees = join(unpacked, 'usr', 'lib', 'uml', 'modules');
  const [release = ''] = readdirSync(trees);
  const config = gunzipSync(readFileSync(join(unpacked, 'usr', 'share', 'doc', 'user-mode-linux', 'config.gz')));
  buildModules(work, source, release, config);
  mkdirSync(join(done, 'modules'));
  mkdirSync(join(done, 'tools'));
  copyFileSync(join(unpacked, 'usr', 'bin', 'linux.uml'), join(done, 'linux'));
  copyFileSync(join(unpacked, 'bin', 'busybox'), join(done, 'busybox'));
  copyFileSync(join(unpacked, 'sbin', 'ipvsadm'), join(done, 'tools', 'ipvsadm'));
  for (const folder of ['lib', join('usr', 'lib')].map((name) => join(unpacked, name, 'x86_64-linux-gnu')))
    if (existsSync(folder))
      for (const name of readdirSync(folder).filter((one) => /\.so\.\d+$/.test(one)))
        copyFileSync(join(folder, name), join(done, 'tools', name));
  const own = new Map(built.map((path) => [basename(path), join(source, path)]));
  const order = loadOrder(join(trees, release)).map((path) => own.get(basename(path)) ?? path);
  const all = new Set([...order, ...own.values()]);
  for (const path of all) copyFileSync(path, join(done, 'modules', basename(path)));
  writeFileSync(join(done, 'load'), [...all].map((path) => `${basename(path)}\n`).join(''));
  writeFileSync(join(done, 'version'), `guest kernel Linux ${release}\n`);
}

/** Files of packages, of Debian as it is configured on this machine. */
function download(work, names) {
  const get = () => run('apt-get', ['download', '-qq', ...names], { cwd: work });
  const before = new Set(readdirSync(work));
  try {
    get();
  } catch {
    // Lists that are missing or old; without root they stay so, and what follows says it.
    spawnSync('apt-get', ['-qq', 'update']);
    get();
  }
  return readdirSync(work)
    .filter((name) => name.endsWith('.deb') && !before.has(name))
    .map((name) => join(work, name));
}

function buildModules(work, source, release, config) {
  const name = `linux-source-${release.split('.').slice(0, 2).join('.')}`;
  const offered = run('apt-cache', ['madison', name]).match(/\| *(\S+) *\|/g) ?? [];
  const version = offered.map((one) => one.slice(1, -1).trim()).find((one) => one.startsWith(`${release}-`));
  if (version === undefined) throw new Error(`Debian offers no ${name} of version ${release}, of which the kernel is`);
  const [file = ''] = download(work, [`${name}=${version}`]);
  mkdirSync(source);
  // What is not compiled here is left out: 1.3 GB; Kconfig reads its files everywhere.
  const left = ['drivers/*.[chS]', 'sound/*.[ch]', 'samples/*.[ch]', 'fs/*/*.[ch]', 'tools/*/*', 'arch/[!ux]*/*.[chS]'];
  const excluded = [...left, 'Documentation/[a-z]*'].map((one) => `--exclude='linux-*/${one}'`).join(' ');
  const inner = `./usr/src/${name}.tar.xz`;
  const unpack = `dpkg-deb --fsys-tarfile '${file}' | tar xO ${inner} | tar xJ --strip-components=1 --wildcards ${excluded}`;
  run('sh', ['-c', unpack], { cwd: source });
  writeFileSync(join(source, '.config'), `${config}${options.join('\n')}\n`);
  // What the kernel itself offers is not known here and resolved when a module is loaded.
  const words = ['ARCH=um', 'KBUILD_MODPOST_WARN=1', `-j${process.env.CI === 'true' ? 4 : 2}`];
  for (const targets of [['olddefconfig'], ['modules_prepare'], built])
    run('make', [...words, ...targets], { cwd: source });
}

/** The files of all modules, each after those that it needs. */
function loadOrder(tree) {
  const needs = new Map(
    readFileSync(join(tree, 'modules.dep'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [path = '', rest = ''] = line.split(':');
        return [path, rest.trim().split(' ').filter(Boolean).reverse()];
      }),
  );
  const paths = new Map([...needs.keys()].map((path) => [basename(path, '.ko').replaceAll('-', '_'), path]));
  const order = new Set();
  for (const name of modules) {
    const path = paths.get(name);
    // Some are part of the kernel itself.
    if (path !== undefined) for (const one of [...(needs.get(path) ?? []), path]) order.add(join(tree, one));
  }
  return [...order];
}

/** Runs a program to its end and answers what it printed; throws with its last words. */
function run(command, args, { cwd } = {}) {
  const ended = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20, timeout: 900_000 });
  if (ended.status === 0) return ended.stdout;
  const last = (ended.stderr || String(ended.error ?? ended.signal)).trim().split('\n').slice(-3).join(' ');
  throw new Error(`${command} ${args.slice(0, 3).join(' ')} failed: ${last}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { folder, version, missing } = ensureGuest((text) => process.stderr.write(`${text}\n`));
  process.stdout.write(`${missing ?? `${version}: ${folder}`}\n`);
  if (missing !== undefined) process.exitCode = 1;
}
