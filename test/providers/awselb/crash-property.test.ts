import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExportedService } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertApplied, assertConverged, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { target } from '../../front/make-service.ts';
import { RandomWorld } from './random-world.ts';

/** Pairs of worlds, and calls at which each change from one to the other is cut. WEIR_PAIRS and WEIR_CRASHES=all make more of them. */
const pairs = Number(process.env.WEIR_PAIRS ?? 4);
const crashes = process.env.WEIR_CRASHES === 'all' ? Number.POSITIVE_INFINITY : Number(process.env.WEIR_CRASHES ?? 5);

const harness = awselbHarness('random worlds', {});

/** Brings an account from one world to the other; `cut`: the process ends right after this write, before its answer arrives. */
async function change(before: readonly ExportedService[], after: readonly ExportedService[], cut: number) {
  const rig = await Rig.open(harness);
  const aws = harness.account();
  for (const name of ['a', 'b', 'c']) aws.world.acm.add([`${name}.test`]);
  let writes = 0;
  try {
    rig.set(before);
    assertApplied(await rig.apply());
    const untouched = await harness.plantForeign?.();
    let dead = false;
    const end = (): never => {
      dead = true;
      rig.kill();
      throw new Error('the process is gone');
    };
    aws.hooks.before = () => {
      if (dead) end();
    };
    aws.hooks.after = ({ action }) => {
      if (!/^(Describe|Get|List)/.test(action) && ++writes === cut) end();
    };
    rig.set(after);
    await rig.apply();
    delete aws.hooks.before;
    delete aws.hooks.after;
    if (dead) {
      await rig.restart();
      assertApplied(await rig.apply());
    }
    await assertConverged(rig, harness);
    await assertQuiet(rig, harness);
    assert.equal(await untouched?.(), true);
    assert.deepEqual(aws.loud, []);
    return writes;
  } finally {
    await rig.close();
  }
}

/** Without instances: the account of this test has no nodes. */
function services(world: RandomWorld): readonly ExportedService[] {
  return world.services().map((service) => ({
    ...service,
    backends: Object.fromEntries(
      Object.entries(service.backends).map(([key, { nodePort: _, ...backend }]) => [
        key,
        backend.targetKind === 'ip'
          ? backend
          : { ...backend, targetKind: 'ip' as const, targets: [target('10.0.0.9', 8080)] },
      ]),
    ),
  }));
}

describe('random worlds on the strict account', () => {
  it(`become each other, cut off after any call too (${pairs} pairs, ${crashes} cuts each)`, async () => {
    let cuts = 0;
    for (let seed = 1; seed <= pairs; seed++) {
      const world = new RandomWorld(seed);
      const [before, after] = [services(world), services(world)];
      try {
        const writes = await change(before, after, Number.POSITIVE_INFINITY);
        const step = Math.max(1, Math.ceil(writes / crashes));
        for (let cut = 1 + (seed % step); cut <= writes; cut += step) {
          await change(before, after, cut);
          cuts++;
        }
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    assert.ok(cuts >= pairs, `${cuts} cuts`);
  });
});
