import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareAge } from '../../../src/front/age.ts';
import { openSource, readNow, temporary } from './open-temporary.ts';

const web = (name: string, port: number) =>
  `name: ${name}\nhttp: [{ host: shop.test }]\ntargets: ["10.0.0.1:${port}"]\n`;

test('who was there first stays the older one, whatever the names, the clock and restarts', async (t) => {
  const root = await temporary(t);
  const stateDir = join(root, '.state');
  const read = async (nowMs: number) => {
    const { services, problems } = await readNow(openSource([root], { stateDir, nowMs: () => nowMs }));
    return { problems, ids: services.toSorted(compareAge).map(({ id }) => id) };
  };
  writeFileSync(join(root, 'z.yaml'), web('z/first', 1));
  assert.deepEqual((await read(5000)).ids, ['z/first']);
  writeFileSync(join(root, 'a.yaml'), web('a/second', 2));
  assert.deepEqual((await read(4000)).ids, ['z/first', 'a/second'], 'the clock was set back');
  renameSync(join(root, 'z.yaml'), join(root, 'moved.yaml'));
  assert.deepEqual((await read(6000)).ids, ['z/first', 'a/second'], 'a file was renamed');
  writeFileSync(join(root, 'b.yaml'), `${web('z/first', 3)}created: 2000-01-01T00:00:00Z\n`);
  assert.deepEqual((await read(7000)).ids, ['z/first', 'a/second'], 'a date of its owner counts');
});

test('a second description of a service does not replace the first by its place in the order', async (t) => {
  const root = await temporary(t);
  const stateDir = join(root, '.state');
  const read = async () => readNow(openSource([root], { stateDir }));
  writeFileSync(join(root, 'z.yaml'), web('shop/web', 1));
  await read();
  writeFileSync(join(root, 'a.yaml'), web('shop/web', 2));
  const { services, problems } = await read();
  assert.equal(services[0]?.backends.default?.targets[0]?.port, 1);
  assert.deepEqual(
    problems.map(({ code, file }) => [code, file?.endsWith('/a.yaml')]),
    [['E_SERVICE_DUPLICATE', true]],
  );
});
