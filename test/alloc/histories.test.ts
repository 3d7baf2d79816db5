import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { open } from '../../src/alloc/index.ts';
import { runHistory, type Tally } from './run-history.ts';

describe('histories of pools and services', () => {
  it('go as on a slow and plain allocator: no rule of sharing broken, counts right, nothing moves by a restart or by asking again', () => {
    const tally: Tally = { shared: 0, waiting: 0, moved: 0, kept: 0, dual: 0, full: 0 };
    for (let seed = 1; seed <= 500; seed++) assert.equal(runHistory(open, seed, 25, tally), undefined);
    for (const [what, times] of Object.entries(tally)) assert.ok(times > 500, `${what}: ${times}`);
  });

  it('are the same each time', () => {
    const tellAll = () => {
      const tally: Tally = { shared: 0, waiting: 0, moved: 0, kept: 0, dual: 0, full: 0 };
      for (let seed = 1; seed <= 20; seed++) runHistory(open, seed, 25, tally);
      return tally;
    };
    assert.deepEqual(tellAll(), tellAll());
  });
});
