import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { AppliedPlan, KindSpec } from '../../src/model/index.ts';
import { Claims, PlanLog } from '../../src/run/index.ts';
import { kindTable } from '../../src/run/kind-table.ts';
import { LineFile } from '../../src/run/line-file.ts';
import { object, step } from './steps.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-journal-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const limits = { maxLines: 10, maxBytes: 1000, code: 'E_JOURNAL' } as const;

function applied(n: number, steps = 1): AppliedPlan {
  return {
    id: `plan-${n}`,
    balancer: 'b',
    unit: 'u',
    startedMs: n,
    durationMs: 1,
    cause: 'test',
    steps: Array.from({ length: steps }, (_, i) => step(i, 'add')),
    refused: [],
    result: 'done',
  };
}

describe('file of lines', () => {
  it('keeps what was appended, over a new opening', async () => {
    const path = join(dir, 'f');
    const file = await LineFile.open(path, limits, true);
    await file.append({ a: 1 });
    await file.append('two\nlines');
    await file.close();
    const again = await LineFile.open(path, limits, false);
    assert.deepEqual(
      again.lines().map((line) => JSON.parse(line)),
      [{ a: 1 }, 'two\nlines'],
    );
  });

  it('is bounded in lines and in bytes', async () => {
    const path = join(dir, 'f');
    const file = await LineFile.open(path, limits, true);
    for (let i = 0; i < 100; i++) await file.append(i);
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    assert.ok(lines.length >= 10 && lines.length <= 20, `${lines.length} lines`);
    assert.equal(lines.at(-1), '99');
    for (let i = 0; i < 30; i++) await file.append('x'.repeat(300));
    const { length } = await readFile(path, 'utf8');
    assert.ok(length <= 2000, `${length} bytes`);
    await file.close();
  });

  for (const [what, damage] of [
    ['a torn last line', '{"a":1}\n{"b":'],
    ['a block of zeros', '{"a":1}\n\0\0\0\0\0\n'],
    ['no line end at the end', '{"a":1}'],
  ] as const) {
    it(`goes on after ${what}`, async () => {
      const path = join(dir, 'f');
      await writeFile(path, damage);
      const looked = await LineFile.open(path, limits, false);
      assert.deepEqual(looked.lines(), ['{"a":1}']);
      assert.equal(await readFile(path, 'utf8'), damage, 'who only looks writes nothing');
      const file = await LineFile.open(path, limits, true);
      await file.append({ c: 3 });
      await file.close();
      assert.equal(await readFile(path, 'utf8'), '{"a":1}\n{"c":3}\n');
    });
  }

  it('a place that cannot be written is named', async () => {
    await assert.rejects(LineFile.open(dir, limits, true), { code: 'E_JOURNAL', message: new RegExp(dir) });
  });
});

describe('log of applied plans', () => {
  it('is read back newest first, without what is no plan', async () => {
    const log = new PlanLog(dir);
    await log.load(true);
    for (let i = 1; i <= 3; i++) await log.append(applied(i));
    await log.close();
    await appendFile(join(dir, 'plans.jsonl'), '{"id": 7}\n');
    const again = new PlanLog(dir);
    await again.load(false);
    assert.deepEqual(
      again.newest().map(({ id }) => id),
      ['plan-3', 'plan-2', 'plan-1'],
    );
  });

  it('shortens a plan that would fill the disk and says so', async () => {
    const log = new PlanLog(dir);
    await log.load(true);
    await log.append(applied(1, 5000));
    await log.close();
    const [plan] = log.newest();
    assert.equal(plan?.steps.length, 200);
    assert.equal(plan?.message, '4800 more steps not kept');
  });
});

describe('claims', () => {
  const kinds: KindSpec[] = [
    { kind: 'Thing', claim: 'journal', immutable: [], refs: {}, sets: {} },
    { kind: 'Tagged', claim: 'tag', immutable: [], refs: {}, sets: {} },
  ];

  it('make an object ours, after a restart too, until they are released', async () => {
    const claims = new Claims(dir);
    await claims.load(true);
    await claims.claim('Thing', 'a');
    await claims.claim('Thing', 'b');
    await claims.release('Thing', 'b');
    await claims.claim('Tagged', 'a');
    const again = new Claims(dir);
    await again.load(false);
    const seen = ['a', 'b', 'c'].map((id) => object(id, { owned: false }));
    const tagged = object('a', { kind: 'Tagged', owned: false });
    const adopted = again.adopt(kindTable(kinds), [...seen, tagged]);
    assert.deepEqual(
      adopted.map(({ owned }) => owned),
      [true, false, false, false],
    );
    await claims.close();
  });

  it('are on disk before the call returns', async () => {
    const claims = new Claims(dir);
    await claims.load(true);
    const done = claims.claim('Thing', 'a');
    await done;
    assert.match(await readFile(join(dir, 'claims.jsonl'), 'utf8'), /"id":"a"/);
    await claims.close();
  });

  it('cannot be made by who does not hold the lock', async () => {
    const claims = new Claims(dir);
    await claims.load(false);
    await assert.rejects(claims.claim('Thing', 'a'), { code: 'E_BUG' });
  });

  it('do not grow for ever', async () => {
    const claims = new Claims(dir);
    await claims.load(true);
    for (let i = 0; i < 150; i++) {
      await claims.claim('Thing', `x${i}`);
      await claims.release('Thing', `x${i}`);
    }
    await claims.claim('Thing', 'kept');
    await claims.close();
    const again = new Claims(dir);
    await again.load(true);
    await again.close();
    assert.equal(await readFile(join(dir, 'claims.jsonl'), 'utf8'), '{"op":"claim","kind":"Thing","id":"kept"}\n');
  });
});
