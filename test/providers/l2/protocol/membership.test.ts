import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Group } from '../../../../providers/l2/protocol/messages.ts';
import { Bench, group } from './bench.ts';
import { Random } from './random.ts';
import { allFaults } from './scenario.ts';
import { playMany, product } from './subject.ts';
import { World } from './world.ts';

describe('records of who votes', () => {
  const next = (voters: readonly string[]): Group => ({ version: 2, voters, previous: group.voters });
  const one = next(['a', 'b', 'c', 'd']);
  const other = next(['a', 'b', 'c', 'e']);
  const written = (bench: Bench) =>
    bench.actions.flatMap((action) => (action.kind === 'persist' ? [action.disk.group] : []));
  const taken = () => {
    const bench = new Bench().ready(['b']).give({ kind: 'regroup', group: one });
    assert.deepEqual(written(bench), [one]);
    bench.give({ kind: 'persisted', disk: { inc: 50, group: one, settled: false } });
    bench.now += 1000;
    return bench.give({ kind: 'tick' });
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

describe('a machine with a slow disk', () => {
  it('keeps what it has while the voters change', () => {
    const world = new World(4, 3, new Random(5), product);
    const vip = '192.0.2.1';
    for (const number of world.machines.keys()) world.start(number, new Map([[vip, world.names]]));
    world.run(2500);
    const [owner] = world.openAt(vip);
    const machine = world.machines[owner ?? 0];
    assert.ok(machine !== undefined);
    machine.diskMs = 700;
    const newcomer = world.names.filter((name) => !world.group.voters.includes(name));
    world.group = { version: 2, voters: [...world.group.voters, ...newcomer], previous: world.group.voters };
    world.tellGroup();
    for (const end = 8000; world.agenda.now < end; ) {
      world.run(world.agenda.now + 20);
      assert.deepEqual(world.openAt(vip), [owner]);
    }
    assert.ok(world.reports.some((report) => report.kind === 'settled' && report.version === 2));
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
