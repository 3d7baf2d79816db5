import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerView } from '../../../providers/l2/peer-view.ts';
import type { Beat } from '../../../providers/l2/protocol/messages.ts';
import type { News } from '../../../providers/l2/speaker-words.ts';

const group = { version: 1, voters: ['a', 'b', 'c'], previous: [] };
const beat = (seq: number, claims: readonly string[] = [], inc = 7): Beat => ({
  ...{ kind: 'beat', from: 'b', inc, seq, group, known: [1, 2, 3], claims, hints: [], fence: 1, fencings: [] },
  ...{ eligible: true, settled: true, novice: false, quiet: false, restful: false },
});

function stage() {
  const clock = { now: 10_000 };
  const told: News[] = [];
  const now = () => clock.now;
  const view = new PeerView({
    node: 'a',
    now,
    wall: now,
    tell: (news) => told.push(news),
    promiseMs: 330,
    restMs: 1000,
  });
  view.know(['b']);
  return { clock, told, view };
}

describe('the peers as people see them', () => {
  it('are fit as long as their beats come, at whatever rate', () => {
    const { clock, view } = stage();
    for (const everyMs of [100, 1000]) {
      for (let seq = 1; seq < 4; seq += 1) {
        clock.now += everyMs;
        view.hear(beat(everyMs + seq));
      }
      clock.now += everyMs;
      assert.equal(view.fit('b'), true, `${everyMs}`);
    }
    clock.now += 2000;
    assert.equal(view.fit('b'), false);
    view.hear(beat(5000));
    clock.now += 100;
    view.hear({ ...beat(5001), restful: true });
    clock.now += 1000;
    assert.equal(view.fit('b'), true, 'it has said that it rests');
  });

  it('are not brought to life by what was recorded', () => {
    const { clock, told, view } = stage();
    view.hear(beat(5, ['192.0.2.1']));
    clock.now += 5000;
    view.hear(beat(5, ['192.0.2.1']));
    view.hear(beat(4, ['192.0.2.1']));
    view.hear(beat(9, ['192.0.2.1'], 6));
    view.hear({ kind: 'ack', from: 'b', inc: 1, seq: 1, version: 1, fence: 0, needs: false, refused: [] });
    assert.equal(view.fit('b'), false);
    view.look();
    assert.deepEqual(told, [{ kind: 'silent', nodes: [['b', 10_000]] }]);
    view.hear(beat(6));
    assert.equal(view.fit('b'), true);
  });
});
