/**
 * `node --import ./src/setup/prepare.mjs FILE.ts ARGS`: makes a TypeScript entry work on a fresh clone and on an old Node.
 * Costs two small file reads when everything is there; else installs, and runs the same command in the pinned Node.
 */
import { spawnSync } from 'node:child_process';
import { checkNode, findNode, installPackages, SetupError } from './setup.mjs';

try {
  checkNode();
  installPackages((line) => process.stderr.write(`setup  ${line}\n`));
  const node = findNode();
  if (node !== process.execPath && process.features.typescript !== 'strip') {
    const again = spawnSync(node, process.argv.slice(1), { stdio: 'inherit' });
    process.exit(again.status ?? 130);
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`setup  ${error.message}\n`);
  process.exit(1);
}
