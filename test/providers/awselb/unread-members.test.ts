/** A source that cannot be read since the start: who stands in it goes on being served, and keeps its part of what many share. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ExportedService, Target } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertAnswers, assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { httpService, tcpService, withTargets } from '../../conformance/services.ts';

const unread = [{ source: 'script', part: 'other.yaml', reason: 'not YAML' }];

const ways: Readonly<Record<string, (id: string, at: number, targets: readonly Target[]) => ExportedService>> = {
  'an application load balancer that it shares': (id, at, targets) => ({
    ...httpService(id, 80 + at, targets),
    bundle: { key: 'edge', order: at },
    settings: { awselb: at === 1 ? { ipAddressType: 'dualstack' } : {} },
  }),
  'a network load balancer that it shares': (id, at, targets) => ({
    ...tcpService(id, 80 + at, targets),
    settings: { awselb: { group: 'edge' } },
  }),
  'a load balancer of its own': (id, at, targets) => tcpService(id, 80 + at, targets),
};

async function standing(t: TestContext, make: (id: string, at: number, targets: readonly Target[]) => ExportedService) {
  const harness = awselbHarness(t.name, {}, () => ({ restrictPorts: true }));
  const rig = await Rig.open(harness);
  t.after(() => rig.close());
  // Whom the account knows, with ports of their own: what lets the load balancer in is seen.
  const nodes = [...harness.account().world.ec2.instances.all()];
  const at = (port: number) =>
    nodes.map(({ PrivateIpAddress: address }): Target => ({ address, port, weight: 100, state: 'ready' }));
  const one = make('shop/one', 0, at(8080));
  const two = make('other/two', 1, at(9090));
  rig.set([one, two]);
  assertApplied(await rig.apply());
  await rig.restart();
  const { world } = harness.account();
  const open = () =>
    [...world.ec2.securityGroups.all()].flatMap(({ rules }) => [...rules.values()].map((rule) => JSON.stringify(rule)));
  return { harness, rig, one, two, world, open, at };
}

describe('a member whose source cannot be read', () => {
  for (const [way, make] of Object.entries(ways)) {
    it(`at ${way} loses nothing, whoever else changes; it goes when the source says so`, async (t) => {
      const { harness, rig, one, two, world, open, at } = await standing(t, make);
      const before = open();
      const { writes } = rig;
      rig.set([one], unread);
      assertApplied(await rig.apply());
      assert.equal(rig.writes, writes);
      const moved = withTargets(one, at(8090));
      rig.set([moved], unread);
      assertApplied(await rig.apply());
      for (const served of [moved, two]) await assertAnswers(harness, served);
      assert.deepEqual(
        before.filter((rule) => !open().includes(rule) && !rule.includes('"FromPort":8080,"ToPort":9090')),
        [],
      );
      assert.ok(open().some((rule) => rule.includes('"ToPort":9090')));
      rig.set([moved]);
      for (let run = 0; run < 2; run++) assertApplied(await rig.apply());
      assert.equal(world.elb.loadBalancers.size, 1);
      assert.equal(world.elb.targetGroups.size, 1);
      await assertAnswers(harness, moved);
      await assertQuiet(rig, harness);
      assert.ok(before.some((rule) => rule.includes('9090')) && !open().some((rule) => rule.includes('9090')));
    });
  }
});
