import assert from 'node:assert/strict';
import { type ExportedService, WeirError } from '../../src/model/index.ts';
import { crashAtEveryStep } from './crash.ts';
import { assertAnswers, assertApplied, assertConverged, assertQuiet, assertSilent } from './expect.ts';
import type { Harness } from './harness.ts';
import type { Rig } from './rig.ts';
import { httpService, onPort, tcpService, withBackend, withTargets } from './services.ts';

export interface Case {
  readonly title: string;
  /** Why the provider's capabilities leave nothing to hold it against. */
  readonly denied?: (harness: Harness) => string | undefined;
  readonly run: (rig: Rig, harness: Harness) => Promise<void>;
}

/** One HTTP and one TCP service, with two targets each. */
async function two(harness: Harness): Promise<readonly [ExportedService, ExportedService]> {
  const web = httpService('shop/web', await harness.port(), await harness.targets(2));
  return [web, tcpService('shop/db', await harness.port(), await harness.targets(2))];
}

/** Applies, and holds the world and the traffic against what is wanted. */
async function reach(rig: Rig, harness: Harness, services: readonly ExportedService[]): Promise<void> {
  rig.set(services);
  assertApplied(await rig.apply());
  await assertConverged(rig, harness);
  for (const service of services) await assertAnswers(harness, service);
}

const noForeign = ({ provider }: Harness) =>
  provider.capabilities.foreign ? undefined : 'the system holds nothing that is not ours';

