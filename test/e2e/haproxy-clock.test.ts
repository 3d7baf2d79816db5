/** The wall clock jumps by days under a running weir: deadlines are monotonic, so nothing times out, nothing is done twice, changes go on. */
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { type Stage, startStage, webService } from './fault-stage.ts';

const dayMs = 86_400_000;
const shift = join(tmpdir(), `weir-shift-${process.pid}`);
const options = process.env.NODE_OPTIONS;
let stage: Stage;

before(async () => {
  process.env.WEIR_TEST_SHIFT = shift;
  process.env.NODE_OPTIONS = `--import=${new URL('shift-clock.ts', import.meta.url).href}`;
  await writeFile(shift, '0');
  stage = await startStage({
    settings: { auditInterval: '1s' },
  });
});

after(async () => {
  if (options === undefined) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = options;
  delete process.env.WEIR_TEST_SHIFT;
  await rm(shift, { force: true });
  await stage.end();
});

const counters = async () => ({
  reloads: await stage.metric('weir_haproxy_reloads_total'),
  starts: await stage.metric('weir_haproxy_starts_total'),
  deaths: await stage.metric('weir_haproxy_deaths_total'),
  drifts: await stage.metric('weir_drift_total'),
  errors: await stage.metric('weir_errors_total'),
  steps: await stage.metric('weir_apply_steps_total'),
});
const clock = () => stage.metric('weir_last_audit_timestamp_seconds');

let turn = 0;
for (const [name, jumpMs] of [
  ['a day ahead', dayMs],
  ['two days back', -dayMs],
  ['a year ahead', 365 * dayMs],
  ['and home', 0],
] as const) {
  test(`${name}: nothing happens, and the next change is served at once`, async () => {
    await stage.settled();
    const [before, process] = [await counters(), await showProcesses(join(stage.directory, 'master.sock'))];
    await writeFile(shift, String(jumpMs));
    // Long enough for several audits, looks at health and readings of files.
    await sleep(4_000);
    assert.ok(Math.abs((await clock()) * 1_000 - Date.now() - jumpMs) < 60_000, 'weir sees the other time');
    assert.deepEqual(await counters(), before);
    const target = turn++ % 2 === 0 ? stage.two : stage.one;
    await stage.put('moves.yaml', webService('moves', target));
    await stage.becomes('moves.test', `200 ${target.name}`);
    await stage.settled();
    const now = await counters();
    assert.deepEqual({ ...now, steps: 0 }, { ...before, steps: 0 });
    assert.deepEqual(await showProcesses(join(stage.directory, 'master.sock')), process);
  });
}
