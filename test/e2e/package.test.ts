/** What is published is what is tested: the built package answers as the checkout does. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const built = join(root, 'dist', 'src', 'cli', 'main.js');
const source = join(root, 'src', 'cli', 'main.ts');

test('the built package renders what the checkout renders', { timeout: 120_000 }, async () => {
  await run(process.execPath, [join(root, 'deploy', 'npm', 'build.mjs')], { cwd: root });
  const args = ['render', '-f', join(root, 'deploy', 'examples', 'demo'), '--provider', 'builtin', '-o', 'json'];
  const outputs = await Promise.all(
    [built, source].map((main) => run(process.execPath, [main, ...args]).catch((error: { stdout: string }) => error)),
  );
  const [fromBuilt, fromSource] = outputs.map(({ stdout }) => stdout);
  assert.ok((fromSource ?? '').length > 100);
  assert.equal(fromBuilt, fromSource);
});

test('the package carries no development dependency and the examples of the demo', async () => {
  const { default: manifest } = await import(join(root, 'dist', 'package.json'), { with: { type: 'json' } });
  assert.equal(manifest.private, undefined);
  assert.equal(manifest.devDependencies, undefined);
  assert.equal(manifest.optionalDependencies, undefined);
  const demo = await run(process.execPath, [built, 'demo', '--help']);
  assert.match(demo.stdout, /demo/);
});
