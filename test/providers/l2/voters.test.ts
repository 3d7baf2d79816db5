import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Group } from '../../../providers/l2/protocol/messages.ts';
import { deadAfterMs, type Electorate, firstGroup, nextGroup, voterCount } from '../../../providers/l2/voters.ts';

const group = (voters: string, version = 4): Group => ({ version, voters: [...voters], previous: [...voters] });

function next(voters: string, speakers: string, { silent = '', gone = '', ms = deadAfterMs } = {}) {
  const since = (names: string) => new Map([...names].map((name) => [name, ms] as const));
  const electorate: Electorate = { speakers: [...speakers], silentMs: since(silent), goneMs: since(gone) };
  return nextGroup(group(voters), electorate)?.voters.join('');
}

describe('who votes', () => {
  it('is everybody up to three, five from seven on', () => {
    assert.deepEqual([1, 2, 3, 4, 6, 7, 50].map(voterCount), [1, 2, 3, 3, 3, 5, 5]);
    assert.deepEqual(firstGroup(['c', 'a', 'b', 'd']), { version: 1, voters: ['a', 'b', 'c'], previous: [] });
  });

  it('grows one by one, with nodes that are heard', () => {
    assert.equal(next('a', 'abc'), 'ab');
    assert.equal(next('ab', 'abcd', { silent: 'c', ms: 1 }), 'abd');
    assert.equal(next('abc', 'abcd'), undefined);
    assert.deepEqual(nextGroup(group('a', 7), { speakers: ['a', 'b'], silentMs: new Map(), goneMs: new Map() }), {
      version: 8,
      voters: ['a', 'b'],
      previous: ['a'],
    });
  });

  it('replaces who is dead for a minute by adding first; nobody for whom there is nobody', () => {
    assert.equal(next('abc', 'abcd', { silent: 'b', ms: deadAfterMs - 1 }), undefined);
    assert.equal(next('abc', 'abcd', { silent: 'b' }), 'abcd');
    assert.equal(next('abcd', 'abcd', { silent: 'b' }), 'acd');
    assert.equal(next('abc', 'abc', { silent: 'b' }), undefined);
    assert.equal(next('abc', 'abcd', { silent: 'bd' }), undefined, 'the one who could is not heard either');
  });

  it('shrinks with the nodes: first the dead, never one that has just left', () => {
    assert.equal(next('abcde', 'abcd', { gone: 'e' }), 'abcd');
    assert.equal(next('abcd', 'abcd'), 'abc');
    assert.equal(next('abc', 'ab', { gone: 'c' }), 'ab');
    assert.equal(next('abc', 'ab', { gone: 'c', ms: 1 }), undefined);
  });

  it('differs by one voter from record to record, and comes to rest', () => {
    const names = fc.subarray(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], { minLength: 1 });
    fc.assert(
      fc.property(names, names, names, (voters, speakers, silent) => {
        let now: Group = { version: 1, voters, previous: [] };
        const since = (list: readonly string[]) => new Map(list.map((name) => [name, deadAfterMs] as const));
        for (let turn = 0; turn < 20; turn++) {
          const gone = now.voters.filter((name) => !speakers.includes(name));
          const following = nextGroup(now, { speakers, silentMs: since(silent), goneMs: since(gone) });
          if (following === undefined) {
            const alive = (name: string) => !silent.includes(name) && speakers.includes(name);
            const count = voterCount(speakers.length);
            const could = Math.min(count, speakers.filter(alive).length);
            assert.ok(now.voters.filter(alive).length >= could, 'as many living voters as there can be');
            return;
          }
          const before = now.voters;
          const changed = [
            ...before.filter((name) => !following.voters.includes(name)),
            ...following.voters.filter((name) => !before.includes(name)),
          ];
          assert.equal(changed.length, 1);
          assert.deepEqual([following.version, following.previous], [now.version + 1, before]);
          assert.ok(following.voters.length > 0);
          now = following;
        }
        assert.fail('no rest');
      }),
      { numRuns: 500 },
    );
  });
});
