import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DiskWriter, readDisk } from '../../../../providers/l2/disk.ts';
import { Journal } from '../../../../providers/l2/kernel/journal.ts';

describe('what a node remembers', { skip: process.platform !== 'linux' && 'needs Linux' }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-journal-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('of its addresses holds for one boot in one network namespace', async () => {
    const file = join(folder, 'new', 'addresses.json');
    const journal = new Journal(file);
    assert.deepEqual([...journal.addresses], []);
    await journal.write(new Set(['10.0.0.1 eth0']));
    assert.deepEqual([...new Journal(file).addresses], ['10.0.0.1 eth0']);
    assert.deepEqual([...new Journal(file, 'another boot').addresses], []);
    const text = readFileSync(file, 'utf8');
    for (const torn of [text.slice(0, -5), '', '{"where":1}', '[]']) {
      writeFileSync(file, torn);
      assert.deepEqual([...new Journal(file).addresses], [], `nothing is ours by ${torn}`);
    }
  });

  it('of itself is the newest it was given, told when it is on disk', async () => {
    const file = join(folder, 'node.json');
    assert.equal(readDisk(file), undefined);
    const group = { version: 2, voters: ['a', 'b'], previous: ['a'] };
    const told: number[] = [];
    await new Promise<void>((resolve) => {
      const writer = new DiskWriter(
        file,
        (disk) => {
          told.push(disk.inc);
          if (disk.inc === 9) resolve();
        },
        (error) => assert.fail(error),
      );
      for (const inc of [1, 2, 9]) writer.write({ inc, group, settled: true, fence: 70 + inc });
    });
    assert.deepEqual(told, [1, 9], 'what was replaced before it was written is not told');
    assert.deepEqual(readDisk(file), { inc: 9, group, settled: true, fence: 79 });
    writeFileSync(file, JSON.stringify({ inc: 3, group }));
    assert.deepEqual(readDisk(file), { inc: 3, group, settled: false, fence: 0 }, 'what is not said is not so');
    writeFileSync(file, '{"inc":-1}');
    assert.equal(readDisk(file), undefined);
  });
});
