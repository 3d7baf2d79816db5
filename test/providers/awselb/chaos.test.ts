/** A whole weir over the strict account in a storm, in short; `npm run -s bench -- aws.chaos` is the long one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runChaos } from '../../bench/awselb/chaos/run-chaos.ts';
import { hasty, rash, sticky } from '../../bench/awselb/twists.ts';

describe('random changes under throttling, lost replies, kills and hands in the console', () => {
  it('end as they are wanted, and nothing goes dark on the way', async () => {
    const { violations, changes, throttled, lost, calls } = await runChaos({ seed: 4, minutes: 100 });
    assert.deepEqual(violations, []);
    assert.ok(changes > 10, `${changes} changes`);
    assert.ok(throttled > calls / 3 && lost > 10, `${throttled} throttled and ${lost} lost of ${calls}`);
  });

  it('would be noticed: targets that are believed healthy too early', async () => {
    const { violations } = await runChaos({ seed: 4, minutes: 2_000, twist: rash, enough: 1 });
    assert.match(violations.join('\n'), /dark at/);
  });

  it('would be noticed: target groups that are deleted with what is in flight', async () => {
    const { violations } = await runChaos({ seed: 4, minutes: 2_000, twist: hasty, enough: 1 });
    assert.match(violations.join('\n'), /what is in flight is lost/);
  });

  it('would be noticed: target groups that stay', async () => {
    const { violations } = await runChaos({ seed: 4, minutes: 1_000, twist: sticky, enough: 1 });
    assert.match(violations.join('\n'), /is used by nobody/);
  });
});
