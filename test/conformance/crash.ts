import assert from 'node:assert/strict';
import type { ExportedService } from '../../src/model/index.ts';
import { assertAnswers, assertApplied, assertConverged, assertQuiet } from './expect.ts';
import type { Harness } from './harness.ts';
import { Rig } from './rig.ts';
import { httpService, onPort, tcpService, withBackend, withTargets } from './services.ts';

class Crash extends Error {}

/**
 * From one state to another, killed at each write in turn, before it takes effect and after: a new process reads the world and
 * brings it to the same end, and leaves nothing behind.
 */
export async function crashAtEveryStep(_rig: Rig, harness: Harness): Promise<void> {
  let crashes = 0;
  for (const moment of ['before', 'after'] as const) {
    for (let write = 1; ; write++) {
      const rig = await Rig.open(harness);
      try {
        const { from, to } = await change(harness);
        rig.set(from);
        assertApplied(await rig.apply());
        const start = rig.writes;
        let crashed = false;
        const crash = (number: number) => {
          crashed ||= number === start + write;
          if (!crashed) return;
          // A dead process makes no further calls.
          rig.kill();
          throw new Crash('crash');
        };
        rig.interference = { [moment]: crash, ...(moment === 'after' ? { before: (n) => crashed && crash(n) } : {}) };
        rig.set(to);
        await rig.apply();
        rig.interference = {};
        if (!crashed) break;
        crashes++;
        await rig.restart();
        assertApplied(await rig.apply());
        await assertConverged(rig, harness);
        for (const service of to) await assertAnswers(harness, service);
        await assertQuiet(rig, harness);
      } finally {
        await rig.close();
      }
    }
  }
  assert.ok(crashes >= 2, `${crashes} crashes`);
}

/** Something of everything: a change in place, other targets, one that moves, goes and comes. */
async function change(harness: Harness): Promise<Record<'from' | 'to', readonly ExportedService[]>> {
  const web = httpService('shop/web', await harness.port(), await harness.targets(2));
  const db = tcpService('shop/db', await harness.port(), await harness.targets(1));
  const old = tcpService('shop/old', await harness.port(), await harness.targets(1));
  const fresh = httpService('shop/new', await harness.port(), await harness.targets(1));
  const changed = withBackend(withTargets(web, await harness.targets(2)), { balance: 'leastconn' });
  const after = harness.replaced?.(changed) ?? changed;
  return { from: [web, db, old], to: [after, onPort(db, await harness.port()), fresh] };
}
