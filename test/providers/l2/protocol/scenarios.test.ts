import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allFaults, type Fault } from './scenario.ts';
import { playMany } from './subject.ts';

const forgetting: readonly Fault[] = ['kill', 'crash', 'diskLost'];

describe('the ownership protocol, in random histories', () => {
  it('never lets two nodes answer for one address, and lets one answer once it is quiet: 1,200 histories', () => {
    const { wrong, openings } = playMany(1200, { faults: allFaults });
    assert.deepEqual(wrong, []);
    assert.ok(openings > 1200, `only ${openings} gates were opened`);
  });

  it('nor under three times the faults and very late datagrams: 300 histories', () => {
    assert.deepEqual(playMany(300, { faults: allFaults, storm: true }).wrong, []);
  });

  it('opens each gate under a higher number than the one before, where nobody forgets: 400 histories', () => {
    const { wrong, disorders } = playMany(400, { faults: allFaults.filter((fault) => !forgetting.includes(fault)) });
    assert.deepEqual([wrong, disorders], [[], 0]);
  });
});

describe('two nodes, in random histories', () => {
  it('with a record elsewhere as the third vote never both answer, and one does once it is quiet: 600 histories', () => {
    const faults: readonly Fault[] = [...allFaults, 'apiOutage'];
    assert.deepEqual(playMany(400, { faults, mode: 'api' }).wrong, []);
    assert.deepEqual(playMany(150, { faults, mode: 'api', storm: true }).wrong, []);
    assert.deepEqual(playMany(50, { faults, mode: 'api', long: true }).wrong, []);
  });

  it('with a witness, or strictly together, never both answer: 300 histories', () => {
    assert.deepEqual(playMany(150, { faults: allFaults, mode: 'witness' }).wrong, []);
    assert.deepEqual(playMany(150, { faults: allFaults, mode: 'strict' }).wrong, []);
  });

  it('with the gateway as third vote never both answer after one fault that hits a whole node: 300 histories', () => {
    for (const fault of ['kill', 'crash', 'stop'] as const) {
      assert.deepEqual(playMany(100, { faults: [fault], mode: 'available', single: true }).wrong, []);
    }
  });
});
