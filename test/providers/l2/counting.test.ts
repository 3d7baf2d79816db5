import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Counting } from '../../../providers/l2/counting.ts';
import type { News } from '../../../providers/l2/speaker-words.ts';

function stage() {
  const answered = new Map<string, number>();
  let announced = new Map<string, number>();
  const told: News[] = [];
  const counting = new Counting({
    answered: () => new Map(answered),
    announced: () => {
      const taken = announced;
      announced = new Map();
      return taken;
    },
    tell: (news) => told.push(news),
  });
  return { answered, announce: (vip: string, frames: number) => announced.set(vip, frames), told, counting };
}

describe('how often an address was asked for', () => {
  it('is told as what has come since the last look, and not at all where nothing has', () => {
    const { answered, announce, told, counting } = stage();
    answered.set('v', 3).set('w', 0);
    announce('v', 2);
    counting.look();
    counting.look();
    answered.set('v', 10);
    counting.look();
    assert.deepEqual(told, [
      { kind: 'counted', answered: [['v', 3]], announced: [['v', 2]] },
      { kind: 'counted', answered: [['v', 7]], announced: [] },
    ]);
  });

  it('goes on where the kernel begins anew, for an address that was away or a table that was made again', () => {
    const { answered, told, counting } = stage();
    answered.set('v', 9);
    counting.look();
    answered.set('v', 4);
    counting.look();
    answered.delete('v');
    counting.look();
    answered.set('v', 5);
    counting.look();
    const counts = told.flatMap((news) => (news.kind === 'counted' ? news.answered : []));
    assert.deepEqual(counts, [
      ['v', 9],
      ['v', 4],
      ['v', 5],
    ]);
  });
});
