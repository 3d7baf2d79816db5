/** `node test/deploy/write.ts`, after a change of the chart, its example values, or the configuration. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeBaseFiles, makeSchemaFile } from './made.ts';

const schema = await makeSchemaFile();
await writeFile(schema.path, schema.text);
for (const { path, text } of await makeBaseFiles()) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
