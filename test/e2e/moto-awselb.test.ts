import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { findMoto, type Moto, startMoto } from '../../localstack/moto.mjs';
import { type Surroundings, seedAccount } from '../../localstack/seed.ts';
import { awselb } from '../../providers/awselb/index.ts';
import type { ExportedService, Target } from '../../src/model/index.ts';
import { assertApplied, assertConverged, assertQuiet } from '../conformance/expect.ts';
import type { Harness } from '../conformance/harness.ts';
import { Rig } from '../conformance/rig.ts';
import { httpService, onPort, tcpService, withTargets } from '../conformance/services.ts';

const found = findMoto();
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'eu-west-1';

/**
 * A second, independent opinion: moto knows nothing of us. What it gets wrong stands in localstack/known-differences.md, and is left out:
 * states of targets and load balancers, names that are taken, orders of rules that swap, a target that drains.
 */
describe('awselb on moto', { skip: found.missing ?? false }, () => {
  let moto: Moto | undefined;
  let place: Surroundings;
  let addresses = 0;
  const targets = (count: number): readonly Target[] =>
    Array.from({ length: count }, () => ({
      address: `10.0.200.${++addresses}`,
      port: 80,
      weight: 100,
      state: 'ready' as const,
    }));
  before(async () => {
    if (found.missing === undefined) moto = await startMoto(found.command);
  });
  after(() => moto?.stop());

  const harness: Harness = {
    provider: awselb({ credentials }),
    options: () => ({ clusterName: 'test', region, vpcId: place.vpc, endpoint: moto?.url }),
    async reset() {
      assert.ok(moto);
      await fetch(`${moto.url}/moto-api/reset`, { method: 'POST' });
      place = await seedAccount({ region, endpoint: moto.url, credentials });
    },
    port: async () => 80,
    targets: async (count) => targets(count),
  };
  const on = async (run: (rig: Rig) => Promise<void>): Promise<void> => {
    const rig = await Rig.open(harness);
    try {
      await run(rig);
    } finally {
      await rig.close();
    }
  };
  const reach = async (rig: Rig, services: readonly ExportedService[]): Promise<void> => {
    rig.set(services);
    assertApplied(await rig.apply());
    await assertConverged(rig, harness);
  };

  it('makes load balancers of both types, and a second run and a new process write nothing', () =>
    on(async (rig) => {
      await reach(rig, [tcpService('shop/db', 81, targets(2)), httpService('shop/web', 80, targets(2))]);
      await assertQuiet(rig, harness);
    }));

  it('knows the rules again that let it in at nodes, and takes them away', () =>
    on(async (rig) => {
      assert.ok(moto);
      const client = new EC2Client({ region, endpoint: moto.url, credentials });
      const { Reservations = [] } = await client.send(
        new DescribeInstancesCommand({ InstanceIds: [...place.instances] }),
      );
      client.destroy();
      const nodes = Reservations.flatMap(({ Instances = [] }) => Instances).map(
        ({ PrivateIpAddress: address = '' }): Target => ({ address, port: 80, weight: 100, state: 'ready' }),
      );
      await reach(rig, [tcpService('shop/db', 81, nodes)]);
      const rules = (await rig.observe()).filter(({ kind, owned }) => owned && kind === 'SecurityGroupRule');
      assert.equal(rules.length, 1);
      await assertQuiet(rig, harness);
      assertApplied(await rig.destroy());
      const left = (await rig.observe()).filter(({ owned }) => owned);
      assert.deepEqual(left, []);
    }));

  it('follows targets, ports and services that come and go, and takes all of its own away', () =>
    on(async (rig) => {
      const [db, web] = [tcpService('shop/db', 81, targets(2)), httpService('shop/web', 80, targets(1))];
      await reach(rig, [db, web]);
      await reach(rig, [withTargets(db, targets(3)), web]);
      await reach(rig, [onPort(db, 82), web]);
      await reach(rig, [web]);
      assertApplied(await rig.destroy());
      assert.deepEqual(
        (await rig.observe()).filter(({ owned }) => owned),
        [],
      );
    }));
});
