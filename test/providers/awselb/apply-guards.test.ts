import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { callsOf } from '../../../providers/awselb/apply.ts';
import { type Step, WeirError } from '../../../src/model/index.ts';
import { backend, http, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { acl, byClass, Stage } from './apply-stage.ts';

const bare = { n: 1, unit: 'edge/u', serves: [], why: 'test', after: [] };

function app(stage: Stage, settings: Readonly<Record<string, string | boolean>>) {
  const targets = stage.place.nodeAddresses.map((address) => target(address, 8080));
  return service('shop/app', [http([route(['a.test'], prefix('/'))])], {
    backends: { web: backend({ targets }) },
    settings: { awselb: settings },
  });
}

describe('apply: what guards a load balancer, and what it reserves', () => {
  it('a protection goes with its load balancer', async (t) => {
    const stage = new Stage();
    t.after(() => stage.close());
    await stage.converge([app(stage, { shield: true })]);
    assert.equal(stage.aws.world.protections.size, 1);
    await stage.converge([], { counted: false });
    assert.equal(stage.aws.world.protections.size, 0);
  });

  it('a protection that cannot be taken away keeps its load balancer, so that it is not forgotten', async (t) => {
    const stage = new Stage();
    t.after(() => stage.close());
    await stage.converge([app(stage, { shield: true })]);
    const effect = { kind: 'error', code: 'ResourceInUseException' } as const;
    const allow = stage.aws.faults.add({ effect, action: 'DeleteProtection' });
    await assert.rejects(stage.converge([], { counted: false }));
    assert.deepEqual([stage.aws.world.protections.size, [...stage.aws.world.elb.loadBalancers.all()].length], [1, 1]);
    allow();
    await stage.converge([], { counted: false });
    assert.deepEqual([stage.aws.world.protections.size, [...stage.aws.world.elb.loadBalancers.all()].length], [0, 0]);
  });

  it('a web ACL waits for a load balancer that WAF does not see yet', async (t) => {
    const stage = new Stage();
    t.after(() => stage.close());
    const effect = { kind: 'error', code: 'WAFUnavailableEntityException' } as const;
    stage.aws.faults.add({ effect, action: 'AssociateWebACL', times: 2 });
    await stage.converge([app(stage, { wafv2Acl: 'shop' })]);
    assert.deepEqual([...stage.aws.world.webAclOf.values()], [acl]);
    assert.equal(stage.aws.journal.of('AssociateWebACL').length, 3);
  });

  it('capacity that is refused while the load balancer is set up is asked for again later', async (t) => {
    const stage = new Stage();
    t.after(() => stage.close());
    const targets = stage.place.nodeAddresses.map((address) => target(address, 8080));
    const web = service('shop/web', [tcp(80)], {
      backends: { web: backend({ protocol: 'tcp', targets }) },
      settings: { awselb: {} },
    });
    await stage.converge([web]);
    const lb = stage.known.all().find(({ kind }) => kind === 'LoadBalancer');
    assert.ok(lb !== undefined);
    const effect = {
      kind: 'error',
      code: 'OperationNotPermitted',
      message: 'The load balancer is not active',
    } as const;
    stage.aws.faults.add({ effect, action: 'ModifyCapacityReservation', times: 2 });
    const attrs = { MinimumLoadBalancerCapacity: { CapacityUnits: 500 } };
    const step: Step = { ...bare, op: 'update', kind: 'LoadBalancer', id: lb.id, handle: lb.handle, attrs };
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => 'done',
        (error: unknown) => (error instanceof WeirError ? error.code : String(error)),
      );
    assert.equal(await codeOf(stage.run(step)), 'E_APPLY');
    stage.known.put({ ...lb, facts: { state: 'active' } });
    assert.equal(await codeOf(stage.run(step)), 'E_CLOUD_REFUSED');
    assert.equal(await codeOf(stage.run(step)), 'done');
  });

  it('one more security group joins those that are there; a description changes in place', async (t) => {
    const stage = new Stage();
    t.after(() => stage.close());
    await stage.converge([app(stage, {})]);
    const find = (kind: string, end = '') =>
      stage.known.all().find((one) => one.kind === kind && one.id.endsWith(end)) ?? assert.fail(kind);
    const lb = find('LoadBalancer');
    const group = find('SecurityGroup', '|sg');
    const set = 'IpPermissions';
    const members = [['tcp|80|80|0.0.0.0/0', { attrs: { Description: 'everybody' } }]] as const;
    const told: Step = { ...bare, op: 'set', kind: 'SecurityGroup', id: group.id, handle: group.handle, set, members };
    assert.deepEqual(await stage.calls(told), ['UpdateSecurityGroupRuleDescriptionsIngress']);
    const rules = [...(stage.aws.world.ec2.securityGroups.truly(group.handle)?.rules.values() ?? [])];
    assert.deepEqual(
      rules.flatMap(({ IsEgress, Description }) => (IsEgress ? [] : [Description])),
      ['everybody'],
    );
    const [balancer] = [...stage.aws.world.elb.loadBalancers.all()];
    const before = [...(balancer?.securityGroups ?? [])];
    const more: Step = {
      ...bare,
      op: 'add',
      kind: 'LoadBalancer',
      id: lb.id,
      handle: lb.handle,
      set: 'ManagedSecurityGroups',
      members: [[stage.place.nodeGroup, { attrs: {} }]],
    };
    assert.deepEqual(await stage.calls(more), ['SetSecurityGroups']);
    assert.deepEqual([...(balancer?.securityGroups ?? [])].sort(), [...before, stage.place.nodeGroup].sort());
  });

  it('the pool of customer-owned addresses cannot change, and says what to do', async (t) => {
    const stage = new Stage();
    t.after(() => stage.close());
    await stage.converge([app(stage, {})]);
    const lb = stage.known.all().find(({ kind }) => kind === 'LoadBalancer');
    assert.ok(lb !== undefined);
    const attrs = { CustomerOwnedIpv4Pool: 'ipv4pool-coip-1' };
    const step: Step = { ...bare, op: 'update', kind: 'LoadBalancer', id: lb.id, handle: lb.handle, attrs };
    await assert.rejects(stage.run(step), { code: 'E_CLOUD_REFUSED' });
  });
});

