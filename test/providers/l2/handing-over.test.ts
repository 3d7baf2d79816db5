import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { HandingOver } from '../../../providers/l2/handing-over.ts';

/** Node a has what is listed; `takes`: who takes what is handed. */
function stage(t: TestContext, has: Readonly<Record<string, readonly string[]>>, takes: readonly string[]) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const ranks = new Map(Object.entries(has));
  const claimed = new Set(ranks.keys());
  const fit = new Set(['b', 'c']);
  const [handed, released]: [string[], string[]] = [[], []];
  let nowMs = 0;
  const handing = new HandingOver({
    node: 'a',
    now: () => nowMs,
    claimed,
    ranks: () => ranks,
    known: () => ranks,
    fit: (node) => fit.has(node),
    hand(heirs) {
      for (const [vip, to] of heirs) {
        handed.push(`${vip} ${to}`);
        if (takes.includes(to)) claimed.delete(vip);
      }
    },
    letGo(vips) {
      released.push(...vips);
    },
  });
  t.after(() => handing.close());
  return {
    handing,
    handed,
    released,
    fit,
    async pass(ms: number) {
      for (let at = 0; at < ms; at += 50) {
        nowMs += 50;
        t.mock.timers.tick(50);
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      }
    },
  };
}

describe('a node that gives away what it has', () => {
  it('hands what it may not have to the first that is fit, keeps the rest, and says when something newer counts', async (t) => {
    const { handing, handed, released, fit, pass } = stage(t, { x: ['b', 'c'], y: ['a', 'b'] }, ['b', 'c']);
    fit.delete('b');
    const done = handing.misplaced(() => true);
    await pass(50);
    assert.equal(await done, true);
    assert.deepEqual([handed, released], [['x c'], []]);
    assert.equal(await handing.misplaced(() => false), false);
  });

  it('asks again for a second, then lets go what nobody takes; at once where nobody is there', async (t) => {
    const { handing, handed, released, pass } = stage(t, { x: ['b'], y: [] }, []);
    const done = handing.misplaced(() => true);
    await pass(1100);
    assert.equal(await done, true);
    assert.equal(handed.length, 20);
    assert.deepEqual(released, ['x', 'y']);
  });

  it('while it takes nothing hands over all, as soon as somebody is there, until it takes addresses again', async (t) => {
    const { handing, handed, released, fit, pass } = stage(t, { x: ['a', 'b'], y: ['c', 'a'] }, ['c']);
    fit.clear();
    handing.eligible(false);
    await pass(600);
    assert.deepEqual(handed, []);
    fit.add('b').add('c');
    await pass(500);
    assert.deepEqual(handed, ['x b', 'y c']);
    await pass(500);
    assert.deepEqual(handed.slice(2), ['x b'], 'which nobody has taken');
    handing.eligible(true);
    await pass(2000);
    assert.equal(handed.length, 3);
    assert.deepEqual(released, []);
  });
});
