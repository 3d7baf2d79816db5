/** What the README tells people to copy works when it is copied. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { weir } from '../fakes/weir-process.ts';

test('the examples of the README are valid together', async (t) => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const blocks = [...readme.matchAll(/```yaml\n# (\S+)[^\n]*\n([\s\S]*?)```/g)];
  assert.deepEqual(
    blocks.map(([, name]) => name),
    ['weir.yaml', 'services/shop.yaml'],
  );
  const folder = await mkdtemp(join(tmpdir(), 'weir-readme-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'services'));
  for (const [, name = '', text = ''] of blocks) await writeFile(join(folder, name), text);
  const { bundlePem } = makeCertificate({ names: ['shop.test', '*.shop.test'] });
  await writeFile(join(folder, 'services', 'shop.pem'), bundlePem);
  const told = await weir(['validate', '--state-dir', join(folder, 'state')], folder);
  assert.equal(told.code, 0, told.out + told.err);
  assert.match(told.out, /2 services/);
});
