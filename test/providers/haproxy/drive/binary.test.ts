import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { findBinary, runProgram } from '../../../../providers/haproxy/binary.ts';

const run = (script: string, timeoutMs = 20_000) =>
  runProgram('/bin/sh', ['-c', script], { timeoutMs, missing: 'E_HAPROXY_MISSING' });

test('what a program says on both its outputs, and how it ends', async () => {
  const { code, output } = await run('echo one; echo two >&2; exit 3');
  assert.equal(code, 3);
  assert.deepEqual(output.trim().split('\n').sort(), ['one', 'two']);
});

test('one that does not end is ended, and has no exit code', async () => {
  assert.equal((await run('while :; do sleep 0.05; done', 200)).code, undefined);
});

test('one that is not there, or is no HAProxy, is told by its path', async () => {
  await assert.rejects(findBinary('/nowhere/haproxy'), { code: 'E_HAPROXY_MISSING', message: /\/nowhere\/haproxy/ });
  await assert.rejects(findBinary('/bin/true'), { code: 'E_HAPROXY_MISSING', message: /not HAProxy/ });
});

test('it runs behind what serves: nice, in a session of its own that steps back, without an input', async () => {
  // The sixth field of `stat` is the session; in one's own it is the number of the process.
  const { output } = await run(
    'until [ "$(cut -d" " -f19 /proc/$$/stat)" = 19 ]; do :; done; cut -d" " -f6 /proc/$$/stat; echo $$; cat',
  );
  const [session, pid] = output.trim().split('\n');
  assert.equal(session, pid);
  assert.notEqual(getPriority(), 19);
  if (!existsSync('/proc/self/autogroup')) return;
  const { code } = await run('until grep -q "nice 5" /proc/$$/autogroup; do sleep 0.01; done');
  assert.equal(code, 0);
});
