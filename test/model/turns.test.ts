import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inStrides, inTurns, Turns, turnsOf } from '../../src/model/index.ts';

describe('turns of the event loop', () => {
  it('short work is done at once, long work lets others come first', async () => {
    let nowMs = 0;
    const turns = new Turns({ now: () => nowMs });
    const order: string[] = [];
    function* work(name: string, eachMs: number) {
      for (let i = 0; i < 3; i++) {
        order.push(`${name}${i}`);
        nowMs += eachMs;
        yield;
      }
      return name;
    }
    assert.equal(turns.due, false);
    assert.equal(await turns.do(work('short', 1)), 'short');
    setImmediate(() => order.push('other'));
    assert.equal(await turns.do(work('long', 8)), 'long');
    assert.deepEqual(order, ['short0', 'short1', 'short2', 'long0', 'other', 'long1', 'long2']);
  });

  it('those who wait get one slice after the other, and none is forgotten', async () => {
    let nowMs = 0;
    const turns = new Turns({ now: () => nowMs });
    const slices: number[] = [];
    let turn = 0;
    let on = true;
    const count = (): void => {
      turn++;
      if (on) setImmediate(count);
    };
    count();
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        if (turns.due) await turns.next();
        nowMs += 10;
        slices.push(turn);
      }),
    );
    on = false;
    assert.equal(slices.length, 20);
    assert.equal(new Set(slices).size, 20, 'one of them in each turn');
  });

  it('the slice of a turn is one for all who work in it, and a new one later', async () => {
    const clock = { nowMs: 0, now: () => clock.nowMs };
    const turns = turnsOf(clock);
    assert.equal(turnsOf(clock), turns);
    assert.equal(turns.due, false);
    clock.nowMs += 12;
    assert.equal(turnsOf(clock).due, true, 'somebody else has used it up');
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    clock.nowMs += 500;
    assert.equal(turns.due, false, 'however long nobody worked');
  });

  it('what a step throws is thrown; without turns all is done at once', async () => {
    function* broken(): Generator<undefined, void> {
      yield;
      throw new Error('broken');
    }
    const turns = new Turns({ now: () => 0 });
    await assert.rejects(turns.do(broken()), /broken/);
    await assert.rejects(inTurns({}, broken()), /broken/);
    const seen: number[] = [];
    const working = inTurns(
      {},
      inStrides([1, 2, 3], (one) => seen.push(one)),
    );
    assert.deepEqual(seen, [1, 2, 3]);
    await working;
  });

  it('items are gone through in strides', () => {
    const seen: number[] = [];
    const items = Array.from({ length: 1_000 }, (_, i) => i);
    const places = [...inStrides(items, (item) => seen.push(item))];
    assert.deepEqual(seen, items);
    assert.ok(places.length >= 3, `${places.length} places to be held up`);
  });
});
