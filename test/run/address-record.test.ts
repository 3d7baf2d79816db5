import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { AddressRecord } from '../../src/run/index.ts';

async function stage(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'weir-record-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'addresses.jsonl');
  const open = async (write = true) => {
    const record = new AddressRecord(directory);
    await record.load(write);
    return record;
  };
  return { path, open, lines: async () => (await readFile(path, 'utf8')).trimEnd().split('\n') };
}

const held = (...pairs: readonly (readonly [string, readonly string[]])[]) => new Map(pairs);

describe('the record of addresses', () => {
  it('says at the next start who holds what, with a line for each change', async (t) => {
    const { open, lines, path } = await stage(t);
    const record = await open();
    await record.put(held(['a', ['192.0.2.1']], ['b', ['192.0.2.2', '2001:db8::2']]));
    await record.put(held(['a', ['192.0.2.1']], ['b', ['192.0.2.2', '2001:db8::2']]));
    await record.put(held(['a', ['192.0.2.3']]));
    await record.close();
    assert.equal((await lines()).length, 4);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual([...(await open(false)).held], [['a', ['192.0.2.3']]]);
  });

  it('says who gave it first when, and nothing else of what machines tell each other', async (t) => {
    const { open } = await stage(t);
    const record = await open();
    const given = { atMs: 5, by: 'm1', addresses: ['192.0.2.1'], sharing: { shareKey: 'k', ports: [] } };
    await record.put(held(['a', ['192.0.2.1']]), new Map([['a', given]]));
    await record.close();
    const again = await open(false);
    assert.deepEqual([...again.held], [['a', ['192.0.2.1']]]);
    assert.deepEqual([...again.origins], [['a', { atMs: 5, by: 'm1' }]]);
  });

  it('stays small, whatever happens', async (t) => {
    const { open, lines } = await stage(t);
    const record = await open();
    for (let i = 0; i < 400; i++) await record.put(held(['a', [`192.0.2.${i % 250}`]]));
    assert.ok((await lines()).length <= 104, `${(await lines()).length}`);
    const many = Array.from({ length: 1000 }, (_, i) => [`s${i}`, [`10.0.${i >> 8}.${i & 255}`]] as const);
    await record.put(held(...many));
    await record.close();
    assert.equal((await lines()).length, 1000);
    assert.equal((await open(false)).held.size, 1000);
  });

  it('is whole when it is closed in the middle, and a torn line loses nothing else', async (t) => {
    const { open, path } = await stage(t);
    const record = await open();
    const first = record.put(held(['a', ['192.0.2.1']], ['b', ['192.0.2.2']]));
    const second = record.put(held(['b', ['192.0.2.2']], ['c', ['192.0.2.3']]));
    await record.close();
    await Promise.all([first, second]);
    await appendFile(path, '{"service":"d","addr');
    assert.deepEqual([...(await open(false)).held].sort(), [
      ['b', ['192.0.2.2']],
      ['c', ['192.0.2.3']],
    ]);
  });

  it('is not written by who only reads', async (t) => {
    const { open, path } = await stage(t);
    const record = await open(false);
    await record.put(held(['a', ['192.0.2.1']]));
    assert.equal(record.held.size, 0);
    await assert.rejects(stat(path), { code: 'ENOENT' });
  });
});
