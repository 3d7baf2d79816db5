import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FirstUse, type FirstUseParts } from '../../../providers/l2/first-use.ts';

const [one, two] = ['10.0.0.1', '10.0.0.2'];
const stranger = '02:00:5e:00:53:99';

describe('the first use of an address', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-first-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A network on which others have what `owners` says. */
  function stage(owners: Map<string, string>, parts: Partial<FirstUseParts> = {}) {
    const asked: (readonly string[])[] = [];
    const taken: (readonly (readonly [string, string])[])[] = [];
    let changes = 0;
    const use = new FirstUse({
      file: join(folder, 'used.json'),
      async probe(vips) {
        asked.push(vips);
        return new Map([...owners].filter(([vip]) => vips.includes(vip)));
      },
      askable: () => true,
      held: () => false,
      changed: () => {
        changes += 1;
      },
      taken: (vips) => taken.push(vips),
      fault: (error) => assert.fail(error),
      againMs: 20,
      ...parts,
    });
    return { use, asked, taken, changes: () => changes };
  }

  it('waits for the answer; what somebody has stays his until he is gone', async () => {
    const owners = new Map([[two, stranger]]);
    const { use, asked, taken, changes } = stage(owners);
    use.want([one, two]);
    assert.deepEqual([use.ready(one), use.ready(two)], [false, false]);
    await sleep(5);
    assert.deepEqual([use.ready(one), use.ready(two), changes()], [true, false, 1]);
    assert.deepEqual([asked, taken], [[[one, two]], [[[two, stranger]]]]);
    owners.clear();
    for (let turn = 0; turn < 100 && !use.ready(two); turn += 1) await sleep(5);
    await use.close();
    assert.ok(use.ready(two));
    assert.deepEqual(taken.at(-1), []);
    assert.equal(taken.length, 2, 'told when it changes only');
  });

  it('is asked for once, also over a restart; an address that left and came back is new', async () => {
    const first = stage(new Map());
    first.use.want([one, two]);
    await sleep(5);
    await first.use.close();
    const { use, asked } = stage(new Map([[one, stranger]]));
    use.want([one, two]);
    assert.deepEqual([use.ready(one), use.ready(two), asked.length], [true, true, 0]);
    use.want([two]);
    use.want([one, two]);
    await sleep(5);
    await use.close();
    assert.deepEqual([asked, use.ready(one)], [[[one]], false]);
  });

  it('of an address that one of our own nodes has is no matter; without an interface it waits', async () => {
    let faces = false;
    const { use, asked } = stage(new Map([[one, stranger]]), { held: (vip) => vip === one, askable: () => faces });
    use.want([one]);
    await sleep(5);
    assert.deepEqual([asked.length, use.ready(one)], [0, true]);
    await use.close();
    const other = stage(new Map([[two, stranger]]), { held: () => false, askable: () => faces });
    faces = true;
    other.use.want([one, two]);
    await sleep(5);
    assert.deepEqual([other.asked, other.use.ready(one), other.use.ready(two)], [[[two]], true, false]);
    other.use.inUse([two]);
    await other.use.close();
    assert.deepEqual(
      [other.taken.at(-1), other.use.ready(two)],
      [[], true],
      'it was asked about by the node that has it',
    );
  });

  it('goes on where nobody can be asked, and says so', async () => {
    const faults: string[] = [];
    const { use } = stage(new Map(), {
      probe: () => Promise.reject(new Error('no packet socket')),
      fault: (error) => faults.push(error),
    });
    use.want([one]);
    await sleep(5);
    await use.close();
    assert.deepEqual([faults, use.ready(one)], [['no packet socket'], true]);
  });
});
