/** A network load balancer without security groups is let in by its subnets, and clients by their addresses. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json } from '../../../src/model/index.ts';
import { awselbHarness } from '../../conformance/awselb-harness.ts';
import { assertApplied, assertQuiet } from '../../conformance/expect.ts';
import { Rig } from '../../conformance/rig.ts';
import { tcpService } from '../../conformance/services.ts';
import { tcp } from '../../front/make-service.ts';
import { environment } from './desire.ts';
import { type Made, made } from './made-nlb.ts';

const NetworkInterfaces = [{ PrivateIpAddresses: ['10.0.0.1'], SecurityGroups: ['sg-pods'] }];
const known = { ...environment, NetworkInterfaces };
const subnets = ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24'];

/** `tcp 8080 RANGE` of each rule. */
function rules(more: Made = {}, settings: Record<string, Json> = {}): readonly string[] {
  const { resources } = made({
    environment: known,
    ...more,
    settings: { scheme: 'internal', disableSecurityGroup: true, ...settings },
  });
  return resources
    .filter(({ kind }) => kind === 'SecurityGroupRule')
    .map(({ attrs: { GroupId, IpProtocol, FromPort, Cidr } }) => {
      assert.equal(GroupId, 'sg-pods');
      return `${String(IpProtocol)} ${String(FromPort)} ${String(Cidr)}`;
    })
    .sort();
}

const all = (protocol: string, port: number, ranges: readonly string[]) =>
  ranges.map((range) => `${protocol} ${port} ${range}`);

describe('a network load balancer without security groups', () => {
  it('reaches pods from its subnets, at the port of their checks too', () => {
    assert.deepEqual(rules(), all('tcp', 8080, subnets));
    assert.deepEqual(rules({ backend: { health: { type: 'http', port: 7000 } } }), [
      ...all('tcp', 7000, subnets),
      ...all('tcp', 8080, subnets),
    ]);
  });

  it('lets clients in where their addresses are preserved: who may come, else the VPC or all', () => {
    const kept = { targetGroup: { attributes: { 'preserve_client_ip.enabled': 'true' } } };
    assert.deepEqual(rules({}, kept), ['tcp 8080 10.0.0.0/16']);
    assert.deepEqual(rules({}, { ...kept, scheme: 'internet-facing' }), ['tcp 8080 0.0.0.0/0']);
    const fronts = [{ ...tcp(80), sourceRanges: ['192.0.2.0/24'] }];
    assert.deepEqual(rules({ fronts }, kept), [...all('tcp', 8080, [...subnets, '192.0.2.0/24'])].sort());
    const udp = [{ ...tcp(53), protocol: 'udp' as const }];
    assert.deepEqual(rules({ fronts: udp, backend: { protocol: 'udp' } }), [
      ...all('tcp', 8080, subnets),
      'udp 8080 10.0.0.0/16',
    ]);
  });

  it('opens nothing where nobody wants that, or others have opened it', () => {
    assert.deepEqual(rules({}, { manageBackendRules: false }), []);
    assert.deepEqual(rules({ options: { manageBackendRules: false } }), []);
    const Open = all('tcp', 8080, subnets.slice(1)).map((one) => one.replace(/^(\w+) (\d+) /, '$1|$2|$2|'));
    const SecurityGroups = [{ GroupId: 'sg-pods', Open }];
    assert.deepEqual(rules({ environment: { ...known, SecurityGroups } }), ['tcp 8080 10.0.0.0/24']);
  });

  it('tells of a target that nothing can be opened for', () => {
    const other = [{ PrivateIpAddresses: ['10.0.0.9'], SecurityGroups: ['sg-pods'] }];
    const { problems } = made({
      environment: { ...environment, NetworkInterfaces: other },
      settings: { scheme: 'internal', disableSecurityGroup: true },
    });
    assert.ok(problems.some(({ code, value }) => code === 'W_FEATURE' && value === '10.0.0.1'));
  });

  it('opens, is quiet, and closes again in the account', async (t) => {
    const harness = awselbHarness(t.name, {}, () => ({}));
    const rig = await Rig.open(harness);
    t.after(() => rig.close());
    const { world } = harness.account();
    const machines = [...world.ec2.instances.all()];
    const targets = machines.map(({ PrivateIpAddress }) => ({
      address: PrivateIpAddress,
      port: 8080,
      weight: 100,
      state: 'ready' as const,
    }));
    const opened = () =>
      [...world.ec2.securityGroups.all()].flatMap(({ GroupName, rules: list }) =>
        GroupName !== 'test-nodes'
          ? []
          : [...list.values()].flatMap(({ IsEgress, CidrIpv4, FromPort }) =>
              IsEgress || CidrIpv4 === undefined ? [] : [`${FromPort} ${CidrIpv4}`],
            ),
      );
    const before = opened();
    const plain = tcpService('shop/web', 9000, targets);
    const web = { ...plain, settings: { awselb: { disableSecurityGroup: true } } };
    rig.set([web]);
    assertApplied(await rig.apply());
    const used = [...world.elb.loadBalancers.all()].flatMap(({ zones }) => zones);
    const now = opened().filter((one) => !before.includes(one));
    assert.ok(now.length > 0 && now.length === used.length && now.every((one) => one.startsWith('8080 ')), now.join());
    await assertQuiet(rig, harness);
    await rig.restart();
    await assertQuiet(rig, harness);
    rig.set([]);
    assertApplied(await rig.apply());
    assert.deepEqual(opened(), before);
    rig.set([web]);
    assertApplied(await rig.apply());
    assertApplied(await rig.destroy());
    assert.deepEqual(opened(), before);
  });

  it('with them: the group that all share goes in the same run as the last of them', async (t) => {
    const harness = awselbHarness(t.name, {}, () => ({}));
    const rig = await Rig.open(harness);
    t.after(() => rig.close());
    rig.set([tcpService('shop/web', 9000, await harness.targets(1))]);
    assertApplied(await rig.apply());
    const groups = () => [...harness.account().world.ec2.securityGroups.all()].map(({ GroupName }) => GroupName);
    assert.ok(
      groups().some((name) => name.startsWith('k8s-traffic-')),
      groups().join(),
    );
    rig.set([]);
    assertApplied(await rig.apply());
    assert.ok(!groups().some((name) => name.startsWith('k8s-')), groups().join());
  });
});
