/**
 * moto without containers: `npm run -s aws:moto -- [--port 4566] [--seed]`. Installs the pinned versions of requirements.txt once
 * into a virtual environment in the user's cache, starts the server on loopback and ends it with Ctrl-C.
 * The tests use the same environment. Plain JavaScript for Node 18: it runs before anything is installed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkNode, findNode, installPackages } from '../src/setup/setup.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const requirements = join(here, 'requirements.txt');

/** The environment of these very requirements; another pin is another folder. */
export function motoFolder(env = process.env) {
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const pins = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  return join(cache, 'weir', `moto-${pins}`);
}

/** The installed server, `{ command, version }`, or why there is none: `{ missing }`. Installs nothing. */
export function findMoto(env = process.env) {
  const folder = motoFolder(env);
  const command = join(folder, 'bin', 'moto_server');
  if (existsSync(join(folder, 'complete')) && existsSync(command)) {
    const pin = /^moto\S*==(\S+)/m.exec(readFileSync(requirements, 'utf8'))?.[1];
    return { command, version: `moto ${pin}` };
  }
  return { missing: `moto is not installed in ${folder}: run npm test, or npm run -s aws:moto` };
}

/** As findMoto, installing it when it is not there: needs python3 with venv and a package index, about a minute. Never throws. */
export function ensureMoto(say, env = process.env) {
  const found = findMoto(env);
  if (found.missing === undefined) return found;
  const python = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  if (python.status !== 0) return { missing: 'python3 is not installed: install python3 with venv and pip' };
  const folder = motoFolder(env);
  say(`installing moto into ${folder} (about a minute)`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  const pip = join(folder, 'bin', 'pip');
  for (const [command, args] of [
    ['python3', ['-m', 'venv', folder]],
    [pip, ['install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]],
  ]) {
    const run = spawnSync(command, args, { encoding: 'utf8', timeout: 600_000 });
    if (run.status === 0) continue;
    rmSync(folder, { recursive: true, force: true });
    const last = (run.stderr ?? String(run.error)).trim().split('\n').at(-1);
    return { missing: `moto cannot be installed (${last || command})` };
  }
  // Written last: an installation that was interrupted is begun anew.
  writeFileSync(join(folder, 'complete'), '');
  return findMoto(env);
}

/**
 * Starts the server in a process of its own on loopback and answers `{ url, pid, stop }` once it answers. `port` 0: a free one.
 * Throws when it ends early or does not answer within a minute.
 */
export async function startMoto(command, port = 0) {
  const chosen = port === 0 ? await freePort() : port;
  const child = spawn(command, ['-H', '127.0.0.1', '-p', String(chosen)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.on('data', (data) => {
    words = `${words}${data}`.slice(-2000);
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
    await ended;
    clearTimeout(timer);
  };
  const url = `http://127.0.0.1:${chosen}`;
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}: ${words}`);
    try {
      const reply = await fetch(`${url}/moto-api/data.json`);
      await reply.arrayBuffer();
      if (reply.ok) return { url, pid: child.pid, stop };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  await stop();
  throw new Error(`moto does not answer on ${url}: ${words}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const usage = `moto, an imitation of AWS that is not weir's, on loopback until Ctrl-C.

  npm run -s aws:moto -- [--port 4566] [--seed]

  --port  the port to listen on, 4566 if not given
  --seed  fill it as npm run -s aws:seed does: VPC, subnets, machines, certificates of cluster 'test'
`;

/** Ready before the server starts: one that runs without what was asked for helps nobody. */
function prepareSeed(say) {
  checkNode();
  installPackages(say);
  return findNode();
}

async function main(args) {
  const say = (text) => process.stderr.write(`moto  ${text}\n`);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return;
  }
  const at = args.indexOf('--port');
  const port = at === -1 ? 4566 : Number(args[at + 1]);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    say(`--port must be a port number, not '${args[at + 1]}'`);
    process.exitCode = 2;
    return;
  }
  let node;
  try {
    if (args.includes('--seed')) node = prepareSeed(say);
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
    return;
  }
  const { command, missing } = ensureMoto(say);
  if (missing !== undefined) {
    say(missing);
    process.exitCode = 1;
    return;
  }
  const server = await startMoto(command, port);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.stop());
  say(`listens on ${server.url}`);
  if (node !== undefined) {
    const env = { ...process.env, AWS_ENDPOINT_URL: server.url };
    const seeding = spawn(node, [join(here, 'seed.ts')], { env, stdio: 'inherit' });
    const code = await new Promise((resolve) => seeding.once('close', resolve));
    if (code === 0) return;
    say('ends: it could not be seeded');
    process.exitCode = 1;
    await server.stop();
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await main(process.argv.slice(2));
