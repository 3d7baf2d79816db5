import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allFaults } from './scenario.ts';
import { playMany } from './subject.ts';

describe('the ownership protocol, while its voters change', () => {
  it('never lets two nodes answer for one address, and lets one answer once it is quiet: 500 histories', () => {
    assert.deepEqual(playMany(500, { faults: [...allFaults, 'membership'] }).wrong, []);
  });
});
