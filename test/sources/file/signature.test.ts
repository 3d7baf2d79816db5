import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Signatures } from '../../../src/sources/file/signature.ts';
import { temporary } from './open-temporary.ts';

test('a file is looked at when it is first asked for, and then only by a look at all', async (t) => {
  const root = await temporary(t);
  const [path, next] = [join(root, 'a.pem'), join(root, 'next')];
  writeFileSync(path, 'one');
  const signatures = new Signatures();
  assert.equal(await signatures.look(), false, 'nothing was asked for');
  const before = signatures.of([path]);
  writeFileSync(next, 'two');
  renameSync(next, path);
  assert.equal(signatures.of([path]), before);
  assert.equal(await signatures.look(), true);
  assert.notEqual(signatures.of([path]), before);
  assert.equal(await signatures.look(), false);
  rmSync(path);
  assert.equal(await signatures.look(), true, 'a file that is gone is another one');
  const gone = signatures.of([path]);
  writeFileSync(path, 'three');
  assert.equal(signatures.of([path]), gone);
  assert.equal(await signatures.look(), true);
});

test('what is kept no more is looked at anew when it is asked for again', async (t) => {
  const root = await temporary(t);
  const path = join(root, 'a.pem');
  writeFileSync(path, 'one');
  const signatures = new Signatures();
  const before = signatures.of([path]);
  signatures.keep([]);
  writeFileSync(path, 'longer than before');
  assert.equal(await signatures.look(), false);
  assert.notEqual(signatures.of([path]), before);
});
