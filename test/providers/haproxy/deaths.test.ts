import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deaths } from '../../../providers/haproxy/deaths.ts';

test('told from the moment it serves again, for 15 minutes, with how often', () => {
  let nowMs = 1_000;
  const deaths = new Deaths({ now: () => nowMs, wall: () => nowMs, sleep: async () => undefined });
  const told = (): string => deaths.trouble?.message ?? '';
  assert.equal(told(), '');
  deaths.add('worker 7 ended with signal 9');
  assert.equal(told(), '');
  nowMs += 230;
  assert.equal(deaths.over(), 230);
  assert.equal(
    told(),
    'HAProxy ended at 1970-01-01T00:00:01.000Z (worker 7 ended with signal 9) and served again 0.2 s later; requests and streams that were open were cut',
  );
  nowMs += 600_000;
  deaths.add('');
  deaths.add('');
  nowMs += 2_000;
  assert.equal(deaths.over(), 2_000);
  assert.match(told(), /Z and served again 2\.0 s later.*; 3 times within 15 minutes$/);
  nowMs += 400_000;
  assert.match(told(), /; 2 times/);
  nowMs += 600_000;
  assert.equal(told(), '');
});
