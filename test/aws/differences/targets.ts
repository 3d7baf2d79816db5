/** Target groups and targets: what AWS does and moto 5.2.5 does not. */
import assert from 'node:assert/strict';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { accepts, type Claim, forward, present, refuses, type Stage } from '../stage.ts';

const register = (stage: Stage, TargetGroupArn: string, Targets: elb.TargetDescription[]) =>
  stage.elb.send(new elb.RegisterTargetsCommand({ TargetGroupArn, Targets }));
const deregister = (stage: Stage, TargetGroupArn: string, Targets: elb.TargetDescription[]) =>
  stage.elb.send(new elb.DeregisterTargetsCommand({ TargetGroupArn, Targets }));
const setAttribute = (stage: Stage, TargetGroupArn: string, Key: string, Value: string) =>
  stage.elb.send(new elb.ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes: [{ Key, Value }] }));
const owners = async (stage: Stage, group: string) =>
  (await stage.elb.send(new elb.DescribeTargetGroupsCommand({ TargetGroupArns: [group] }))).TargetGroups?.[0]
    ?.LoadBalancerArns;

const many = (count: number): elb.TargetDescription[] =>
  Array.from({ length: count }, (_, index) => ({ Id: `10.0.${128 + (index >> 8)}.${index & 255}`, Port: 8080 }));

