import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  brokenMs,
  type Glimpse,
  longestMs,
  lossMs,
  neededQuietMs,
  quietMs,
  stillToWait,
} from '../../../src/sources/file/patience.ts';

const whole: Glimpse = { objects: 3, endsWithNewline: true, empty: false };

test('how long a new state must be quiet', () => {
  const needed = (now: Partial<Glimpse>) => neededQuietMs(whole, { ...whole, ...now });
  assert.equal(needed({}), quietMs);
  assert.equal(needed({ objects: 4 }), quietMs);
  assert.equal(needed({ objects: 2 }), lossMs, 'fewer objects');
  assert.equal(needed({ endsWithNewline: false }), lossMs, 'cut off');
  assert.equal(needed({ objects: undefined }), brokenMs, 'cannot be parsed');
  assert.equal(needed({ objects: 0, empty: true }), brokenMs, 'empty');
  assert.equal(neededQuietMs(whole, undefined), lossMs, 'gone');
  assert.equal(neededQuietMs(undefined, undefined), quietMs, 'was not there before');
  const open = { ...whole, endsWithNewline: false };
  assert.equal(neededQuietMs(open, open), quietMs, 'never ended with a line break');
});

test('how long it still waits', () => {
  const wait = (neededMs: number, quietForMs: number, changedForMs = 0) =>
    stillToWait({ neededMs, quietForMs, changedForMs });
  assert.equal(wait(quietMs, quietMs), 0);
  assert.equal(wait(quietMs, 0), quietMs);
  assert.equal(wait(quietMs, 0, longestMs), 0, 'a writer that never rests is read anyway');
  assert.equal(wait(lossMs, 0, longestMs), lossMs, 'but not where something would go');
  assert.equal(wait(lossMs, lossMs), 0);
});
