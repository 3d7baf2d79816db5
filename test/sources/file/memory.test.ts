import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSource, readNow, temporary, web } from './open-temporary.ts';

test('offline nothing is remembered; a plan remembers and leaves no trace; who holds the lock keeps', async (t) => {
  const root = await temporary(t);
  const stateDir = join(root, '.state');
  const file = join(root, 'a.yaml');
  const read = async (memory: 'none' | 'read' | 'keep') =>
    (await readNow(openSource([root], { stateDir, memory: () => memory }))).services.map(({ id }) => id);
  writeFileSync(file, web('a/x'));
  assert.deepEqual(await read('none'), ['a/x']);
  assert.deepEqual(await read('read'), ['a/x']);
  assert.equal(existsSync(join(stateDir, 'sources')), false);
  await read('keep');
  writeFileSync(file, 'name: [');
  assert.deepEqual(await read('none'), []);
  assert.deepEqual(await read('read'), ['a/x']);
  const other = join(root, 'sub.d');
  assert.deepEqual((await readNow(openSource([other], { stateDir, memory: () => 'read' }))).services, []);
  assert.equal(readdirSync(join(stateDir, 'sources', 'files')).length, 1, 'a plan of other files forgets nothing');
});

test('what is passed over is counted by kind', async (t) => {
  const root = await temporary(t);
  const objects = ['Pod', 'Deployment', 'Pod', 'constructor'].map(
    (kind, n) => `apiVersion: ${kind === 'Deployment' ? 'apps/v1' : 'v1'}\nkind: ${kind}\nmetadata: {name: n${n}}\n`,
  );
  writeFileSync(join(root, 'a.yaml'), `${objects.join('---\n')}---\n${web('a/x')}`);
  const { skipped } = await readNow(openSource([root]));
  assert.deepEqual(skipped, { Pod: 2, Deployment: 1, constructor: 1 });
});
