/**
 * `node --import ./src/setup/prepare.mjs FILE.ts ARGS`: makes a TypeScript entry work on a fresh clone and on an old Node.
 * Costs two small file reads when everything is there; else installs, and runs the same command in the pinned Node.
 */
import { isMainThread } from 'node:worker_threads';
import { runInstead, whenNpmEnds } from './run-instead.mjs';
import { checkNode, findNode, installPackages, SetupError } from './setup.mjs';

try {
  checkNode();
  installPackages((line) => process.stderr.write(`setup  ${line}\n`));
  const node = findNode();
  if (node !== process.execPath && process.features.typescript !== 'strip') {
    await runInstead(node, process.argv.slice(1));
  }
  if (isMainThread) whenNpmEnds(() => process.kill(process.pid, 'SIGTERM'));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`setup  ${error.message}\n`);
  process.exit(1);
}
