import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failures } from '../../src/kube/failures.ts';
import { KubeError } from '../../src/kube/kube-error.ts';

const away = new KubeError(0, 'Unreachable', 'refused');
const starting = new KubeError(503, 'Starting', 'no roles', { retryAfterMs: 250 });
const forbidden = new KubeError(403, 'Forbidden', 'no');
const unknown = new KubeError(401, 'Unauthorized', 'no');

/** How long is waited after each of them, which follow each other at these times. */
function waits(all: readonly (readonly [KubeError, number])[]): number[] {
  const failures = new Failures();
  return all.map(([error, nowMs]) => {
    failures.add(error, nowMs);
    return failures.delayMs(error, nowMs, () => 1);
  });
}

describe('failures in a row', () => {
  it('are waited for ever longer, an unreachable server only after some seconds', () => {
    assert.deepEqual(
      waits([0, 1, 2, 3, 4, 5, 6, 20_000, 20_001].map((atMs) => [away, atMs])),
      [50, 100, 200, 400, 500, 500, 500, 5_000, 5_000],
    );
    assert.deepEqual(
      waits([0, 1, 2, 3, 4, 5].map((atMs) => [forbidden, atMs])),
      [1_000, 2_000, 4_000, 8_000, 16_000, 30_000],
    );
  });

  it('of another kind begin anew: how long a server was away says nothing of rights', () => {
    const outage = Array.from({ length: 9 }, (_, i) => [away, i * 400] as const);
    const after = (error: KubeError) => waits([...outage, [error, 4_000], [error, 4_300]]).slice(-2);
    assert.deepEqual(after(starting), [250, 500]);
    assert.deepEqual(after(forbidden), [1_000, 2_000]);
    assert.deepEqual(after(unknown), [500, 1_000]);
  });

  it('are the first of their row once, until they end', () => {
    const failures = new Failures();
    assert.deepEqual(
      [away, forbidden, away].map((error) => failures.add(error, 0)),
      [true, false, false],
    );
    failures.end();
    assert.equal(failures.add(away, 1), true);
  });
});
