import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Snapshot, type Source, WeirError } from '../../src/model/index.ts';
import { Feed } from '../../src/run/index.ts';
import { settled, VirtualClock } from './virtual-clock.ts';

const empty: Snapshot = { services: [], nodes: [], problems: [], incomplete: [] };

function stage(read: () => Promise<Snapshot>, watch?: Source['watch']) {
  const clock = new VirtualClock();
  let changed: (cause: string) => void = () => {};
  const seen: string[] = [];
  const source: Source = {
    name: 'files',
    read,
    watch:
      watch ??
      (async (tell, signal) => {
        changed = tell;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }),
    secret: async () => undefined,
  };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const feed: Feed = new Feed({ source, clock, random: () => 0.999, log, changed: () => seen.push(feed.cause) });
  const end = new AbortController();
  const done = feed.run(end.signal);
  const stop = async () => {
    end.abort();
    await done;
  };
  return { clock, feed, seen, stop, change: (cause: string) => changed(cause) };
}

describe('a feed', () => {
  it('is not synced while its source could read nothing, ever', async () => {
    let snapshot: Snapshot = { ...empty, blank: true };
    const { feed, change, stop } = stage(async () => snapshot);
    await settled();
    assert.equal(feed.synced, false);
    snapshot = empty;
    change('it may be read');
    await settled();
    assert.equal(feed.synced, true);
    await stop();
  });

  it('reads at once and whenever the source says so, changes that come together once', async () => {
    let reads = 0;
    const { feed, seen, change, stop } = stage(async () => ({
      ...empty,
      problems: [],
      nodes: [],
      services: [],
      incomplete: [],
      ...{ n: ++reads },
    }));
    assert.equal(feed.synced, false);
    assert.equal(feed.snapshot.incomplete[0]?.part, 'everything', 'unread: everything could exist');
    await settled();
    assert.equal(feed.synced, true);
    assert.deepEqual(feed.snapshot.incomplete, []);
    change('a.yaml');
    change('b.yaml');
    await settled();
    assert.equal(reads, 2);
    assert.deepEqual(seen, ['files: first reading', 'files: b.yaml']);
    await stop();
  });

  it('a change during a reading is read afterwards', async () => {
    let reads = 0;
    let release = () => {};
    const { change, stop } = stage(async () => {
      if (++reads === 2) await new Promise<void>((resolve) => (release = resolve));
      return { ...empty };
    });
    await settled();
    change('one');
    await settled();
    change('two');
    release();
    await settled();
    assert.equal(reads, 3);
    await stop();
  });

  it('keeps the last good snapshot while reading fails, tells the problem, and tries again', async () => {
    let broken = false;
    const good = { ...empty };
    const { feed, change, clock, stop } = stage(async () => {
      if (broken) throw new WeirError('E_FILE_READ', 'denied');
      return good;
    });
    await settled();
    broken = true;
    change('x');
    await settled();
    assert.equal(feed.snapshot, good);
    assert.equal(feed.problems[0]?.code, 'E_FILE_READ');
    broken = false;
    await clock.pass(500);
    assert.deepEqual(feed.problems, []);
    await stop();
  });

  it('an unchanged snapshot disturbs nobody', async () => {
    const same = { ...empty };
    const { seen, change, stop } = stage(async () => same);
    await settled();
    change('nothing really');
    await settled();
    assert.equal(seen.length, 1);
    await stop();
  });

  it('a watch that ends is begun again, with a reading', async () => {
    let watches = 0;
    let reads = 0;
    const { clock, stop } = stage(
      async () => {
        reads++;
        return { ...empty };
      },
      async () => {
        watches++;
        throw new Error('too many files');
      },
    );
    await clock.pass(1600);
    assert.equal(watches, 3);
    assert.equal(reads, 3);
    await stop();
  });
});
