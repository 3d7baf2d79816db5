/** Where nothing may be deleted, a range and a certificate are not taken away either: others may be let in and served by them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from '../../../providers/awselb/kinds.ts';
import type { Observed, Policy, Resource } from '../../../src/model/index.ts';
import { plan } from '../../../src/plan/index.ts';
import { backend, service, target, tcp } from '../../front/make-service.ts';
import { converge } from './converge.ts';
import { desire, environment, find } from './desire.ts';

const base = { unit: 'edge/ingress/edge', serves: ['shop/web'], refs: {} };
const set = (...keys: readonly string[]) => new Map(keys.map((key) => [key, { attrs: {} }] as const));
const balancer: Resource = { ...base, kind: 'LoadBalancer', id: 'lb', attrs: { Name: 'lb' }, sets: {} };
const guard = (...ranges: readonly string[]): Resource => ({
  ...base,
  kind: 'SecurityGroup',
  id: 'sg',
  attrs: { GroupName: 'sg' },
  sets: { IpPermissions: set(...ranges) },
});
const listener = (...certificates: readonly string[]): Resource => ({
  ...base,
  kind: 'Listener',
  id: 'lb|443',
  attrs: { Port: 443, Place: 'lb:443' },
  refs: { LoadBalancerArn: 'lb' },
  sets: { Certificates: set(...certificates) },
});
const group = (...targets: readonly string[]): Resource => ({
  ...base,
  kind: 'TargetGroup',
  id: 'tg',
  attrs: { Name: 'tg' },
  sets: { Targets: set(...targets) },
});
const seen = (resource: Resource): Observed => ({ ...resource, handle: resource.id, owned: true, facts: {} });

const now = [balancer, guard('tcp 80', 'tcp 443'), listener('arn:a', 'arn:b'), group('10.0.0.1:80', '10.0.0.2:80')];
const next = [balancer, guard('tcp 443', 'tcp 8443'), listener('arn:b', 'arn:c'), group('10.0.0.2:80')];
const planned = (policy: Policy) => plan(kinds, next, now.map(seen), { policy, incomplete: () => false });
const steps = (policy: Policy) =>
  planned(policy).steps.map(({ op, kind, members = [] }) => `${op} ${kind} ${members.map(([key]) => key).join()}`);

describe('upsert-only', () => {
  it('adds ranges and certificates and takes none away; targets leave as ever', () => {
    assert.deepEqual(steps('upsert-only').sort(), [
      'add Listener arn:c',
      'add SecurityGroup tcp 8443',
      'remove TargetGroup 10.0.0.1:80',
    ]);
    assert.deepEqual(
      planned('upsert-only').refused.map(({ op, kind, why, by }) => `${op} ${kind} ${why} ${by}`),
      ['remove SecurityGroup policy upsert-only', 'remove Listener policy upsert-only'],
    );
  });

  it('is told from sync, which takes them', () => {
    assert.deepEqual(steps('sync').sort(), [
      'add Listener arn:c',
      'add SecurityGroup tcp 8443',
      'remove Listener arn:a',
      'remove SecurityGroup tcp 80',
      'remove TargetGroup 10.0.0.1:80',
    ]);
  });

  it('a range of ports that nodes and pods let in only grows', () => {
    const nodes = [9000, 8000].map((port) =>
      service(`shop/p${port}`, [tcp(port)], {
        backends: { web: backend({ protocol: 'tcp', targets: [target('10.0.0.1', port)] }) },
      }),
    );
    const NetworkInterfaces = [
      { NetworkInterfaceId: 'eni-1', PrivateIpAddresses: ['10.0.0.1'], SecurityGroups: ['sg-1'] },
    ];
    const wish = { environment: { ...environment, NetworkInterfaces } };
    const { cloud } = converge(nodes, wish);
    const range = (policy: Policy) => {
      const { attrs } = find(
        desire(nodes.slice(1), { ...wish, policy, present: cloud.observe() }).resources,
        'SecurityGroupRule',
      );
      return [attrs.FromPort, attrs.ToPort];
    };
    assert.deepEqual(
      [range('upsert-only'), range('sync')],
      [
        [8000, 9000],
        [8000, 8000],
      ],
    );
  });
});
