import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../../src/run/connection.ts';
import { Claims } from '../../src/run/index.ts';
import { World } from './lane-stage.ts';
import { VirtualClock } from './virtual-clock.ts';

test('what fails is told with the time of the last good look, or of the start', async () => {
  const clock = new VirtualClock();
  const world = new World();
  let away = true;
  const connection = new Connection({
    open: async () => ({
      ...world.session(),
      discover: async () => {
        if (away) throw new Error('no way there');
        return {};
      },
    }),
    kinds: new Map(),
    claims: new Claims('/nowhere'),
    clock,
    random: () => 0,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const look = () => {
    connection.forget();
    return connection.ready([], new AbortController().signal);
  };
  const startMs = clock.wall();
  await clock.pass(30_000);
  await look();
  assert.deepEqual([connection.failure?.message, connection.failedSinceMs], ['Error: no way there', startMs]);
  away = false;
  await clock.pass(60_000);
  await look();
  const goodMs = clock.wall();
  assert.equal(connection.failure, undefined);
  away = true;
  for (let minute = 0; minute < 3; minute++) {
    await clock.pass(60_000);
    await look();
    assert.equal(connection.failedSinceMs, goodMs);
  }
});
