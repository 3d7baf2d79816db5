/** The conformance suite on the real announcing, in a network namespace of its own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { needsRootAnd } from '../fakes/needs.ts';
import { makeLan } from './l2-lan.ts';

const program = fileURLToPath(new URL('./l2-conformance.ts', import.meta.url));

test('l2 passes the conformance suite', { skip: needsRootAnd('ip', 'nft') }, async (t) => {
  const lan = makeLan(['a']);
  t.after(() => lan.end());
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const [command = '', ...words] = [...lan.inside('a'), process.execPath, '--no-warnings', '--test', program];
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  const text = Buffer.concat(chunks).toString();
  assert.equal(child.exitCode, 0, text);
  assert.match(text, /create +passed/);
  assert.match(text, /a second run writes nothing +passed/);
  assert.equal(lan.run('a', 'nft list ruleset').trim(), '');
});
