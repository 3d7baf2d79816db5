import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bell } from '../../src/run/index.ts';
import { settled, VirtualClock } from './virtual-clock.ts';

function listen(bell: Bell, signal: AbortSignal) {
  const heard = { count: 0 };
  const loop = async () => {
    while (!signal.aborted) {
      await bell.next(signal);
      if (!signal.aborted) heard.count++;
    }
  };
  return { heard, done: loop() };
}

describe('bell', () => {
  it('makes one of many rings, and wakes at once', async () => {
    const bell = new Bell(new VirtualClock());
    const end = new AbortController();
    const { heard, done } = listen(bell, end.signal);
    bell.ring();
    bell.ring();
    await settled();
    assert.equal(heard.count, 1);
    bell.ring();
    await settled();
    assert.equal(heard.count, 2);
    end.abort();
    await done;
  });

  it('wakes at the earliest of its times, once each, also when an earlier one is asked for while it sleeps', async () => {
    const clock = new VirtualClock();
    const bell = new Bell(clock);
    const end = new AbortController();
    const { heard, done } = listen(bell, end.signal);
    bell.ringAt(5000);
    await clock.pass(10);
    bell.ringAt(100);
    await clock.pass(89);
    assert.equal(heard.count, 0);
    await clock.pass(1);
    assert.equal(heard.count, 1);
    await clock.pass(10_000);
    assert.equal(heard.count, 1, 'a later time is asked for again by whoever still needs it');
    end.abort();
    await done;
    assert.deepEqual(clock.alarms, []);
  });

  it('a ring does not lose a time that is still to come', async () => {
    const clock = new VirtualClock();
    const bell = new Bell(clock);
    const end = new AbortController();
    const { heard, done } = listen(bell, end.signal);
    bell.ringAt(1000);
    bell.ring();
    await settled();
    assert.equal(heard.count, 1);
    await clock.pass(1000);
    assert.equal(heard.count, 2);
    end.abort();
    await done;
  });
});
