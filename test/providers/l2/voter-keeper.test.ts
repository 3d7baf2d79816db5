import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Group } from '../../../providers/l2/protocol/messages.ts';
import { VoterKeeper } from '../../../providers/l2/voter-keeper.ts';
import type { SharedRecords } from '../../../src/model/index.ts';
import { VirtualClock } from '../../run/virtual-clock.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

/** One record that everybody sees. */
class Shared implements SharedRecords {
  text: string | undefined;
  version = 0;
  fault: Error | undefined;

  async read() {
    if (this.fault !== undefined) throw this.fault;
    return this.text === undefined ? undefined : { text: this.text, version: String(this.version) };
  }

  async write(_name: string, text: string, version: string | undefined) {
    if (this.fault !== undefined) throw this.fault;
    const expected = this.text === undefined ? undefined : String(this.version);
    if (version !== expected) return false;
    this.text = text;
    this.version++;
    return true;
  }

  /** Somebody has made it. */
  found(voters: string): void {
    this.text = JSON.stringify({ version: 1, voters: [...voters], previous: [] });
    this.version = 1;
  }

  get group(): Group {
    return JSON.parse(this.text ?? '');
  }

  get voters(): string {
    return JSON.parse(this.text ?? '{"voters":[]}').voters.join('');
  }
}

function stage() {
  const clock = new VirtualClock();
  const shared = new Shared();
  const keep = (node: string, speakers: string) => {
    const told: Group[] = [];
    const keeper = new VoterKeeper({ records: shared, node, clock, log, regroup: (group) => told.push(group) });
    keeper.speakers([...speakers]);
    return { keeper, told };
  };
  return { clock, shared, keep, signal: new AbortController().signal };
}

describe('the record of who votes', () => {
  it('is created once: whoever comes later takes what is there', async () => {
    const { shared, keep, signal } = stage();
    const [a, b] = [keep('a', 'abc'), keep('b', 'abc')];
    assert.deepEqual(await a.keeper.first(signal), { version: 1, voters: ['a'], previous: [] });
    assert.deepEqual(await b.keeper.first(signal), { version: 1, voters: ['a'], previous: [] });
    assert.equal(shared.version, 1);
  });

  it('is made again out of what the disk has when somebody has deleted it', async () => {
    const { shared, keep, signal } = stage();
    const onDisk = { version: 9, voters: ['a', 'b', 'c'], previous: ['a', 'b'] };
    assert.deepEqual(await keep('a', 'abcd').keeper.first(signal, onDisk), onDisk);
    assert.equal(shared.voters, 'abc');
  });

  it('is waited for without the API, unless the disk has one', async () => {
    const { clock, shared, keep, signal } = stage();
    shared.fault = new Error('no route');
    const onDisk = { version: 9, voters: ['a'], previous: [] };
    const { keeper } = keep('a', 'a');
    assert.deepEqual(await keeper.first(signal, onDisk), onDisk);
    const { keeper: fresh } = keep('b', 'b');
    const groups: Group[] = [];
    const waiting = fresh.first(signal).then((found) => groups.push(found));
    await clock.pass(10_000);
    assert.equal(groups.length, 0);
    assert.match(fresh.error ?? '', /no route/);
    shared.fault = undefined;
    await clock.pass(3_000);
    await waiting;
    assert.deepEqual(groups[0]?.voters, ['b']);
    assert.equal(fresh.error, undefined);
  });

  it('follows the nodes, one voter at a time and never before the last one is settled', async () => {
    const { clock, shared, keep, signal } = stage();
    const { keeper, told } = keep('a', 'a');
    await keeper.first(signal);
    keeper.start();
    keeper.speakers(['a', 'b', 'c']);
    await clock.pass(60_000);
    assert.equal(shared.voters, 'a', 'version 1 is not settled');
    keeper.settled(shared.group);
    await clock.pass(1_000);
    assert.equal(shared.voters, 'ab', 'at once');
    assert.deepEqual(told.at(-1), { version: 2, voters: ['a', 'b'], previous: ['a'] });
    keeper.settled(shared.group);
    await clock.pass(25_000);
    assert.equal(shared.voters, 'abc');
    keeper.settled(shared.group);
    await clock.pass(600_000);
    assert.equal(shared.version, 3, 'at rest nothing is written');
    const closing = keeper.close();
    await clock.pass(1);
    await closing;
  });

  it('replaces a voter that is silent for a minute; nothing moves while the API is away', async () => {
    const { clock, shared, keep, signal } = stage();
    shared.found('abc');
    const { keeper } = keep('a', 'abcd');
    await keeper.first(signal);
    keeper.settled(shared.group);
    keeper.start();
    keeper.silent(new Map([['b', clock.now()]]));
    await clock.pass(55_000);
    assert.equal(shared.voters, 'abc');
    shared.fault = new Error('gone');
    await clock.pass(600_000);
    assert.equal(shared.voters, 'abc');
    shared.fault = undefined;
    await clock.pass(15_000);
    assert.equal(shared.voters, 'abcd');
    keeper.settled(shared.group);
    await clock.pass(15_000);
    assert.equal(shared.voters, 'acd');
    const closing = keeper.close();
    await clock.pass(1);
    await closing;
  });

  it('is written again as majorities have it, where somebody has deleted it or brought an older one back', async () => {
    const { clock, shared, keep, signal } = stage();
    shared.found('ab');
    const { keeper } = keep('a', 'ab');
    await keeper.first(signal);
    keeper.start();
    const newest = { version: 7, voters: ['a', 'b'], previous: ['a', 'b', 'c'] };
    keeper.settled(newest);
    await clock.pass(15_000);
    assert.deepEqual(shared.group, newest);
    shared.text = undefined;
    await clock.pass(15_000);
    assert.deepEqual(shared.group, newest);
    const closing = keeper.close();
    await clock.pass(1);
    await closing;
  });

  it('tells every node what another one has written, and who does not vote writes nothing', async () => {
    const { clock, shared, keep, signal } = stage();
    shared.found('abc');
    const [a, d] = [keep('a', 'abcd'), keep('d', 'abcd')];
    await a.keeper.first(signal);
    await d.keeper.first(signal);
    d.keeper.start();
    d.keeper.settled(shared.group);
    d.keeper.silent(new Map([['b', clock.now() - 100_000]]));
    await clock.pass(120_000);
    assert.equal(shared.version, 1);
    shared.text = JSON.stringify({ version: 2, voters: ['a', 'c'], previous: ['a', 'b', 'c'] });
    shared.version++;
    await clock.pass(12_000);
    assert.deepEqual(
      d.told.map(({ version }) => version),
      [2],
    );
    const closing = d.keeper.close();
    await clock.pass(1);
    await closing;
  });
});
