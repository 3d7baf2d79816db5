import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laneStage, resource } from './lane-stage.ts';
import { settled } from './virtual-clock.ts';

test('a unit that nobody knows, told during an audit, is looked for by the next one, and nothing turns meanwhile', async () => {
  let turns = 0;
  const { world, want, clock, stop } = laneStage({
    auditMs: 60_000,
    stateChanged: () => {
      turns++;
    },
  });
  want([resource('a')]);
  await settled();
  let end: () => void = () => {};
  world.before = (call) => {
    if (call !== 'observe all') return;
    return new Promise<void>((resolve) => {
      end = resolve;
    });
  };
  await clock.pass(60_000);
  const looks = () => world.calls.filter((call) => call === 'observe all').length;
  assert.equal(looks(), 2);
  turns = 0;
  world.changed('ghost', 'somebody told');
  await settled();
  await settled();
  assert.ok(turns < 5, `${turns} turns while the audit goes on`);
  assert.equal(looks(), 2);
  world.before = () => {};
  end();
  await settled();
  assert.equal(looks(), 3);
  await clock.pass(30_000);
  assert.equal(looks(), 3);
  await stop();
});