export const targetClaims: readonly Claim[] = [
  {
    says: 'a create of the same name and settings answers the target group that is there',
    async check(stage) {
      const Name = stage.name();
      const first = await stage.group({ Name });
      assert.equal(await accepts(stage.group({ Name })), first);
    },
  },
  {
    says: 'QUIC is a protocol',
    check: async (stage) => void (await accepts(stage.group({ Protocol: 'QUIC', Port: 443 }))),
  },
  {
    says: 'TCP_QUIC is a protocol',
    check: async (stage) => void (await accepts(stage.group({ Protocol: 'TCP_QUIC', Port: 443 }))),
  },
  {
    says: 'an attribute that does not exist is refused',
    check: async (stage) =>
      refuses(
        setAttribute(stage, await stage.group(), 'nonsense.key', '1'),
        'ValidationError',
        'InvalidConfigurationRequest',
      ),
  },
  {
    says: 'a deregistration delay of 3600 is legal',
    check: async (stage) =>
      void (await accepts(setAttribute(stage, await stage.group(), 'deregistration_delay.timeout_seconds', '3600'))),
  },
  {
    says: 'the matcher of a TCP group with an HTTP check is kept when modified',
    async check(stage) {
      const TargetGroupArn = await stage.group({ HealthCheckProtocol: 'HTTP' });
      const answer = await stage.elb.send(
        new elb.ModifyTargetGroupCommand({ TargetGroupArn, Matcher: { HttpCode: '200-299' } }),
      );
      assert.equal(answer.TargetGroups?.[0]?.Matcher?.HttpCode, '200-299');
    },
  },
  {
    says: 'one address may be registered on two ports',
    async check(stage) {
      const { group } = await stage.tcp();
      await register(stage, group, [
        { Id: '10.0.128.7', Port: 80 },
        { Id: '10.0.128.7', Port: 81 },
      ]);
      assert.equal((await stage.states(group)).length, 2);
    },
  },
  {
    says: 'the zone of a target outside the VPC is answered',
    async check(stage) {
      const { group } = await stage.tcp();
      await register(stage, group, [{ Id: '192.168.7.7', Port: 80, AvailabilityZone: 'all' }]);
      const answer = await stage.elb.send(new elb.DescribeTargetHealthCommand({ TargetGroupArn: group }));
      assert.equal(answer.TargetHealthDescriptions?.[0]?.Target?.AvailabilityZone, 'all');
    },
  },
  ...(
    [
      ['what is no address is refused', 'not-an-ip', 'ip'],
      ['an address outside the VPC that is not private is refused', '8.8.8.8', 'ip'],
      ['an unknown instance is refused', 'i-00000000000000000', 'instance'],
    ] as const
  ).map(
    ([says, Id, TargetType]): Claim => ({
      says,
      check: async (stage) =>
        refuses(
          register(stage, await stage.group({ TargetType }), [{ Id, Port: 80 }]),
          'InvalidTarget',
          'ValidationError',
        ),
    }),
  ),
  {
    says: 'a target group holds at most 1000 targets',
    check: async (stage) => refuses(register(stage, await stage.group(), many(1001)), 'TooManyTargets'),
  },
  {
    says: 'a target is initial before it is healthy',
    async check(stage) {
      const { group } = await stage.tcp();
      await register(stage, group, [{ Id: '10.0.128.7', Port: 80 }]);
      const first = await stage.states(group);
      assert.deepEqual([first, await stage.states(group)], [['10.0.128.7:80 initial'], ['10.0.128.7:80 healthy']]);
    },
  },
  {
    says: 'a target of a group without a listener is unused',
    async check(stage) {
      const group = await stage.group();
      await register(stage, group, [{ Id: '10.0.128.7', Port: 80 }]);
      assert.deepEqual(await stage.states(group), ['10.0.128.7:80 unused']);
    },
  },
  {
    says: 'a deregistered target drains',
    async check(stage) {
      const { group } = await stage.tcp();
      await register(stage, group, [{ Id: '10.0.128.7', Port: 80 }]);
      await deregister(stage, group, [{ Id: '10.0.128.7', Port: 80 }]);
      assert.deepEqual(await stage.states(group), ['10.0.128.7:80 draining']);
    },
  },
  {
    says: 'deregistering looks at the port',
    async check(stage) {
      const group = await stage.group();
      await register(stage, group, [{ Id: '10.0.128.7', Port: 80 }]);
      await deregister(stage, group, [{ Id: '10.0.128.7', Port: 81 }]);
      assert.equal((await stage.states(group)).length, 1);
    },
  },
  {
    says: 'deregistering what is not registered is no error',
    check: async (stage) =>
      void (await accepts(deregister(stage, await stage.group(), [{ Id: '10.0.128.7', Port: 80 }]))),
  },
  {
    says: 'a target group belongs to one load balancer',
    async check(stage) {
      const { group } = await stage.tcp();
      const { LoadBalancerArn } = await stage.nlb();
      await refuses(stage.listener(LoadBalancerArn, group), 'TargetGroupAssociationLimit');
    },
  },
  {
    says: 'LoadBalancerArns shrinks when the listener goes',
    async check(stage) {
      const { group, listener, balancer } = await stage.tcp();
      assert.deepEqual(await owners(stage, group), [balancer]);
      await stage.elb.send(new elb.DeleteListenerCommand({ ListenerArn: listener }));
      assert.deepEqual(await owners(stage, group), []);
    },
  },
  {
    says: 'LoadBalancerArns names a load balancer once, however many rules use the group',
    async check(stage) {
      const { group, listener, balancer } = await stage.web();
      await stage.rule(listener, group, 1);
      assert.deepEqual(await owners(stage, group), [balancer]);
    },
  },
  {
    says: 'target groups come in pages',
    async check(stage) {
      await stage.group();
      await stage.group();
      const answer = await stage.elb.send(new elb.DescribeTargetGroupsCommand({ PageSize: 1 }));
      assert.equal(answer.TargetGroups?.length, 1);
      assert.ok(answer.NextMarker);
    },
  },
  {
    says: 'a create after a lost reply finds the same group again, used as it may be',
    async check(stage) {
      const Name = stage.name();
      const first = await stage.group({ Name });
      await stage.listener((await stage.nlb()).LoadBalancerArn, first);
      assert.equal(await accepts(stage.group({ Name })), first);
    },
  },
  {
    says: 'a weighted forward to six groups is refused',
    async check(stage) {
      const { listener } = await stage.web();
      const groups: string[] = [];
      for (let i = 0; i < 6; i++) groups.push(await stage.webGroup());
      const TargetGroups = groups.map((TargetGroupArn) => ({ TargetGroupArn, Weight: 1 }));
      const call = stage.elb.send(
        new elb.ModifyListenerCommand({
          ListenerArn: listener,
          DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups } }],
        }),
      );
      await refuses(call, 'TooManyActions', 'TooManyTargetGroups', 'ValidationError');
    },
  },
  {
    says: 'the protocols of listener and group must fit',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      const group = await stage.group({ Protocol: 'UDP' });
      const call = stage.elb.send(
        new elb.CreateListenerCommand({
          LoadBalancerArn,
          Protocol: 'TCP',
          Port: 53,
          DefaultActions: forward(present(group)),
        }),
      );
      await refuses(call, 'IncompatibleProtocols');
    },
  },
];
