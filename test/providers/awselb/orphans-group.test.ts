/** A group of which this weir is given a part: the others in it, and what all of them share, stay as they are. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ExportedService } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService, tcpService, withTargets } from '../../conformance/services.ts';

const ways = {
  'an application load balancer': {
    make: httpService,
    ports: [80, 80, 8080],
    join: { bundle: { key: 'edge', order: 0 } },
  },
  'a network load balancer': {
    make: tcpService,
    ports: [80, 81, 82],
    join: { settings: { awselb: { group: 'edge' } } },
  },
} as const;

async function shared(t: TestContext, way: keyof typeof ways, options: Readonly<Record<string, unknown>> = {}) {
  const harness = awselbHarness(t.name, {}, () => options);
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  const { make, ports, join } = ways[way];
  const member = async (id: string, i: number): Promise<ExportedService> => ({
    ...make(id, ports[i] ?? 0, await harness.targets(2)),
    ...join,
  });
  const one = await member('shop/one', 0);
  const two = await member('other/two', 1);
  const three = await member('other/three', 2);
  rig.set([one, two, three]);
  assertApplied(await rig.apply());
  await rig.forget();
  const { world } = harness.account();
  const counts = () => [world.elb.loadBalancers.size, world.elb.targetGroups.size, world.ec2.securityGroups.size];
  const ports8 = () =>
    [...world.ec2.securityGroups.all()].flatMap(({ rules }) => [...rules.values()].map((rule) => JSON.stringify(rule)));
  /** Rules, and listeners that send to somebody by themselves. */
  const fronts = () =>
    [...world.elb.loadBalancers.all()].reduce(
      (sum, { type, listeners }) =>
        sum + [...listeners].reduce((all, { rules }) => all + (type === 'network' ? 1 : [...rules].length), 0),
      0,
    );
  const settle = async () => {
    for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
  };
  const orphans = async () =>
    (await rig.plan()).problems.flatMap(({ code, source, message }) =>
      code === 'W_ORPHAN' ? [`${source} ${message}`] : [],
    );
  return { harness, rig, one, two, three, counts, rules: ports8, fronts, settle, orphans };
}

for (const way of ['an application load balancer', 'a network load balancer'] as const) {
  describe(`a part of the group of ${way}`, () => {
    it('is served beside the others, of whom nothing is taken', async (t) => {
      const { harness, rig, one, two, three, counts, rules, settle, orphans } = await shared(t, way);
      const before = counts();
      const opened = rules();
      rig.set([one]);
      const { units } = await rig.plan();
      assert.deepEqual(
        units.flatMap(({ steps }) => steps.map(({ op, kind, id }) => `${op} ${kind} ${id}`)),
        [],
      );
      const [told = '', ...more] = await orphans();
      assert.deepEqual(more, []);
      assert.match(told, /shop\/one .*never asked for \(other\/three.*, other\/two/);
      const changed = withTargets(one, await harness.targets(3));
      rig.set([changed]);
      await settle();
      for (const served of [changed, two, three]) await assertAnswers(harness, served);
      assert.deepEqual([counts(), rules()], [before, opened]);
      await assertQuiet(rig, harness);
    });

    it('that goes takes what it has alone; the others, and what all of them share, stay', async (t) => {
      for (const between of [async () => {}, (rig: Rig) => rig.restart()]) {
        const { harness, rig, one, two, three, counts, rules, fronts, settle, orphans } = await shared(t, way);
        const [[balancers = 0, groups = 0, guards] = [], opened, before] = [counts(), rules(), fronts()];
        rig.set([one]);
        await settle();
        await between(rig);
        rig.set([]);
        await settle();
        assert.deepEqual([counts(), rules()], [[balancers, groups - 1, guards], opened]);
        assert.equal(fronts(), before - 1);
        assert.match(
          (await orphans()).join(),
          /^balancer\/main stack \w+\/edge .* never asked for other\/two\S*, other\/three\S* in it\. Left alone: load balancer \S+, target groups k8s-other-\S+ k8s-other-\S+, /,
        );
        for (const served of [two, three]) await assertAnswers(harness, served);
        await assertQuiet(rig, harness);
        await rig.close();
      }
    });

    it('that is destroyed from an empty state directory goes alike, and nothing else', async (t) => {
      const { harness, rig, one, two, three, counts, fronts } = await shared(t, way);
      const [[balancers = 0, groups = 0, guards] = [], before] = [counts(), fronts()];
      rig.set([two]);
      for (let run = 0; run < 2; run++) assertApplied(await rig.destroy());
      assert.deepEqual([counts(), fronts()], [[balancers, groups - 1, guards], before - 1]);
      for (const served of [one, three]) await assertAnswers(harness, served);
    });

    it('that has a port alone takes it along', async (t) => {
      const { harness, rig, one, two, three, counts, fronts } = await shared(t, way);
      const [[balancers = 0, groups = 0, guards] = []] = [counts()];
      const { elb } = harness.account().world;
      const ports = () => [...elb.loadBalancers.all()].reduce((sum, { listeners }) => sum + [...listeners].length, 0);
      rig.set([three]);
      assertApplied(await rig.destroy());
      assert.deepEqual([counts(), ports()], [[balancers, groups - 1, guards], new Set([80, ways[way].ports[1]]).size]);
      assert.ok(fronts() > 0);
      for (const served of [one, two]) await assertAnswers(harness, served);
    });

    it('that grows to the whole is the whole: who leaves it then goes', async (t) => {
      const { harness, rig, one, two, three, counts, settle, orphans } = await shared(t, way);
      rig.set([one]);
      await settle();
      rig.set([one, two, three]);
      assert.deepEqual(await orphans(), []);
      const { writes } = rig;
      await settle();
      assert.equal(rig.writes, writes);
      await rig.restart();
      rig.set([one]);
      await settle();
      assert.deepEqual(counts().slice(0, 2), [1, 1]);
      await assertAnswers(harness, one);
      rig.set([]);
      await settle();
      assert.deepEqual(counts().slice(0, 2), [0, 0]);
    });

    it('is all there is where `orphans: delete` says so', async (t) => {
      const { harness, rig, one, counts, settle } = await shared(t, way, { orphans: 'delete' });
      rig.set([one]);
      await settle();
      assert.deepEqual(counts().slice(0, 2), [1, 1]);
      await assertAnswers(harness, one);
    });
  });
}
