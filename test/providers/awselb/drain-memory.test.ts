import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { DrainMemory } from '../../../providers/awselb/drain-memory.ts';

it('keeps of each front that turned away from a group when it did, and the last of them counts', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-drain-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const memory = new DrainMemory(folder);
  memory.note('group', 'Rule a', 1_000, 0);
  memory.note('group', 'Rule b', null, 0);
  memory.note('group', 'Rule a', 2_000, 0);
  assert.deepEqual([...memory.all()], [['group', null]], 'nobody knows how the call of b ended');
  memory.note('group', 'Rule b', 1_500, 0);
  memory.note('other', 'Rule a', 9_000, 0);
  const next = new DrainMemory(folder);
  assert.deepEqual(
    [...next.all()],
    [
      ['group', 2_000],
      ['other', 9_000],
    ],
  );
  next.note('third', 'Rule a', 9_500, 5_000);
  assert.deepEqual([...next.all().keys()], ['other', 'third'], 'what is over goes');
  next.note('third', 'Rule b', null, 5_000);
  next.settle('third', 9_900, 5_000);
  assert.equal(next.all().get('third'), 9_900, 'a next process has waited for all of it');
  await writeFile(join(folder, 'draining-groups.json'), '{"untilMs":{"group":7}}');
  assert.deepEqual([...next.all()], []);
});
