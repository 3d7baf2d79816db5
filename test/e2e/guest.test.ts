/** The guest kernel, and the tests that run in it, each told here under its own name. What the guest is: test/guest/guest-kernel.mjs. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { findGuest } from '../guest/guest-kernel.mjs';
import { runInGuest } from '../guest/run-in-guest.ts';

const folder = join(import.meta.dirname, '..', 'guest');
const eventSchema = z.object({
  event: z.enum(['passed', 'failed', 'skipped', 'output']),
  name: z.string().default(''),
  reason: z.string().optional(),
  error: z.string().optional(),
  text: z.string().default(''),
});

describe('the guest', { concurrency: false, skip: findGuest().missing ?? false }, () => {
  it('gives back what a command says and how it ends, and keeps what it writes', async () => {
    const mark = join(folder, `mark-${process.pid}`);
    const command = `test -e ${import.meta.filename} && echo "it's out" && echo err >&2; touch ${mark}; test -e ${mark} && exit 37`;
    const { stdout, stderr, ended } = runInGuest(['bash', '-c', command]);
    assert.deepEqual(await Promise.all([text(stdout), text(stderr)]), ["it's out\n", 'err\n']);
    assert.deepEqual(await ended, { code: 37, trouble: '' });
    assert.ok(!existsSync(mark));
  });

  it('is ended when its command does not end', async () => {
    const { child, stdout, stderr, ended } = runInGuest(['sleep', '1000'], { seconds: 5 });
    for (const stream of [stdout, stderr]) stream.resume();
    assert.equal((await ended).code, 124);
    assert.ok(child.exitCode !== null || child.signalCode !== null);
  });

  it('runs its own tests', async (t) => {
    const files = readdirSync(folder).filter((name) => name.startsWith('inside-'));
    const node = [process.execPath, '--no-warnings', '--test', '--test-isolation=none'];
    const reporter = `--test-reporter=${join(folder, '..', 'reporter.mjs')}`;
    // About a minute on a machine at rest.
    const command = [...node, reporter, ...files.map((name) => join(folder, name))];
    const { stdout, stderr, ended } = runInGuest(command, { seconds: 540 });
    const loose: string[] = [];
    createInterface({ input: stderr }).on('line', (line) => loose.push(line));
    let count = 0;
    let failed = 0;
    for await (const line of createInterface({ input: stdout })) {
      if (!line.startsWith('{"event":')) {
        loose.push(line);
        continue;
      }
      const event = eventSchema.parse(JSON.parse(line));
      if (event.event === 'output') {
        loose.push(event.text);
        continue;
      }
      count += 1;
      if (event.event === 'failed') failed += 1;
      await t
        .test(event.name, { skip: event.event === 'skipped' && (event.reason ?? true) }, () => {
          if (event.event === 'failed') throw new Error(event.error);
        })
        .catch(() => {});
    }
    const { code, trouble } = await ended;
    const words = [trouble, ...loose].join('\n');
    if (failed > 0) t.diagnostic(words);
    assert.equal(code, failed === 0 ? 0 : 1, words);
    assert.ok(count > 0, words);
  });
});
