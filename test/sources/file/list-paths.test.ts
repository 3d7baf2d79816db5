import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { listPaths } from '../../../src/sources/file/list-paths.ts';
import { temporary } from './open-temporary.ts';

test('weir reads no records of its own, by whatever name they are reached', async (t) => {
  const root = await temporary(t);
  const state = join(root, 'state');
  mkdirSync(join(state, 'sources'), { recursive: true });
  writeFileSync(join(state, 'sources', 'one.json'), '{}');
  writeFileSync(join(root, 'web.yaml'), '');
  symlinkSync('state', join(root, 'link'));
  const names = async (except?: string) => (await listPaths([root], except)).files.map(({ path }) => path);
  assert.deepEqual(await names(state), [join(root, 'web.yaml')]);
  assert.deepEqual(await names(join(root, 'not-yet')), [join(root, 'link/sources/one.json'), join(root, 'web.yaml')]);
});

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
