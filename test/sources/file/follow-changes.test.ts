import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Refreshed } from '../../../src/sources/file/file-table.ts';
import { type Followed, followChanges } from '../../../src/sources/file/follow-changes.ts';
import { temporary } from './open-temporary.ts';

/** A source whose refreshes answer what a test says; each call is counted. */
function fake(directories: () => ReadonlySet<string>, answers: readonly Refreshed[] = []) {
  const calls: (ReadonlySet<string> | undefined)[] = [];
  let saves = 0;
  const reached = new Map<number, () => void>();
  const listing = { files: [], failed: [], directories: new Set<string>(), parents: new Set<string>() };
  const state: Followed = {
    survey: async () => ({ listing, signatures: new Map() }),
    async refresh(_, only) {
      calls.push(only);
      reached.get(calls.length)?.();
      return answers[calls.length - 1] ?? { changed: false };
    },
    async save() {
      saves++;
    },
    has: () => false,
    concerns: () => true,
    directories,
  };
  return {
    state,
    calls,
    saves: () => saves,
    times: (count: number) =>
      calls.length >= count ? Promise.resolve() : new Promise<void>((resolve) => reached.set(count, resolve)),
  };
}

const never = 3_600_000;

test('a directory that becomes watched is listed once more: what happened before was not heard', async (t) => {
  const root = await temporary(t);
  mkdirSync(join(root, 'new'));
  let asked = 0;
  // Known only after the first listing, as a directory created a moment ago.
  const source = fake(() => new Set(asked++ === 0 ? [root] : [root, join(root, 'new')]));
  const controller = new AbortController();
  const following = followChanges(source.state, { pollMs: never, changed: () => undefined }, controller.signal);
  await source.times(2);
  controller.abort();
  await following;
  assert.deepEqual(source.calls.slice(0, 2), [undefined, undefined]);
});

test('what waits for its writer is looked at again without another event', async (t) => {
  const root = await temporary(t);
  const source = fake(() => new Set([root]), [{ changed: false, againInMs: 5 }, { changed: true }]);
  const controller = new AbortController();
  let told = 0;
  const following = followChanges(source.state, { pollMs: never, changed: () => told++ }, controller.signal);
  await source.times(2);
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  await following;
  assert.equal(told, 1);
  assert.equal(source.saves(), 1, 'kept at the end');
});

test('an unexpected failure ends following and reaches the caller', async (t) => {
  const root = await temporary(t);
  const source = fake(() => new Set([root]));
  const broken: Followed = { ...source.state, refresh: () => Promise.reject(new Error('broken')) };
  await assert.rejects(
    followChanges(broken, { pollMs: never, changed: () => undefined }, new AbortController().signal),
    /broken/,
  );
});
