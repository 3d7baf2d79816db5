import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { service, target, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { environment, find, told } from './desire.ts';
import { behind, made } from './made-nlb.ts';

describe('security groups of a network load balancer', () => {
  it('lets in who may come, and needs dualstack for IPv6', () => {
    const ranges = { fronts: [{ ...tcp(80), sourceRanges: ['10.0.0.0/8', '2001:db8::/32'] }] };
    assert.deepEqual(told(made(ranges)), ['E_FEATURE shop/web fronts[0].sourceRanges 2001:db8::/32']);
    const dual = made({
      ...ranges,
      settings: { ipAddressType: 'dualstack', prefixLists: ['pl-1'], icmpForPathMtuDiscovery: 'on' },
    });
    const rules = [...(find(dual.resources, 'SecurityGroup', 'shop').sets.IpPermissions?.keys() ?? [])];
    assert.deepEqual(rules, [
      'tcp|80|80|10.0.0.0/8',
      'tcp|80|80|2001:db8::/32',
      'tcp|80|80|pl-1',
      'icmp|3|4|10.0.0.0/8',
      'icmpv6|2|0|2001:db8::/32',
    ]);
    assert.deepEqual(
      find(made({ settings: { disableSecurityGroup: true } }).resources, 'LoadBalancer').attrs.SecurityGroups,
      [],
    );
  });

  it('has more security groups before one is full, and joins ranges then', () => {
    const many = (count: number, step: number) =>
      Array.from({ length: count }, (_, i) => `10.${Math.floor((i * step) / 256)}.${(i * step) % 256}.0/24`);
    const groups = (list: string[]) =>
      made({ fronts: [{ ...tcp(80), sourceRanges: list }] })
        .resources.filter(({ kind, id }) => kind === 'SecurityGroup' && id !== 'backend')
        .map(({ sets }) => sets.IpPermissions?.size);
    assert.deepEqual(groups(many(60, 2)), [60]);
    assert.deepEqual(groups(many(130, 2)), [60, 60, 10]);
    assert.deepEqual(groups(many(128, 1)), [1]);
    assert.deepEqual(told(made({ fronts: [{ ...tcp(80), sourceRanges: many(300, 2) }] })), [
      'E_QUOTA shop/web sourceRanges 300',
    ]);
  });

  it('moves no rule from one security group to another', () => {
    const ranges = Array.from({ length: 130 }, (_, i) => `10.${Math.floor(i / 100)}.${(i % 100) * 2}.0/24`);
    const guarded = (sourceRanges: readonly string[]) =>
      service('shop/web', [{ ...tcp(80), sourceRanges }], { backends: { web: behind() } });
    const { cloud } = converge([guarded(ranges)]);
    cloud.tick();
    const { plans } = converge([guarded([...ranges.slice(1), '172.16.0.0/12'])], {}, { cloud });
    const changed = plans.flatMap(({ steps }) => steps.map(({ op, members }) => [op, members?.map(([key]) => key)]));
    assert.deepEqual(changed.sort(), [
      ['add', ['tcp|80|80|172.16.0.0/12']],
      ['remove', ['tcp|80|80|10.0.0.0/24']],
    ]);
  });

  it('opens the groups of nodes and pods to the back-end group', () => {
    const eni = (address: string, groups: string[]) => ({ PrivateIpAddresses: [address], SecurityGroups: groups });
    const NetworkInterfaces = [eni('10.0.0.1', ['sg-pods']), eni('10.0.0.2', ['sg-a', 'sg-b'])];
    const SecurityGroups = [{ GroupId: 'sg-b', Tags: { 'kubernetes.io/cluster/cluster-name': 'owned' } }];
    const { resources } = made({
      backend: { targets: [target('10.0.0.1', 8080), target('10.0.0.2', 9090)], health: { type: 'http', port: 7000 } },
      environment: { ...environment, NetworkInterfaces, SecurityGroups },
    });
    const rules = resources
      .filter(({ kind }) => kind === 'SecurityGroupRule')
      .map(({ attrs, refs }) => [attrs.GroupId, attrs.FromPort, attrs.ToPort, refs.Source]);
    assert.deepEqual(rules, [
      ['sg-pods', 7000, 8080, 'backend'],
      ['sg-b', 7000, 9090, 'backend'],
    ]);
  });

  it('tells of targets that no interface of the VPC has', () => {
    const NetworkInterfaces = [{ PrivateIpAddresses: ['10.0.0.1'], SecurityGroups: ['sg-pods'] }];
    const told = (address: string, interfaces = NetworkInterfaces) =>
      made({
        backend: { targets: [target('10.0.0.1', 8080), target(address, 8080)] },
        environment: { ...environment, NetworkInterfaces: interfaces },
      }).problems.map(({ code, severity, value }) => [code, severity, value]);
    assert.deepEqual(told('10.0.0.9'), [['W_FEATURE', 'warning', '10.0.0.9']]);
    assert.deepEqual(told('10.0.0.1'), []);
    assert.deepEqual(told('10.0.0.9', []), []);
  });

  it('opens them to a back-end group that is given, and closes nothing while a target is unknown', () => {
    const eni = (address: string, group: string) => ({ PrivateIpAddresses: [address], SecurityGroups: [group] });
    const known = { ...environment, NetworkInterfaces: [eni('10.0.0.1', 'sg-a'), eni('10.0.0.2', 'sg-b')] };
    const given = made({ environment: known, options: { backendSecurityGroup: 'sg-given' } });
    assert.deepEqual(find(given.resources, 'LoadBalancer').attrs.SecurityGroups, ['sg-given']);
    assert.equal(find(given.resources, 'SecurityGroupRule').attrs.SourceGroupId, 'sg-given');
    const at = (address: string) =>
      service('shop/web', [tcp(80)], { backends: { web: behind({ targets: [target(address, 8080)] }) } });
    const { cloud } = converge([at('10.0.0.1')], { environment: known });
    cloud.tick();
    const rules = (address: string) =>
      converge([at(address)], { environment: known }, { cloud })
        .cloud.observe()
        .filter(({ kind }) => kind === 'SecurityGroupRule')
        .map(({ attrs }) => attrs.GroupId);
    assert.deepEqual(rules('10.0.0.3'), ['sg-a']);
    assert.deepEqual(rules('10.0.0.2'), ['sg-b']);
  });
});
