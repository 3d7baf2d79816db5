import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readDisk } from '../../../providers/l2/disk.ts';
import type { Group, NodeId } from '../../../providers/l2/protocol/messages.ts';
import { Voting } from '../../../providers/l2/voting.ts';
import { VirtualClock } from '../../run/virtual-clock.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const group: Group = { version: 4, voters: ['a', 'b', 'c'], previous: [] };

describe('voters after a configuration was read anew, while the thread goes on', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'weir-voting-'));
  writeFileSync(join(stateDir, 'l2-node.json'), JSON.stringify({ inc: 1, group, settled: true }));
  after(() => rmSync(stateDir, { recursive: true }));

  const peersOf = (names: string) => [...names].map((name) => ({ name, address: '192.0.2.1', port: 7946 }));
  const follow = (node: NodeId, silent: readonly NodeId[] = []) => {
    const ordered: string[] = [];
    const voting = new Voting(
      { node, stateDir, log, clock: new VirtualClock() },
      { voters: [...'abc'], peers: peersOf('abc'.replace(node, '')) },
    );
    voting.follow(
      (order) => {
        if (order.kind === 'regroup') ordered.push(`${order.group.version} ${order.group.voters.join('')}`);
      },
      silent.map((name) => [name, 0] as const),
    );
    return { voting, ordered };
  };

  it('change as soon as one of them is taken from the peers, and are told as they are until then', () => {
    const { voting, ordered } = follow('a');
    assert.deepEqual([voting.voters, ordered], [['a', 'b', 'c'], []]);
    voting.use({ voters: [...'ab'], peers: peersOf('b') });
    assert.deepEqual(ordered, ['5 ab']);
  });

  it('are not waited for when the first of them is the one that was taken away', () => {
    const { voting, ordered } = follow('b');
    voting.use({ voters: [...'bc'], peers: peersOf('c') });
    assert.deepEqual(ordered, ['5 bc']);
  });

  it('are written by the next one where the first was silent before', () => {
    const { voting, ordered } = follow('b', ['a']);
    voting.use({ voters: [...'ab'], peers: peersOf('a') });
    assert.deepEqual(ordered, ['5 ab']);
  });

  it('are left to the first of them while that is there', () => {
    const { voting, ordered } = follow('b');
    voting.use({ voters: [...'ab'], peers: peersOf('a') });
    assert.deepEqual(ordered, []);
  });
});

describe('a machine of a cluster whose disk has a record of voters that the cluster never had', () => {
  const kept: Group = { version: 3, voters: ['b', 'a', 'c'], previous: ['b', 'a'] };
  const begin = async (onDisk: Group, settled: boolean, there: Group | 'nothing' = kept) => {
    const stateDir = mkdtempSync(join(tmpdir(), 'weir-voting-'));
    const file = join(stateDir, 'l2-node.json');
    writeFileSync(file, JSON.stringify({ inc: 9, fence: 5, group: onDisk, settled }));
    const records = {
      read: async () => (there === 'nothing' ? undefined : { text: JSON.stringify(there), version: '1' }),
      write: async () => true,
    };
    const voting = new Voting(
      { node: 'c', stateDir, log, clock: new VirtualClock(), records },
      { voters: [], peers: [] },
    );
    const first = await voting.first(new AbortController().signal);
    const disk = readDisk(file);
    rmSync(stateDir, { recursive: true });
    return { version: first.version, disk: disk?.group?.version, counted: [disk?.inc, disk?.fence] };
  };
  const alone: Group = { version: 5, voters: ['c'], previous: ['b', 'c'] };

  it('joins again by what the cluster keeps, under a higher number than ever', async () => {
    assert.deepEqual(await begin(alone, false), { version: 3, disk: undefined, counted: [9, 5] });
    assert.equal((await begin({ ...alone, version: 3 }, true)).disk, undefined, 'another one of the same version');
  });

  it('keeps what majorities have, what is older, and what nothing contradicts', async () => {
    assert.equal((await begin(alone, true)).disk, 5);
    assert.equal((await begin({ ...kept, version: 2 }, false)).disk, 2);
    assert.equal((await begin(kept, false)).disk, 3);
    assert.equal((await begin(alone, false, 'nothing')).disk, 5);
  });
});
