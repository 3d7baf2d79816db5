import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allFaults } from './scenario.ts';
import { playMany } from './subject.ts';

describe('the ownership protocol, in random histories', () => {
  it('never lets two nodes answer for one address, and lets one answer once it is quiet: 1,200 histories', () => {
    const { wrong, openings } = playMany(1200, { faults: allFaults });
    assert.deepEqual(wrong, []);
    assert.ok(openings > 1200, `only ${openings} gates were opened`);
  });

  it('nor under three times the faults and very late datagrams: 300 histories', () => {
    assert.deepEqual(playMany(300, { faults: allFaults, storm: true }).wrong, []);
  });
});