export const cases: readonly Case[] = [
  {
    title: 'create',
    async run(rig, harness) {
      await reach(rig, harness, await two(harness));
    },
  },
  {
    title: 'change in place',
    async run(rig, harness) {
      const [web, db] = await two(harness);
      await reach(rig, harness, [web, db]);
      await reach(rig, harness, [withBackend(web, { balance: 'leastconn' }), db]);
    },
  },
  {
    title: 'grow and shrink',
    async run(rig, harness) {
      const [web, db] = await two(harness);
      const more = await harness.targets(5);
      await reach(rig, harness, [withTargets(web, more), db]);
      await reach(rig, harness, [withTargets(web, more.slice(0, 1)), db]);
      await reach(rig, harness, [withTargets(web, more.slice(1)), db]);
    },
  },
  {
    title: 'weight 0 takes no traffic',
    denied: ({ provider }) => (provider.capabilities.weights ? undefined : 'targets have no weights'),
    async run(rig, harness) {
      const [web] = await two(harness);
      const [first, ...rest] = web.backends.main?.targets ?? [];
      assert.ok(first !== undefined);
      await reach(rig, harness, [web]);
      await reach(rig, harness, [withTargets(web, [{ ...first, weight: 0 }, ...rest])]);
    },
  },
  {
    title: 'replace',
    denied: ({ provider, replaced }) =>
      replaced === undefined && provider.kinds.every(({ immutable }) => immutable.length === 0)
        ? 'everything can be changed in place'
        : undefined,
    async run(rig, harness) {
      const [web, db] = await two(harness);
      assert.ok(harness.replaced, 'a provider with something immutable says how to change it');
      await reach(rig, harness, [web, db]);
      await reach(rig, harness, [harness.replaced(web), db]);
    },
  },
  {
    title: 'move to another port',
    async run(rig, harness) {
      const [web, db] = await two(harness);
      await reach(rig, harness, [web, db]);
      await reach(rig, harness, [web, onPort(db, await harness.port())]);
      await assertSilent(harness, db);
    },
  },
  {
    title: 'move to another load balancer',
    denied: ({ provider }) =>
      provider.capabilities.sharing === 'bundle' ? undefined : 'all services share one load balancer',
    async run(rig, harness) {
      const [web, other] = await two(harness);
      const db = harness.layersApart ? httpService('shop/db', await harness.port(), await harness.targets(2)) : other;
      await reach(rig, harness, [web, db]);
      const bundle = (order: number) => ({ key: 'both', order });
      await reach(rig, harness, [
        { ...web, bundle: bundle(1) },
        { ...db, bundle: bundle(2) },
      ]);
      await reach(rig, harness, [web, db]);
    },
  },
  {
    title: 'rename',
    async run(rig, harness) {
      const [web, db] = await two(harness);
      await reach(rig, harness, [web, db]);
      const origin = { ...web.origin, name: 'front' };
      await reach(rig, harness, [{ ...web, id: 'shop/front', origin }, db]);
    },
  },
  {
    title: 'delete one, then all',
    async run(rig, harness) {
      const [web, db] = await two(harness);
      await reach(rig, harness, [web, db]);
      await reach(rig, harness, [web]);
      await assertSilent(harness, db);
      assertApplied(await rig.destroy());
      assert.deepEqual(
        (await rig.observe()).filter((object) => object.owned),
        [],
      );
    },
  },
  {
    title: 'foreign objects are untouched',
    denied: noForeign,
    async run(rig, harness) {
      assert.ok(harness.plantForeign, 'a system with foreign objects says how to make one');
      const untouched = await harness.plantForeign();
      await reach(rig, harness, await two(harness));
      assert.ok(await untouched());
      assertApplied(await rig.destroy());
      assert.ok(await untouched());
    },
  },
  {
    title: 'a place that others hold is refused',
    denied: noForeign,
    async run(rig, harness) {
      const [web, db] = await two(harness);
      assert.ok(harness.plantInPlaceOf, 'a system with foreign objects says how to take a place');
      await reach(rig, harness, [web]);
      const untouched = await harness.plantInPlaceOf(db);
      rig.set([web, db]);
      const report = await rig.apply();
      assert.deepEqual(
        report.failed.map(({ code }) => code),
        ['E_HELD'],
      );
      assert.ok(await untouched());
      await assertAnswers(harness, web);
    },
  },
  {
    title: 'crash at every step',
    run: (rig, harness) => crashAtEveryStep(rig, harness),
  },
  {
    title: 'throttling',
    async run(rig, harness) {
      let left = 3;
      rig.interference = {
        before(write) {
          if (write % 2 === 1 && left-- > 0) throw new WeirError('E_APPLY', 'throttled');
        },
      };
      const [web, db] = await two(harness);
      rig.set([web, db]);
      const report = await rig.apply();
      assert.ok(report.results.some(({ result }) => result === 'failed'));
      rig.interference = {};
      await reach(rig, harness, [web, db]);
    },
  },
  {
    title: 'bad services beside good ones',
    async run(rig, harness) {
      const [web, db] = await two(harness);
      const { name } = harness.provider;
      const unknown = {
        ...httpService('bad/settings', await harness.port(), []),
        settings: { [name]: { nonsense: 1 } },
      };
      const same = httpService('bad/twice', 80, await harness.targets(1));
      const taken: ExportedService = { ...same, fronts: web.fronts, bundle: { key: 'shop/web', order: 9 } };
      rig.set([{ ...web, bundle: { key: 'shop/web', order: 1 } }, db, unknown, taken]);
      const report = await rig.apply();
      assertApplied(report);
      const told = new Set(report.plan.problems.map(({ service }) => service));
      assert.deepEqual([...told].sort(), ['bad/settings', 'bad/twice']);
      await assertConverged(rig, harness);
      for (const good of [web, db]) await assertAnswers(harness, good);
    },
  },
  {
    title: 'an unread source takes nothing away',
    async run(rig, harness) {
      const [web, db] = await two(harness);
      await reach(rig, harness, [web, db]);
      rig.set([web], [{ source: 'script', part: 'db.yaml', reason: 'cannot be read' }]);
      await rig.apply();
      await assertAnswers(harness, db);
      await reach(rig, harness, [web]);
    },
  },
  {
    title: 'a second run writes nothing',
    async run(rig, harness) {
      await reach(rig, harness, await two(harness));
      await assertQuiet(rig, harness);
    },
  },
];
