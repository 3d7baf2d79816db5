import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextConfigured, writesNext } from '../../../providers/l2/configured-voters.ts';
import { chooseVoters } from '../../../providers/l2/members.ts';
import type { Group } from '../../../providers/l2/protocol/messages.ts';

const first = (...voters: readonly string[]): Group => ({ version: 1, voters, previous: [] });

describe('voters that the configuration names', () => {
  it('are reached one by one, who is new first, and then left alone', () => {
    const path: string[] = [];
    for (
      let group: Group | undefined = first('a', 'b', 'c');
      group !== undefined;
      group = nextConfigured(group, ['c', 'd', 'e'])
    ) {
      path.push(`${group.version} ${[...group.voters].sort().join('')}`);
    }
    assert.deepEqual(path, ['1 abc', '2 abcd', '3 abcde', '4 bcde', '5 cde']);
    assert.equal(nextConfigured(first('b', 'a'), ['a', 'b']), undefined);
  });

  it('say in each record who voted before', () => {
    assert.deepEqual(nextConfigured(first('a', 'b'), ['a', 'b', 'c']), {
      ...{ version: 2, voters: ['a', 'b', 'c'], previous: ['a', 'b'] },
    });
  });

  it('are written by the first of them who is there', () => {
    const group = first('c', 'b', 'a');
    assert.deepEqual(
      ['a', 'b', 'c'].map((node) => writesNext(group, node, new Set())),
      [true, false, false],
    );
    assert.deepEqual(
      ['a', 'b', 'c'].map((node) => writesNext(group, node, new Set(['a']))),
      [true, true, false],
    );
    assert.equal(writesNext(group, 'd', new Set(['a', 'b', 'c'])), false);
  });

  it('are as many as vote well, witnesses first', () => {
    assert.deepEqual(chooseVoters([], ['c', 'b', 'a']), ['a', 'b', 'c']);
    assert.deepEqual(chooseVoters(['w'], ['b', 'a']), ['w', 'a', 'b']);
    assert.equal(chooseVoters([], ['a', 'b', 'c', 'd']).length, 3);
    assert.equal(chooseVoters([], ['a', 'b', 'c', 'd', 'e', 'f', 'g']).length, 5);
  });
});
