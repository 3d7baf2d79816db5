import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backoffMs, createLimiter } from '../../src/run/index.ts';
import { settled, VirtualClock } from './virtual-clock.ts';

const signal = new AbortController().signal;

describe('limiter', () => {
  it('lets the burst through at once and then keeps the rate', async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter(clock, { perSecond: 10, burst: 5 });
    let taken = 0;
    for (let i = 0; i < 30; i++) limiter.take('a', 0, signal).then(() => taken++);
    await settled();
    assert.equal(taken, 5);
    await clock.pass(1000);
    assert.equal(taken, 15);
    await clock.pass(1500);
    assert.equal(taken, 30);
  });

  it('gives way to higher priorities, in order of asking among equals', async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter(clock, { perSecond: 10, burst: 1 });
    const order: string[] = [];
    const ask = (name: string, priority: number) => limiter.take('a', priority, signal).then(() => order.push(name));
    const first = ask('first', 1);
    await first;
    const all = [ask('delete', 1), ask('create', 4), ask('add', 5), ask('create too', 4)];
    await clock.pass(1000);
    await Promise.all(all);
    // The first to ask already stands at the bucket; nobody is sent back from there.
    assert.deepEqual(order, ['first', 'delete', 'add', 'create', 'create too']);
  });

  it('halves its rate when throttled, once a second at most, and recovers', async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter(clock, { perSecond: 16, burst: 1 });
    await limiter.take('a', 0, signal);
    for (let i = 0; i < 5; i++) limiter.throttled('a');
    let taken = 0;
    for (let i = 0; i < 1000; i++) void limiter.take('a', 0, signal).then(() => taken++);
    await clock.pass(1000);
    assert.ok(taken >= 7 && taken <= 10, `${taken} calls in the second after a throttling answer: about half of 16`);
    await clock.pass(20_000);
    const before = taken;
    await clock.pass(1000);
    assert.ok(taken - before >= 15, `${taken - before} calls in a second, a while later: all of 16 again`);
  });

  it('gives a rate class the rate of its own', async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter(clock, { perSecond: 1, burst: 1 }, { register: { perSecond: 4, burst: 20 } });
    let taken = 0;
    for (let i = 0; i < 30; i++) limiter.take('register', 0, signal).then(() => taken++);
    await settled();
    assert.equal(taken, 20);
    await clock.pass(2000);
    assert.equal(taken, 28);
  });

  it('keeps rate classes apart and lets go of who is aborted', async () => {
    const clock = new VirtualClock();
    const limiter = createLimiter(clock, { perSecond: 1, burst: 1 });
    await limiter.take('a', 0, signal);
    await limiter.take('b', 0, signal);
    const end = new AbortController();
    const waiting = limiter.take('a', 0, end.signal);
    await settled();
    end.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
  });
});

describe('back-off', () => {
  it('doubles up to its bound, with jitter below it', () => {
    const backoff = { firstMs: 100, maxMs: 1000 };
    assert.deepEqual(
      [1, 2, 3, 4, 5, 50].map((failures) => backoffMs(failures, backoff, () => 0.999_999)),
      [100, 200, 400, 800, 1000, 1000],
    );
    assert.equal(
      backoffMs(3, backoff, () => 0),
      200,
    );
  });
});
