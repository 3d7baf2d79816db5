import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, test } from 'node:test';
import { flaw } from '../../../../providers/haproxy/commit-certificates.ts';
import { ConfigFiles, sealLayout, shapeOf } from '../../../../providers/haproxy/commit-files.ts';
import { checkDirectory, prepareDirectory, replaceFiles, writeAtomic } from '../../../../providers/haproxy/files.ts';
import { parseConfig } from '../../../../providers/haproxy/process-layout.ts';
import { checkDescriptors, descriptorLimit } from '../../../../providers/haproxy/process-limits.ts';
import { lockDirectory } from '../../../../providers/haproxy/process-lock.ts';
import { textOf } from '../../../../providers/haproxy/text.ts';
import { makeCertificate } from '../../../../src/cli/demo/certificate.ts';
import { backend, layout, map, server } from './layouts.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/weir-`);
  await prepareDirectory(directory);
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const read = (path: string) => readFile(`${directory}/${path}`, 'utf8');
const noPem = async () => assert.fail('no certificate was asked for');

test('files are private, replaced together, and the previous configuration is kept', async () => {
  await replaceFiles(
    directory,
    new Map([
      ['haproxy.cfg', 'one'],
      ['maps/a.map', 'x y\n'],
    ]),
  );
  await replaceFiles(directory, new Map([['haproxy.cfg', 'two']]));
  assert.deepEqual(
    [await read('haproxy.cfg'), await read('haproxy.cfg.prev'), await read('maps/a.map')],
    ['two', 'one', 'x y\n'],
  );
  assert.equal((await stat(`${directory}/maps/a.map`)).mode & 0o777, 0o600);
  assert.equal((await stat(`${directory}/certs`)).mode & 0o777, 0o700);
});

test('when one of several cannot be written, none is, and nothing is left over', async () => {
  await replaceFiles(directory, new Map([['haproxy.cfg', 'one']]));
  await rm(`${directory}/maps`, { recursive: true });
  await writeFile(`${directory}/maps`, 'in the way');
  await assert.rejects(
    replaceFiles(
      directory,
      new Map([
        ['haproxy.cfg', 'two'],
        ['maps/a.map', ''],
        ['crt/f.list', ''],
      ]),
    ),
    { code: 'E_DISK', message: /maps\/a\.map/ },
  );
  assert.equal(await read('haproxy.cfg'), 'one');
  assert.deepEqual((await readdir(directory)).sort(), ['certs', 'crt', 'haproxy.cfg', 'maps']);
  assert.deepEqual(await readdir(`${directory}/crt`), []);
});

test('a path that leaves the folders is never written', async () => {
  for (const path of [
    '../x',
    'maps/../../x',
    '/etc/x',
    'maps/a/b',
    'other/x',
    'maps/.hidden',
    'maps/a b',
    'haproxy.cfg/..',
    '',
  ])
    await assert.rejects(replaceFiles(directory, new Map([[path, 'x']])), { code: 'E_BUG' }, path);
});

test('an atomic write keeps what was there when it fails', async () => {
  await mkdir(`${directory}/state.json`);
  await assert.rejects(writeAtomic(`${directory}/state.json`, 'x'), { code: 'E_DISK' });
  assert.deepEqual(
    (await readdir(directory)).filter((name) => name.includes('tmp')),
    [],
  );
});

test('only what differs is written; what a layout does not name goes; the digest tells any difference in what is read', async () => {
  const files = new ConfigFiles(directory);
  await files.load();
  const config = 'cfg map(maps/a.map) crt-list crt/f.list';
  const before = layout({
    maps: { 'maps/a.map': map({ k: 'v' }), 'maps/b.map': map({}) },
    lists: { 'crt/f.list': [{ cert: 'certs/a.pem', hosts: ['a.test'] }] },
  });
  const first = await files.compare(before, config, noPem);
  assert.deepEqual([...first.changed.keys()].sort(), ['crt/f.list', 'haproxy.cfg', 'maps/a.map', 'maps/b.map']);
  await files.write(first);
  const digest = files.digest();
  const after = layout({ maps: { 'maps/a.map': map({ k: 'w' }) } });
  const second = await files.compare(after, config, noPem);
  assert.deepEqual([...second.changed], [['maps/a.map', 'k w\n']]);
  const back = await files.snapshot(second);
  await files.write(second);
  assert.notEqual(files.digest(), digest);
  await files.write(back);
  assert.equal(files.digest(), digest);
  // A file that the configuration does not name waits for the end of an old worker.
  await files.write(await files.compare(layout({ maps: { 'maps/b.map': map({ old: '1' }) } }), config, noPem));
  assert.equal(files.digest(), digest);
  const again = new ConfigFiles(directory);
  await again.load();
  assert.equal(again.digest(), digest);
  await files.tidy(after);
  assert.deepEqual([await readdir(`${directory}/maps`), await readdir(`${directory}/crt`)], [['a.map'], []]);
});

