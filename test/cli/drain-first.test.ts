import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { drainFirst } from '../../src/cli/drain-first.ts';

test('the end comes behind the drain, and at once where there is none', async () => {
  const begun: string[] = [];
  const begin = async () => void begun.push('drain');
  for (const [drainMs, expected] of [
    [0, []],
    [40, ['drain']],
  ] as const) {
    begun.length = 0;
    const told = new AbortController();
    const end = drainFirst(told.signal, { drainMs: () => drainMs, begin });
    assert.equal(end.aborted, false);
    told.abort();
    assert.equal(end.aborted, drainMs === 0);
    assert.deepEqual(begun, expected);
    while (!end.aborted) await sleep(5);
  }
});
