import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRefused, mostQuestions } from '../../../../providers/haproxy/commit-bisect.ts';
import type { Resource } from '../../../../src/model/index.ts';

const make = (kind: string, count: number): readonly Resource[] =>
  Array.from({ length: count }, (_, i) => ({
    kind,
    id: `${i}`,
    unit: 'u',
    serves: [],
    attrs: {},
    refs: {},
    sets: {},
  }));
const all = [...make('Settings', 1), ...make('Frontend', 5), ...make('Backend', 1_000), ...make('Route', 1_000)];
const pick = (kind: string, ...ids: readonly number[]) =>
  all.filter((resource) => resource.kind === kind && ids.includes(Number(resource.id)));
const none = new Set<Resource>();

/** HAProxy by rule: it refuses whatever holds one of `bad`. Counts what it was asked. */
function proxy(bad: readonly Resource[]) {
  let questions = 0;
  return {
    passes: async (without: ReadonlySet<Resource>) => {
      questions++;
      return bad.every((resource) => without.has(resource));
    },
    get questions() {
      return questions;
    },
  };
}

for (const bad of [
  pick('Backend', 0),
  pick('Backend', 999),
  pick('Route', 500),
  pick('Frontend', 2),
  [...pick('Frontend', 4), ...pick('Backend', 7), ...pick('Route', 998)],
]) {
  test(`exactly the faulty are found: ${bad.map(({ kind, id }) => `${kind} ${id}`).join(', ')}`, async () => {
    const { passes } = proxy(bad);
    assert.deepEqual(await findRefused(all, { suspects: none, trusted: none }, passes), { faulty: bad, unclear: [] });
  });
}

test('what was taken before is not asked about again, what was refused before is asked about first', async () => {
  const bad = pick('Backend', 5);
  const trusted = new Set(all.filter((resource) => !pick('Backend', 4, 5, 6).includes(resource)));
  const first = proxy(bad);
  assert.deepEqual((await findRefused(all, { suspects: none, trusted }, first.passes))?.faulty, bad);
  assert.ok(first.questions <= 5, `${first.questions}`);
  const again = proxy(bad);
  assert.deepEqual((await findRefused(all, { suspects: new Set(bad), trusted }, again.passes))?.faulty, bad);
  assert.equal(again.questions, 1);
});

test('what was taken before and is refused now is found all the same', async () => {
  const bad = pick('Route', 3);
  const { passes } = proxy(bad);
  assert.deepEqual((await findRefused(all, { suspects: none, trusted: new Set(all) }, passes))?.faulty, bad);
});

test('too many to be told apart: questions are bounded, and search after search finds them all', async () => {
  const bad = pick('Backend', ...Array.from({ length: 100 }, (_, i) => i * 10));
  const found = new Set<Resource>();
  for (let round = 0; found.size < bad.length; round++) {
    assert.ok(round < 40, `${found.size} found`);
    const left = all.filter((resource) => !found.has(resource));
    const one = proxy(bad.filter((resource) => !found.has(resource)));
    const { faulty, unclear } = (await findRefused(left, { suspects: none, trusted: none }, one.passes)) ?? {};
    assert.ok(one.questions <= mostQuestions, `${one.questions}`);
    for (const resource of faulty ?? []) {
      assert.ok(bad.includes(resource));
      found.add(resource);
    }
    const out = new Set([...found, ...(unclear ?? [])]);
    assert.ok(
      bad.every((resource) => out.has(resource)),
      'nothing bad is let in',
    );
    assert.ok((faulty?.length ?? 0) > 0, 'each search finds some');
  }
});

test('refused without any service: nobody is blamed', async () => {
  assert.equal(await findRefused(all, { suspects: none, trusted: none }, async () => false), undefined);
});