describe('what a step costs', () => {
  const costs: readonly (readonly [string, Partial<Step> & Pick<Step, 'op' | 'kind'>, readonly string[]])[] = [
    ['a wait', { op: 'wait', kind: 'TargetGroup' }, []],
    ['a target group of somebody else', { op: 'create', kind: 'TargetGroup', attrs: { Foreign: true } }, []],
    [
      'a target group as AWS makes it',
      { op: 'create', kind: 'TargetGroup', attrs: { Name: 'a', 'proxy_protocol_v2.enabled': 'false' } },
      ['CreateTargetGroup'],
    ],
    [
      'a target group with attributes',
      { op: 'create', kind: 'TargetGroup', attrs: { Name: 'a', 'stickiness.enabled': 'true' } },
      ['CreateTargetGroup', 'ModifyTargetGroupAttributes'],
    ],
    [
      '201 targets',
      {
        op: 'remove',
        kind: 'TargetGroup',
        set: 'Targets',
        members: Array.from({ length: 201 }, (_, i) => [`10.0.0.${i}:80`, null] as const),
      },
      ['DeregisterTargets', 'DeregisterTargets'],
    ],
    [
      'tags that come and go',
      {
        op: 'set',
        kind: 'Rule',
        set: 'Tags',
        members: [
          ['a', { attrs: { Value: '1' } }],
          ['b', null],
        ],
      },
      ['AddTags', 'RemoveTags'],
    ],
    [
      'subnets and address type',
      {
        op: 'update',
        kind: 'LoadBalancer',
        attrs: { SubnetMappings: [{ SubnetId: 's' }], IpAddressType: 'dualstack' },
      },
      ['SetSubnets'],
    ],
    [
      'no protection any more',
      { op: 'update', kind: 'LoadBalancer', attrs: { ShieldProtection: false } },
      ['DescribeProtection', 'DeleteProtection'],
    ],
    [
      'any number of priorities',
      {
        op: 'order',
        kind: 'Rule',
        ranks: [
          ['r1', 1],
          ['r2', 2],
        ],
      },
      ['SetRulePriorities'],
    ],
    [
      'a listener that nothing is ready for yet',
      {
        op: 'create',
        kind: 'Listener',
        attrs: { Port: 80, Protocol: 'TCP' },
        refs: { LoadBalancerArn: 1, TargetGroupArn: 2 },
      },
      ['CreateListener'],
    ],
  ];
  for (const [name, step, calls] of costs) {
    it(name, () => {
      assert.deepEqual({ ...callsOf({ ...bare, id: 'x', ...step }) }, byClass(calls));
    });
  }
});
