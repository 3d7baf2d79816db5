import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Group } from '../../../../providers/l2/protocol/messages.ts';
import { Bench, group } from './bench.ts';
import { allFaults } from './scenario.ts';
import { playMany } from './subject.ts';

describe('records of who votes', () => {
  const next = (voters: readonly string[]): Group => ({ version: 2, voters, previous: group.voters });
  const one = next(['a', 'b', 'c', 'd']);
  const other = next(['a', 'b', 'c', 'e']);
  const written = (bench: Bench) =>
    bench.actions.flatMap((action) => (action.kind === 'persist' ? [action.disk.group] : []));
  const taken = () => {
    const bench = new Bench().ready(['b']).give({ kind: 'regroup', group: one });
    assert.deepEqual(written(bench), [one]);
    return bench.give({ kind: 'persisted', disk: { inc: 50, group: one, settled: false } });
  };

  it('that follow the same one: a node takes the first only, even before it is on disk', () => {
    const bench = new Bench().ready(['b']).give({ kind: 'regroup', group: one });
    assert.deepEqual(written(bench.give({ kind: 'regroup', group: other })), []);
    const later = taken().give({ kind: 'regroup', group: other });
    assert.deepEqual(written(later), []);
    assert.match(JSON.stringify(later.reports), /groupRefused.*other voters than here in version 2/);
  });

  it('that lost are left for the one that a majority of the voters before has on disk', () => {
    const bench = taken();
    const known = [50, 0, 0, 0];
    const parts = { group: other, settled: false, known };
    assert.deepEqual(written(bench.beat('b', 1, [], parts)), []);
    assert.deepEqual(written(bench.beat('c', 1, [], parts)), [other]);
  });
});

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
