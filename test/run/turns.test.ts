import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inStrides } from '../../src/model/index.ts';
import { Turns } from '../../src/run/turns.ts';

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

  it('items are gone through in strides', () => {
    const seen: number[] = [];
    const items = Array.from({ length: 1_000 }, (_, i) => i);
    const places = [...inStrides(items, (item) => seen.push(item))];
    assert.deepEqual(seen, items);
    assert.ok(places.length >= 3, `${places.length} places to be held up`);
  });
});
