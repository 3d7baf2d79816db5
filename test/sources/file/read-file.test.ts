import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readText } from '../../../src/sources/file/read-file.ts';
import { temporary } from './open-temporary.ts';

test('a file is read whole up to its limit, whatever size it tells', async (t) => {
  const path = join(await temporary(t), 'one.yaml');
  const text = 'ä'.repeat(50_000);
  writeFileSync(path, text);
  const read = await readText(path, 100_000);
  assert.ok(read.kind === 'text' && read.text === text);
  assert.equal((await readText(path, 99_999)).kind, 'fault');
  // The kernel tells no size of these.
  const status = await readText('/proc/self/status', 1_000_000);
  assert.ok(status.kind === 'text' && status.text.includes(`Pid:\t${process.pid}\n`));
  const bounded = await readText('/proc/self/status', 100);
  assert.ok(bounded.kind === 'fault' && bounded.code === 'E_FILE_SIZE');
});
