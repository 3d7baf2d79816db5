/** A load balancer that nobody asks for and that its deletion protection keeps: it serves on, and its targets let it in. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExportedService, Observed } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertApplied } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { tcpService } from '../../conformance/services.ts';
import { service, target, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire, environment, planned } from './desire.ts';
import { behind } from './made-nlb.ts';

const eni = (address: string) => ({ PrivateIpAddresses: [address], SecurityGroups: ['sg-pods'] });
const known = { ...environment, NetworkInterfaces: [eni('10.0.0.1'), eni('10.0.0.2')] };
const at = (name: string, address: string, port: number, isGuarded = false) =>
  service(`shop/${name}`, [tcp(80)], {
    backends: { web: behind({ targets: [target(address, port)] }) },
    settings: { awselb: isGuarded ? { attributes: { 'deletion_protection.enabled': 'true' } } : {} },
  });
const web = at('web', '10.0.0.1', 8080);

function portsAfter(services: readonly ExportedService[], present: readonly Observed[], options: object) {
  const { resources } = desire(services, { environment: known, present, options });
  const { steps } = planned(resources, present);
  return {
    ports: resources.flatMap(({ kind, attrs }) =>
      kind === 'SecurityGroupRule' ? [[attrs.FromPort, attrs.ToPort]] : [],
    ),
    shared: steps.flatMap(({ op, kind, unit }) => (unit.endsWith('/backend') ? [`${op} ${kind}`] : [])),
  };
}

describe('rules that let a load balancer in that nobody asks for', () => {
  for (const [title, options] of [
    ['the group of the cluster', {}],
    ['a group that is given', { backendSecurityGroup: 'sg-given' }],
  ] as const) {
    it(`stay for ${title} while the load balancer is guarded, and go where it goes`, () => {
      const present = (isGuarded: boolean) =>
        converge([web, at('db', '10.0.0.2', 5432, isGuarded)], { environment: known, options }).cloud.observe();
      assert.deepEqual(portsAfter([web], present(true), options), { ports: [[5432, 8080]], shared: [] });
      assert.deepEqual(portsAfter([], present(true), options).ports, [[5432, 5432]]);
      assert.deepEqual(portsAfter([web], present(false), options).ports, [[8080, 8080]]);
    });
  }

  for (const given of [false, true]) {
    it(`are kept off a destroy at once with their group${given ? ', also one that is given' : ''}, until the guard is off`, async (t) => {
      let nodes = '';
      const harness = awselbHarness(t.name, {}, () => (given ? { backendSecurityGroup: nodes } : {}));
      const rig = await Rig.open(harness);
      t.after(() => rig.close());
      const { world } = harness.account();
      const machines = [...world.ec2.instances.all()];
      const [group] = [...world.ec2.securityGroups.all()].filter(({ GroupName }) => GroupName === 'test-nodes');
      assert.ok(group !== undefined && machines.length > 0);
      nodes = group.GroupId;
      const targets = machines.map(({ PrivateIpAddress }) => ({
        address: PrivateIpAddress,
        port: 8080,
        weight: 100,
        state: 'ready' as const,
      }));
      rig.set([tcpService('shop/db', 80, targets)]);
      assertApplied(await rig.apply());
      const inside = () => [...group.rules.values()].filter(({ IsEgress }) => !IsEgress).length;
      assert.equal(inside(), 1);
      const [balancer] = [...world.elb.loadBalancers.all()];
      balancer?.attributes.set('deletion_protection.enabled', 'true');
      await harness.clock?.sleep(60_000);
      await rig.restart();
      const writes = rig.writes;
      const { failed } = await rig.destroy();
      assert.deepEqual([...new Set(failed.map(({ code }) => code))], ['E_HELD']);
      assert.deepEqual([rig.writes - writes, inside(), world.elb.loadBalancers.size], [0, 1, 1]);
      balancer?.attributes.set('deletion_protection.enabled', 'false');
      await harness.clock?.sleep(60_000);
      await rig.restart();
      for (let run = 0; run < 2; run++) assertApplied(await rig.destroy());
      assert.deepEqual([inside(), world.elb.loadBalancers.size], [0, 0]);
    });
  }
});
