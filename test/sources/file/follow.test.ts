import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { codesOf, follow, openSource, readNow, targetsOf, temporary, web } from './open-temporary.ts';

const one = '10.0.0.1:80';
const two = '10.0.0.2:80';

/** No poll: what is seen is seen by events. */
const eventsOnly = { pollMs: 3_600_000 };

type Change = (file: string, text: string) => void;

const changes: Readonly<Record<string, Change>> = {
  'written in place': (file, text) => writeFileSync(file, text),
  'renamed over it': (file, text) => {
    writeFileSync(`${file}.tmp`, text);
    renameSync(`${file}.tmp`, file);
  },
  'truncated, then written': (file, text) => {
    truncateSync(file);
    appendFileSync(file, text);
  },
  'deleted, then created': (file, text) => {
    rmSync(file);
    writeFileSync(file, text);
  },
  'written in pieces': (file, text) => {
    writeFileSync(file, text.slice(0, 10));
    appendFileSync(file, text.slice(10));
  },
};

for (const [name, change] of Object.entries(changes)) {
  test(`a change is seen by events and nothing is lost on the way: ${name}`, async (t) => {
    const root = await temporary(t);
    const file = join(root, 'a.yaml');
    writeFileSync(file, web('a/x', one));
    writeFileSync(join(root, 'b.yaml'), web('b/y', one));
    const source = openSource([root], eventsOnly);
    const before = await readNow(source);
    const followed = follow(t, source);
    await sleep(20);
    change(file, web('a/x', two));
    const after = await followed.until((snapshot) => targetsOf(snapshot)['a/x'] === two);
    for (const snapshot of followed.seen)
      assert.deepEqual(Object.keys(targetsOf(snapshot)), ['a/x', 'b/y'], 'never half');
    assert.equal(after.services[1], before.services[1], 'the other service is the same object');
  });
}

test('a half-written file that is never finished is told, and the last good content stays', async (t) => {
  const root = await temporary(t);
  const file = join(root, 'a.yaml');
  writeFileSync(file, web('a/x'));
  const source = openSource([file], eventsOnly);
  await readNow(source);
  const followed = follow(t, source);
  await sleep(20);
  writeFileSync(file, 'name: a/x\nhttp: [');
  const snapshot = await followed.until(({ problems }) => problems.length > 0);
  assert.deepEqual(targetsOf(snapshot), { 'a/x': one });
});

