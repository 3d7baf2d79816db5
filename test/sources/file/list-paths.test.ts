import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { listPaths } from '../../../src/sources/file/list-paths.ts';
import { temporary } from './open-temporary.ts';

test('beside a configured directory nothing matters; beside files, links and what is listed everything may', async (t) => {
  const root = await temporary(t);
  mkdirSync(join(root, 'services', 'deep'), { recursive: true });
  const services = join(root, 'services');
  assert.deepEqual([...(await listPaths([services])).parents], [root]);

  writeFileSync(join(root, 'one.yaml'), '');
  assert.deepEqual([...(await listPaths([services, join(root, 'one.yaml')])).parents], []);

  assert.deepEqual([...(await listPaths([root, services])).parents], [dirname(root)]);

  symlinkSync('services', join(root, 'link'));
  assert.deepEqual([...(await listPaths([join(root, 'link')])).parents], []);
});
