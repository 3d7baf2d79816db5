import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allFaults } from './scenario.ts';
import { playMany } from './subject.ts';

const overlaps = (wrong: readonly string[]) => wrong.filter((found) => found.includes('both open'));

describe('the ownership protocol, while its voters change', () => {
  it('never lets two nodes answer for one address, and lets one answer once it is quiet: 500 histories', () => {
    assert.deepEqual(playMany(500, { faults: [...allFaults, 'membership'] }).wrong, []);
  });

  it('nor when two make different records at once: 200 histories', () => {
    const faults = allFaults.filter((fault) => fault !== 'diskLost');
    assert.deepEqual(playMany(200, { faults: [...faults, 'membership', 'editors'] }).wrong, []);
  });

  it('and rather answers for none than by two, where neither of two records can win: 100 histories', () => {
    const { wrong } = playMany(100, { faults: [...allFaults, 'membership', 'rashEditors'], storm: true });
    assert.deepEqual(overlaps(wrong), []);
  });
});
