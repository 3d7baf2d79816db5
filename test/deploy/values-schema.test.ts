import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { makeSchemaFile } from './made.ts';

it('the schema of the chart says what weir takes; `node test/deploy/write.ts` makes it anew', async () => {
  const { path, text } = await makeSchemaFile();
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), JSON.parse(text));
});
