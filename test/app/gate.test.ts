/** Replacements and rollouts whose new targets do not become ready, from the service to the traffic. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { answering } from '../../providers/memory/index.ts';
import { observe } from '../../providers/memory/observe.ts';
import type { ExportedService, Target } from '../../src/model/index.ts';
import { tcpService, withTargets } from '../conformance/services.ts';
import { appStage } from './stage.ts';

const signal = new AbortController().signal;
const target = (host: number): Target => ({ address: `10.0.0.${host}`, port: 80, weight: 1, state: 'ready' });
const before = tcpService('shop/db', 5432, [target(1), target(2)]);
const rollout = withTargets(before, [target(3), target(4)]);
const replaced = (service: ExportedService) => ({ ...service, settings: { memory: { scheme: 'internet-facing' } } });
let stage: Awaited<ReturnType<typeof appStage>>;

/** Targets that answer now. */
function answers(): readonly string[] {
  const system = stage.system();
  const rules = { healthMs: 0, drainMs: 0, sick: system.sick };
  const seen = observe(system.all(), (handle) => system.get(handle), {
    owner: 'weir/main',
    nowMs: stage.clock.wall(),
    rules,
  });
  return [...answering(seen, { lb: 'shop/db', listener: '5432/tcp' }).keys()].sort();
}

async function apply(service: ExportedService) {
  stage.script.set([service]);
  return (await stage.open()).apply(signal, () => {});
}

beforeEach(async () => {
  stage = await appStage({ gateDeadline: '30s' });
  const app = await stage.open();
  stage.script.set([before]);
  await app.apply(signal, () => {});
  await app.close('leave');
});
afterEach(() => stage.close());

describe('a rollout', () => {
  it('whose targets do not become ready leaves the old ones serving, and is failed at the deadline', async () => {
    for (const key of ['10.0.0.3:80', '10.0.0.4:80']) stage.system().sick.add(key);
    const startMs = stage.clock.now();
    const report = await apply(rollout);
    assert.deepEqual(
      report.failed.map(({ code }) => code),
      ['E_GATE_DEADLINE'],
    );
    assert.match(report.failed[0]?.message ?? '', /not ready within 30 s/);
    assert.ok(stage.clock.now() - startMs >= 30_000);
    assert.deepEqual(answers(), ['10.0.0.1:80', '10.0.0.2:80']);
  });

  it('goes on when they do become ready after all', async () => {
    for (const key of ['10.0.0.3:80', '10.0.0.4:80']) stage.system().sick.add(key);
    stage.script.set([rollout]);
    const app = await stage.open();
    await app.apply(signal, () => {});
    stage.system().sick.clear();
    assert.deepEqual((await app.apply(signal, () => {})).failed, []);
    assert.deepEqual(answers(), ['10.0.0.3:80', '10.0.0.4:80']);
  });

  it('does not wait where nothing healthy is left to protect', async () => {
    for (const host of [1, 2, 3, 4]) stage.system().sick.add(`10.0.0.${host}:80`);
    const startMs = stage.clock.now();
    const report = await apply(rollout);
    assert.deepEqual(report.failed, []);
    assert.ok(stage.clock.now() - startMs < 5000);
  });

  it('turns at once when what served before becomes sick during the wait', async () => {
    for (const key of ['10.0.0.3:80', '10.0.0.4:80']) stage.system().sick.add(key);
    stage.script.set([rollout]);
    const app = await stage.open();
    const startMs = stage.clock.now();
    const done = app.apply(signal, ({ result }) => {
      if (result === 'waiting') for (const host of [1, 2]) stage.system().sick.add(`10.0.0.${host}:80`);
    });
    assert.deepEqual((await done).failed, []);
    assert.ok(stage.clock.now() - startMs < 20_000);
  });
});

describe('a replacement', () => {
  it('never leaves the service without a ready target', async () => {
    const app = await stage.open();
    stage.script.set([replaced(rollout)]);
    const seen: number[] = [];
    const report = await app.apply(signal, () => seen.push(answers().length));
    assert.deepEqual(report.failed, []);
    assert.ok(seen.length > 5);
    assert.ok(
      seen.every((count) => count > 0),
      `targets that answer, step by step: ${seen.join(' ')}`,
    );
  });
});