test('a file changed by someone else is found once, and written again', async () => {
  const files = new ConfigFiles(directory);
  await files.write(await files.compare(layout({}), 'cfg', noPem));
  assert.equal(await files.changedOnDisk(), undefined);
  await writeFile(`${directory}/haproxy.cfg`, 'edited');
  assert.equal(await files.changedOnDisk(), 'haproxy.cfg');
  assert.deepEqual([...(await files.compare(layout({}), 'cfg', noPem)).changed.keys()], ['haproxy.cfg']);
});

test('what a power failure leaves of a file is no file', async () => {
  await writeFile(`${directory}/haproxy.cfg`, '\0\0\0\0');
  const files = new ConfigFiles(directory);
  await files.load();
  assert.equal(files.config, undefined);
});

test('a text of ours is read back as the layout that it was made from, proof and socket aside', () => {
  const made = layout({
    sections: [
      { head: 'frontend f', lines: ['bind 127.0.0.1:80', 'default_backend b'] },
      backend('b', [server('10.0.0.1', 80, 5, 'check inter 2000'), server('2001:db8::7', 8080, 0)]),
    ],
  });
  const sections = parseConfig(textOf(sealLayout(made), { instance: 'n', balancer: 'b', socket: '/s' }));
  assert.deepEqual(
    sections,
    made.sections.map(({ head, lines, servers }) =>
      servers === undefined ? { head, lines } : { head, lines, servers },
    ),
  );
  assert.equal(shapeOf({ ...made, sections }), shapeOf(made));
  // Servers come and go without a reload, so they are no part of the shape.
  assert.equal(
    shapeOf(layout({ sections: [backend('b', [])] })),
    shapeOf(layout({ sections: [backend('b', [server('10.0.0.1', 80)])] })),
  );
  assert.notEqual(
    shapeOf(layout({ sections: [backend('b', [], ['balance leastconn'])] })),
    shapeOf(layout({ sections: [backend('b', [])] })),
  );
});

test('one holder of a directory at a time', async () => {
  const lock = await lockDirectory(directory);
  await assert.rejects(lockDirectory(directory), { code: 'E_LOCKED', message: new RegExp(`process ${process.pid}`) });
  await lock.release();
  await (await lockDirectory(directory)).release();
});

test('a directory that cannot be locked or used says so', async () => {
  await assert.rejects(lockDirectory(`${directory}/none`), { code: 'E_STATE_DIR' });
  await writeFile(`${directory}/file`, '');
  await chmod(`${directory}/file`, 0o600);
  await assert.rejects(checkDirectory(`${directory}/file`, []), { code: 'E_STATE_DIR' });
  await assert.rejects(checkDirectory(directory, [`/tmp/${'x'.repeat(90)}`]), {
    code: 'E_STATE_DIR',
    message: /options\.dir/,
  });
});

test('how many files HAProxy may open', () => {
  const limits = (hard: string) =>
    `Limit Soft Hard Units\nMax open files            1024                 ${hard}              files\n`;
  assert.equal(descriptorLimit(limits('4096'), 'CapEff:\t0000000000000000\n', 1_000_000), 4096);
  assert.equal(descriptorLimit(limits('4096'), 'CapEff:\t000001ffffffffff\n', 1_000_000), 1_000_000);
  assert.equal(descriptorLimit(limits('unlimited'), '', 0), Number.POSITIVE_INFINITY);
  assert.equal(descriptorLimit('', '', 0), Number.POSITIVE_INFINITY);
  assert.throws(() => checkDescriptors(40_030, 20_000), {
    code: 'E_FD_LIMIT',
    message: /needs 40030 .* may have 20000/,
  });
  checkDescriptors(20_000, 20_000);
});

test('a certificate that HAProxy could not load is known before', () => {
  const [a, b] = [makeCertificate({ names: ['a.test'] }), makeCertificate({ names: ['b.test'] })];
  assert.equal(flaw(a.bundlePem, true), undefined);
  assert.equal(flaw(a.certPem, false), undefined);
  const cases: readonly (readonly [string, RegExp])[] = [
    [a.certPem, /no private key/],
    [a.keyPem, /no certificate/],
    [a.certPem + b.keyPem, /belongs to another/],
    [a.bundlePem + b.keyPem, /more than one/],
    ['', /no certificate/],
    [a.bundlePem.replace(/^MI.{10}/m, 'AAAAAAAAAAAA'), /cannot be read/],
    [`${a.certPem}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`, /cannot be read/],
  ];
  for (const [pem, reason] of cases) assert.match(flaw(pem, true) ?? '', reason);
});
