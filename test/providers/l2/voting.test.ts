import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
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
