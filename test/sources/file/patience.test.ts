import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Glimpse,
  longestMs,
  looksHalfWritten,
  quietMs,
  stillToWait,
  suspiciousMs,
} from '../../../src/sources/file/patience.ts';

const whole: Glimpse = { objects: 3, endsWithNewline: true, empty: false };

test('what looks like half a file', () => {
  const half = (now: Partial<Glimpse>) => looksHalfWritten(whole, { ...whole, ...now });
  assert.equal(half({}), false);
  assert.equal(half({ objects: 4 }), false);
  assert.equal(half({ objects: 2 }), true, 'fewer objects');
  assert.equal(half({ objects: undefined }), true, 'cannot be parsed');
  assert.equal(half({ objects: 0, empty: true }), true, 'empty');
  assert.equal(half({ endsWithNewline: false }), true, 'cut off');
  assert.equal(looksHalfWritten(whole, undefined), true, 'gone');
  assert.equal(looksHalfWritten(undefined, undefined), false, 'was not there before');
  assert.equal(
    looksHalfWritten({ ...whole, endsWithNewline: false }, { ...whole, endsWithNewline: false }),
    false,
    'never ended with a line break',
  );
});

test('how long it waits', () => {
  const wait = (suspicious: boolean, quietForMs: number, changedForMs = 0) =>
    stillToWait({ suspicious, quietForMs, changedForMs });
  assert.equal(wait(false, quietMs), 0);
  assert.equal(wait(false, 0), quietMs);
  assert.equal(wait(false, 0, longestMs), 0, 'a writer that never rests is read anyway');
  assert.equal(wait(true, 0, longestMs), suspiciousMs, 'but not half');
  assert.equal(wait(true, suspiciousMs), 0);
});
