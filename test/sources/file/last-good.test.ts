import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { codesOf, openSource, readNow, targetsOf, temporary, web } from './open-temporary.ts';

test('a file that becomes invalid keeps its last good services, also over a restart, and says where it is wrong', async (t) => {
  const root = await temporary(t);
  const stateDir = join(root, 'state');
  const file = join(root, 'a.yaml');
  writeFileSync(file, web('a/x'));
  const source = openSource([file], { stateDir });
  assert.deepEqual(targetsOf(await readNow(source)), { 'a/x': '10.0.0.1:80' });
  writeFileSync(file, 'name: a/x\nhttp: [\n');
  for (const reader of [source, openSource([file], { stateDir })]) {
    const snapshot = await readNow(reader);
    assert.deepEqual(targetsOf(snapshot), { 'a/x': '10.0.0.1:80' });
    assert.deepEqual(codesOf(snapshot), ['E_FILE_SYNTAX']);
    assert.deepEqual([snapshot.problems[0]?.file, snapshot.problems[0]?.line], [file, 3]);
    assert.deepEqual(snapshot.incomplete, []);
  }
  const stranger = await readNow(openSource([file]));
  assert.deepEqual(stranger.services, []);
  assert.deepEqual(
    stranger.incomplete.map(({ part }) => part),
    [file],
    'nothing good is known',
  );
});

test('a bad service in a good file keeps its last good version, also over a restart; the others change', async (t) => {
  const root = await temporary(t);
  const stateDir = join(root, 'state');
  const file = join(root, 'a.yaml');
  writeFileSync(file, `${web('a/x')}---\n${web('a/y')}`);
  const source = openSource([file], { stateDir });
  await readNow(source);
  writeFileSync(file, `${web('a/x', '010.0.0.1:80')}---\n${web('a/y', '10.0.0.2:80')}`);
  for (const reader of [source, openSource([file], { stateDir })]) {
    const snapshot = await readNow(reader);
    assert.deepEqual(targetsOf(snapshot), { 'a/x': '10.0.0.1:80', 'a/y': '10.0.0.2:80' });
    assert.deepEqual(
      snapshot.problems.map(({ code, service }) => [code, service]),
      [['E_ADDRESS', 'a/x']],
    );
  }
});

test('a deleted file is a deletion; a vanished directory or named file is not, also over a restart', async (t) => {
  const root = await temporary(t);
  const stateDir = join(root, 'state');
  const directory = join(root, 'services');
  const named = join(root, 'named.yaml');
  mkdirSync(join(directory, 'deep'), { recursive: true });
  writeFileSync(join(directory, 'a.yaml'), web('a/x'));
  writeFileSync(join(directory, 'deep', 'b.yaml'), web('a/y'));
  writeFileSync(named, web('a/z'));
  const open = () => openSource([directory, named], { stateDir });
  const source = open();
  await readNow(source);
  rmSync(join(directory, 'a.yaml'));
  assert.deepEqual(Object.keys(targetsOf(await readNow(source))), ['a/y', 'a/z']);
  renameSync(directory, join(root, 'elsewhere'));
  rmSync(named);
  for (const reader of [source, open()]) {
    const snapshot = await readNow(reader);
    assert.deepEqual(Object.keys(targetsOf(snapshot)).sort(), ['a/y', 'a/z']);
    assert.deepEqual(codesOf(snapshot), ['E_FILE_READ', 'E_FILE_READ']);
    assert.deepEqual(snapshot.incomplete, []);
  }
  renameSync(join(root, 'elsewhere'), directory);
  writeFileSync(named, '# none\n');
  assert.deepEqual(Object.keys(targetsOf(await readNow(source))), ['a/y']);
});

test('a path that was never there is incomplete knowledge, not an empty set', async (t) => {
  const root = await temporary(t);
  const snapshot = await readNow(openSource([join(root, 'gone'), join(root, 'gone.yaml')]));
  assert.deepEqual(codesOf(snapshot), ['E_FILE_READ', 'E_FILE_READ']);
  assert.deepEqual(
    snapshot.incomplete.map(({ part }) => part),
    [join(root, 'gone'), join(root, 'gone.yaml')],
  );
});

test('a deleted file does not come back from an earlier run when it is written anew and wrong', async (t) => {
  const root = await temporary(t);
  const stateDir = join(root, 'state');
  const file = join(root, 'services', 'a.yaml');
  mkdirSync(join(root, 'services'));
  writeFileSync(file, web('a/x'));
  await readNow(openSource([join(root, 'services')], { stateDir }));
  const source = openSource([join(root, 'services')], { stateDir });
  await readNow(source);
  rmSync(file);
  assert.deepEqual((await readNow(source)).services, []);
  writeFileSync(file, 'a: [');
  const snapshot = await readNow(source);
  assert.deepEqual(snapshot.services, []);
  assert.equal(snapshot.incomplete.length, 1);
});

