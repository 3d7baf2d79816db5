/** `npm start` on a fresh clone: sets up, then runs `weir demo` in the pinned Node. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkNode, ensureHaproxy, findNode, installPackages, root, SetupError } from './setup.mjs';

const say = (line) => process.stderr.write(`setup  ${line}\n`);

try {
  checkNode();
  installPackages(say);
  const node = findNode();
  const haproxy = ensureHaproxy(say);
  if (haproxy.missing !== undefined) say(haproxy.missing);
  run(node, [join(root, 'src', 'cli', 'main.ts'), 'demo', ...process.argv.slice(2)]);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

function run(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  // The terminal sends Ctrl-C to the whole group: the demo cleans up by itself and we wait for it. SIGTERM reaches only us.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm that is ended takes its shell with it and tells nobody behind that: see who our parent is.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event === undefined || process.ppid === parent) return;
    // Once: a second signal means to give up at once.
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 500);
  child.on('exit', (code, signal) => {
    clearInterval(watch);
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}
