import assert from 'node:assert/strict';
import { type ApplyReport, type ExportedService, type Json, sameJson } from '../../src/model/index.ts';
import type { Harness } from './harness.ts';
import type { Rig } from './rig.ts';
import { keyOf } from './services.ts';

/** Nothing went wrong. */
export function assertApplied(report: ApplyReport): void {
  assert.deepEqual(report.failed, []);
}

/**
 * The system holds what is wanted and nothing else of ours, as read by the provider. Asks no planner: every wanted resource
 * is there exactly once with every attribute and member, and there is no other.
 */
export async function assertConverged(rig: Rig, harness: Harness): Promise<void> {
  const owned = (await rig.observe()).filter((object) => object.owned);
  const wanted = await rig.wanted();
  const name = ({ kind, id }: { kind: string; id: string }) => `${kind} ${id}`;
  assert.deepEqual(owned.map(name).sort(), wanted.map(name).sort());
  const handles = new Map(owned.map((object) => [object.handle, object.id]));
  for (const want of wanted) {
    const have = owned.find((object) => name(object) === name(want));
    const spec = harness.provider.kinds.find(({ kind }) => kind === want.kind);
    if (have === undefined || spec === undefined) throw new Error(`${name(want)} is not there`);
    const normal = harness.provider.normalize(have);
    for (const [attr, value] of Object.entries(want.attrs)) {
      // Numbers of an order group are the planner's; their sequence shows in the traffic.
      if (attr === spec.order?.attr) continue;
      const seen: Json | undefined = normal.attrs[attr];
      assert.ok(
        sameJson(seen, value),
        `${name(want)}: ${attr} is ${JSON.stringify(seen)}, wanted ${JSON.stringify(value)}`,
      );
    }
    for (const [set, members] of Object.entries(want.sets)) {
      const refersTo: string | undefined = spec.sets[set]?.to;
      const seen: readonly string[] = [...(normal.sets[set]?.keys() ?? [])];
      const keys: string[] = seen.map((key) => (refersTo === undefined ? key : (handles.get(key) ?? key)));
      const expected: string[] = [...members].flatMap(([key, { gone }]) => (gone === undefined ? [key] : []));
      assert.deepEqual(keys.sort(), expected.sort(), `${name(want)}: ${set}`);
    }
  }
}

/** A run over an unchanged world makes no call that writes, in this process and in a new one. */
export async function assertQuiet(rig: Rig, harness: Harness): Promise<void> {
  for (const fresh of harness.volatile ? [false] : [false, true]) {
    if (fresh) await rig.restart();
    const before = rig.writes;
    const report = await rig.apply();
    assertApplied(report);
    const steps = report.results.map(
      ({ step: { op, kind, id, set, attrs }, result }) =>
        `${op} ${kind} ${id} ${set ?? JSON.stringify(attrs)} ${result}`,
    );
    assert.equal(rig.writes, before, `a second run ${fresh ? 'in a new process ' : ''}writes ${steps.join('; ')}`);
    const plan = await rig.plan();
    assert.deepEqual(
      plan.units.flatMap(({ steps }) => steps),
      [],
    );
  }
}

/** Exactly these targets answer; waits for a system that needs a moment to see their health. */
export async function assertAnswers(harness: Harness, service: ExportedService): Promise<void> {
  if (harness.answers === undefined) return;
  const targets = Object.values(service.backends).flatMap((backend) => backend.targets);
  const expected = targets
    .filter(({ state, weight }) => state === 'ready' && weight > 0)
    .map(keyOf)
    .sort();
  let seen: string[] = [];
  for (let tries = 0; tries < 200; tries++) {
    seen = [...(await harness.answers(service))].sort();
    if (sameJson(seen, expected)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(seen, expected, `targets that answer for ${service.id}`);
}

/** Nobody answers any more. */
export async function assertSilent(harness: Harness, service: ExportedService): Promise<void> {
  if (harness.answers === undefined) return;
  assert.deepEqual([...(await harness.answers(service))], []);
}