test('a file above the limit is refused, its last good content stays', async (t) => {
  const root = await temporary(t);
  const file = join(root, 'a.yaml');
  writeFileSync(file, web('a/x'));
  const source = openSource([file], {}, { fileBytes: 10_000 });
  await readNow(source);
  writeFileSync(file, web('a/x', '10.0.0.2:80', `# ${'x'.repeat(10_485_760)}\n`));
  const snapshot = await readNow(source);
  assert.deepEqual(codesOf(snapshot), ['E_FILE_SIZE']);
  assert.deepEqual(targetsOf(snapshot), { 'a/x': '10.0.0.1:80' });
});

test('bytes that are no text, a directory in place of a file, a link to nothing, a pipe: told, never waited for', async (t) => {
  const root = await temporary(t);
  writeFileSync(join(root, 'a.yaml'), Buffer.from([0x61, 0xff, 0xfe]));
  mkdirSync(join(root, 'b.yaml'));
  symlinkSync(join(root, 'nothing'), join(root, 'c.yaml'));
  symlinkSync(root, join(root, 'loop'));
  writeFileSync(join(root, 'd.yaml'), web('a/x'));
  writeFileSync(join(root, 'notes.txt'), 'not read');
  writeFileSync(join(root, '.hidden.yaml'), 'a: [');
  const snapshot = await readNow(openSource([root]));
  assert.deepEqual(Object.keys(targetsOf(snapshot)), ['a/x']);
  assert.deepEqual(codesOf(snapshot), ['E_FILE_READ', 'E_FILE_SYNTAX']);
});

test('state is private, atomic, and of no use when damaged', async (t) => {
  const root = await temporary(t);
  const stateDir = join(root, 'state');
  const file = join(root, 'a.yaml');
  writeFileSync(file, web('a/x'));
  await readNow(openSource([file], { stateDir }));
  const directory = join(stateDir, 'sources', 'files');
  const [record = ''] = readdirSync(directory);
  assert.equal(statSync(join(directory, record)).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  writeFileSync(file, 'a: [');
  const saved = join(root, 'saved');
  cpSync(directory, saved, { recursive: true });
  const text = readFileSync(join(directory, record), 'utf8');
  for (const damaged of [
    text.slice(0, -20),
    text.replace('10.0.0.1', '10.0.0.9'),
    '',
    'x',
    text.replace('\n', '\n\n'),
  ]) {
    rmSync(directory, { recursive: true });
    cpSync(saved, directory, { recursive: true });
    writeFileSync(join(directory, record), damaged);
    assert.deepEqual((await readNow(openSource([file], { stateDir }))).services, [], damaged.slice(0, 40));
  }
});

test('a state directory that cannot be written is told and stops nothing', async (t) => {
  const root = await temporary(t);
  const file = join(root, 'a.yaml');
  writeFileSync(file, web('a/x'));
  writeFileSync(join(root, 'state'), 'a file stands here');
  const source = openSource([file], { stateDir: join(root, 'state') });
  const snapshot = await readNow(source);
  assert.deepEqual(targetsOf(snapshot), { 'a/x': '10.0.0.1:80' });
  assert.deepEqual(codesOf(snapshot), ['E_STATE_DIR']);
  rmSync(join(root, 'state'));
  assert.deepEqual(codesOf(await readNow(source)), []);
});

test('names of sources are never paths', async (t) => {
  const root = await temporary(t);
  writeFileSync(join(root, 'a.yaml'), web('a/x'));
  await readNow(openSource([join(root, 'a.yaml')], { stateDir: join(root, 'state') }, { name: '../../x' }));
  assert.ok(!existsSync(join(root, 'x')));
  assert.equal(readdirSync(join(root, 'state', 'sources')).length, 1);
});

test('a file that cannot be read, for another reason than its absence, keeps its last good content', async (t) => {
  const root = await temporary(t);
  const file = join(root, 'a.yaml');
  writeFileSync(file, web('a/x'));
  const source = openSource([root]);
  await readNow(source);
  rmSync(file);
  // Root may read what is forbidden to others, but nobody can follow a link to itself.
  symlinkSync(file, file);
  const snapshot = await readNow(source);
  assert.deepEqual(codesOf(snapshot), ['E_FILE_READ']);
  assert.match(
    snapshot.problems[0]?.message ?? '',
    /symbolic links lead in a circle; its last good content stays in force/,
  );
  assert.deepEqual(targetsOf(snapshot), { 'a/x': '10.0.0.1:80' });
});

test('a pipe that is named itself is told, never waited for', async (t) => {
  const root = await temporary(t);
  const pipe = join(root, 'pipe.yaml');
  execFileSync('mkfifo', [pipe]);
  const { problems } = await readNow(openSource([pipe]));
  assert.match(problems[0]?.message ?? '', /pipe\.yaml: it is not a regular file/);
});
