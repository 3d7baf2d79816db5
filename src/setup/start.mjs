/** `npm start` on a fresh clone: sets up, then runs `weir demo` in the pinned Node. */
import { join } from 'node:path';
import { runInstead } from './run-instead.mjs';
import {
  checkNode,
  ensureHaproxy,
  ensureProgram,
  findNode,
  installPackages,
  networkPrograms,
  root,
  SetupError,
} from './setup.mjs';

const say = (line) => process.stderr.write(`setup  ${line}\n`);

try {
  checkNode();
  installPackages(say);
  const node = findNode();
  const haproxy = ensureHaproxy(say);
  if (haproxy.missing !== undefined) say(haproxy.missing);
  if (process.argv.includes('--vip')) for (const program of networkPrograms) ensureProgram(program, say);
  await runInstead(node, [join(root, 'src', 'cli', 'main.ts'), 'demo', ...process.argv.slice(2)]);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