test('an emptied file takes nothing away, also over a restart; a comment or its removal does', async (t) => {
  const root = await temporary(t);
  const file = join(root, 'a.yaml');
  const stateDir = join(root, '.state');
  writeFileSync(file, web('a/x'));
  const source = openSource([root], { ...eventsOnly, stateDir });
  await readNow(source);
  const followed = follow(t, source);
  await sleep(20);
  writeFileSync(file, '');
  const emptied = await followed.until(({ problems }) => problems.length > 0);
  assert.deepEqual([targetsOf(emptied), codesOf(emptied)], [{ 'a/x': one }, ['E_FILE_READ']]);
  assert.match(
    emptied.problems[0]?.message ?? '',
    /a\.yaml: it is empty, and was not before \(remove it, or write a comment/,
  );
  await followed.stop();
  const again = openSource([root], { ...eventsOnly, stateDir });
  assert.deepEqual(targetsOf(await readNow(again)), { 'a/x': one });
  const later = follow(t, again);
  writeFileSync(file, '# nothing for now\n');
  const commented = await later.until(({ services }) => services.length === 0);
  assert.deepEqual(commented.problems, []);
});

test('a file that was always empty is no fault', async (t) => {
  const root = await temporary(t);
  writeFileSync(join(root, 'a.yaml'), '\n');
  const { problems, incomplete } = await readNow(openSource([root]));
  assert.deepEqual([problems, incomplete], [[], []]);
});

test('a slow writer is waited for: services that are not written yet are not taken away', async (t) => {
  const root = await temporary(t);
  const file = join(root, 'a.yaml');
  const text = [web('a/x'), web('a/y'), web('a/z')].join('---\n');
  writeFileSync(file, text);
  const source = openSource([file], eventsOnly);
  await readNow(source);
  const followed = follow(t, source);
  await sleep(20);
  writeFileSync(file, '');
  for (const part of [web('a/x'), `---\n${web('a/y')}`, `---\n${web('a/z', two)}`]) {
    await sleep(150);
    appendFileSync(file, part);
  }
  await followed.until((snapshot) => targetsOf(snapshot)['a/z'] === two);
  for (const snapshot of followed.seen) assert.equal(snapshot.services.length, 3);
});

test('files that come and go, in new directories too', async (t) => {
  const root = await temporary(t);
  const source = openSource([root], eventsOnly);
  await readNow(source);
  const followed = follow(t, source);
  await sleep(20);
  writeFileSync(join(root, 'a.yaml'), web('a/x'));
  await followed.until((snapshot) => snapshot.services.length === 1);
  mkdirSync(join(root, 'deep'));
  await sleep(30);
  writeFileSync(join(root, 'deep', 'b.yaml'), web('a/y'));
  await followed.until((snapshot) => snapshot.services.length === 2);
  rmSync(join(root, 'a.yaml'));
  const after = await followed.until((snapshot) => snapshot.services.length === 1);
  assert.deepEqual(Object.keys(targetsOf(after)), ['a/y']);
});

test("a mounted ConfigMap's swap of links is one change", async (t) => {
  const root = await temporary(t);
  const put = (version: string, target: string): void => {
    mkdirSync(join(root, version));
    writeFileSync(join(root, version, 'a.yaml'), web('a/x', target));
    writeFileSync(join(root, version, 'b.yaml'), web('a/y', target));
    symlinkSync(version, join(root, '..data_tmp'));
    renameSync(join(root, '..data_tmp'), join(root, '..data'));
  };
  put('..2026_1', one);
  for (const name of ['a.yaml', 'b.yaml']) symlinkSync(join('..data', name), join(root, name));
  const source = openSource([root], eventsOnly);
  assert.deepEqual(targetsOf(await readNow(source)), { 'a/x': one, 'a/y': one });
  const followed = follow(t, source);
  await sleep(20);
  put('..2026_2', two);
  rmSync(join(root, '..2026_1'), { recursive: true });
  await followed.until((snapshot) => targetsOf(snapshot)['a/x'] === two);
  await sleep(100);
  assert.equal(followed.seen.length, 1);
  assert.deepEqual(targetsOf(followed.seen[0] ?? (await readNow(source))), { 'a/x': two, 'a/y': two });
  put('..2026_3', one);
  await followed.until((snapshot) => targetsOf(snapshot)['a/x'] === one);
});

test('a file behind a link changes in its own directory; a link to a directory is turned', async (t) => {
  const root = await temporary(t);
  for (const [name, target] of [
    ['v1', one],
    ['v2', two],
  ] as const) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'a.yaml'), web('a/x', target));
  }
  writeFileSync(join(root, 'real.yaml'), web('a/y', one));
  mkdirSync(join(root, 'links'));
  symlinkSync(join(root, 'v1'), join(root, 'links', 'current'));
  symlinkSync(join(root, 'real.yaml'), join(root, 'links', 'file.yaml'));
  const source = openSource([join(root, 'links', 'current'), join(root, 'links', 'file.yaml')], eventsOnly);
  await readNow(source);
  const followed = follow(t, source);
  await sleep(20);
  writeFileSync(join(root, 'real.yaml'), web('a/y', two));
  await followed.until((snapshot) => targetsOf(snapshot)['a/y'] === two);
  symlinkSync(join(root, 'v2'), join(root, 'links', 'next'));
  renameSync(join(root, 'links', 'next'), join(root, 'links', 'current'));
  await followed.until((snapshot) => targetsOf(snapshot)['a/x'] === two);
  writeFileSync(join(root, 'v2', 'a.yaml'), web('a/x', one));
  await followed.until((snapshot) => targetsOf(snapshot)['a/x'] === one);
});

test('touching a file and writing what it says already changes nothing', async (t) => {
  const root = await temporary(t);
  const file = join(root, 'a.yaml');
  writeFileSync(file, web('a/x'));
  const source = openSource([file], eventsOnly);
  const before = await readNow(source);
  const followed = follow(t, source);
  await sleep(20);
  writeFileSync(file, web('a/x'));
  writeFileSync(file, `${web('a/x')}# a comment\n`);
  await sleep(100);
  assert.equal(followed.seen.length, 0);
  assert.equal(await readNow(source), before);
});

test('without events the poll finds it, and stopping keeps what is in force', async (t) => {
  const root = await temporary(t);
  const file = join(root, 'services', 'a.yaml');
  const source = openSource([join(root, 'services')], { pollMs: 10, stateDir: join(root, 'state') });
  assert.equal((await readNow(source)).incomplete.length, 1);
  const followed = follow(t, source);
  mkdirSync(join(root, 'services'));
  writeFileSync(file, web('a/x'));
  await followed.until((snapshot) => snapshot.services.length === 1 && snapshot.incomplete.length === 0);
  await followed.stop();
  writeFileSync(file, 'a: [');
  const again = await readNow(openSource([join(root, 'services')], { stateDir: join(root, 'state') }));
  assert.deepEqual(targetsOf(again), { 'a/x': one });
});

test('stopping at any moment leaves no watch open', async (t) => {
  const root = await temporary(t);
  writeFileSync(join(root, 'a.yaml'), web('a/x'));
  const watches = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('FSEvent')).length;
  const before = watches();
  for (const delayMs of [0, 0, 1, 2, 3, 5]) {
    const source = openSource([root], { pollMs: 1 });
    const controller = new AbortController();
    const watching = source.watch(() => undefined, controller.signal);
    await sleep(delayMs);
    if (delayMs === 0) assert.ok(watches() >= before);
    controller.abort();
    await watching;
  }
  // A closed watch leaves the list in the next turn of the loop.
  await sleep(0);
  assert.equal(watches(), before);
});
