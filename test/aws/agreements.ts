/** What AWS, the strict fake and moto do alike: the claims that any endpoint which imitates AWS has to stand. */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import * as ec2 from '@aws-sdk/client-ec2';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import { type Claim, forward, pathIs, present, refuses } from './stage.ts';

export const agreements: readonly Claim[] = [
  {
    says: 'a network load balancer is made, becomes active, is found by name and goes',
    async check(stage) {
      const { LoadBalancerArn, LoadBalancerName = '' } = await stage.nlb({ Scheme: 'internal' });
      const look = () => stage.elb.send(new elb.DescribeLoadBalancersCommand({ Names: [LoadBalancerName] }));
      let found = (await look()).LoadBalancers?.[0];
      for (let i = 0; found?.State?.Code === 'provisioning' && i < 240; i++) {
        if (i > 3) await setTimeout(250);
        found = (await look()).LoadBalancers?.[0];
      }
      assert.equal(found?.State?.Code, 'active');
      assert.equal(found?.Scheme, 'internal');
      assert.equal(found?.Type, 'network');
      assert.equal(found?.VpcId, stage.place.vpc);
      assert.ok(found?.DNSName);
      assert.deepEqual(
        found?.AvailabilityZones?.map(({ SubnetId }) => SubnetId).sort(),
        [...stage.place.publicSubnets].sort(),
      );
      await stage.elb.send(new elb.DeleteLoadBalancerCommand({ LoadBalancerArn }));
      await refuses(look(), 'LoadBalancerNotFound');
      await stage.elb.send(new elb.DeleteLoadBalancerCommand({ LoadBalancerArn }));
    },
  },
  {
    says: 'a target group keeps its health check',
    async check(stage) {
      const TargetGroupArn = await stage.webGroup({
        HealthCheckPath: '/ready',
        HealthCheckIntervalSeconds: 15,
        Matcher: { HttpCode: '200-204' },
      });
      await stage.elb.send(new elb.ModifyTargetGroupCommand({ TargetGroupArn, HealthCheckPath: '/live' }));
      const { TargetGroups } = await stage.elb.send(
        new elb.DescribeTargetGroupsCommand({ TargetGroupArns: [TargetGroupArn] }),
      );
      const [found] = TargetGroups ?? [];
      assert.deepEqual(
        [
          found?.HealthCheckPath,
          found?.HealthCheckIntervalSeconds,
          found?.Matcher?.HttpCode,
          found?.TargetType,
          found?.HealthCheckPort,
        ],
        ['/live', 15, '200-204', 'ip', 'traffic-port'],
      );
    },
  },
  {
    says: 'a target group name of 33 characters is refused',
    check: (stage) => refuses(stage.group({ Name: 'a'.repeat(33) }), 'ValidationError'),
  },
  {
    says: 'a target group of the same name and another port is refused',
    async check(stage) {
      const Name = stage.name();
      await stage.group({ Name });
      await refuses(stage.group({ Name, Port: 81 }), 'DuplicateTargetGroupName');
    },
  },
  {
    says: 'attributes of target groups are set and read',
    async check(stage) {
      const TargetGroupArn = await stage.group();
      const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: '30' }];
      await stage.elb.send(new elb.ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }));
      const answer = await stage.elb.send(new elb.DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
      assert.equal(answer.Attributes?.find(({ Key }) => Key === 'deregistration_delay.timeout_seconds')?.Value, '30');
    },
  },
  {
    says: 'a listener forwards to its group, and the group knows its load balancer',
    async check(stage) {
      const { balancer, group, listener } = await stage.tcp();
      const { Listeners } = await stage.elb.send(new elb.DescribeListenersCommand({ LoadBalancerArn: balancer }));
      assert.deepEqual(
        Listeners?.map(({ ListenerArn, Port, Protocol }) => [ListenerArn, Port, Protocol]),
        [[listener, 80, 'TCP']],
      );
      const { TargetGroups } = await stage.elb.send(new elb.DescribeTargetGroupsCommand({ TargetGroupArns: [group] }));
      assert.deepEqual(TargetGroups?.[0]?.LoadBalancerArns, [balancer]);
    },
  },
  {
    says: 'a protocol that the load balancer does not speak is refused',
    async check(stage) {
      const { LoadBalancerArn } = await stage.alb();
      await refuses(stage.listener(LoadBalancerArn, await stage.group()), 'UnsupportedProtocol', 'ValidationError');
    },
  },
  {
    says: 'an unknown certificate is CertificateNotFound',
    async check(stage) {
      const { LoadBalancerArn } = await stage.alb();
      const CertificateArn = stage.certificate().replace(/.{12}$/, '000000000000');
      const call = stage.listener(LoadBalancerArn, await stage.webGroup(), {
        Protocol: 'HTTPS',
        Port: 443,
        Certificates: [{ CertificateArn }],
      });
      await refuses(call, 'CertificateNotFound');
    },
  },
  {
    says: 'a target group in use cannot be deleted, one out of use can',
    async check(stage) {
      const { group, listener } = await stage.tcp();
      const remove = () => stage.elb.send(new elb.DeleteTargetGroupCommand({ TargetGroupArn: group }));
      await refuses(remove(), 'ResourceInUse');
      await stage.elb.send(new elb.DeleteListenerCommand({ ListenerArn: listener }));
      await remove();
    },
  },
  {
    says: 'a weighted forward is kept with its weights',
    async check(stage) {
      const { listener, group } = await stage.web();
      const other = await stage.webGroup();
      const TargetGroups = [
        { TargetGroupArn: group, Weight: 9 },
        { TargetGroupArn: other, Weight: 0 },
      ];
      await stage.elb.send(
        new elb.ModifyListenerCommand({
          ListenerArn: listener,
          DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups } }],
        }),
      );
      const { Listeners } = await stage.elb.send(new elb.DescribeListenersCommand({ ListenerArns: [listener] }));
      assert.deepEqual(
        Listeners?.[0]?.DefaultActions?.[0]?.ForwardConfig?.TargetGroups?.map(({ TargetGroupArn, Weight }) => [
          TargetGroupArn,
          Weight,
        ]),
        [
          [group, 9],
          [other, 0],
        ],
      );
    },
  },
  {
    says: 'a rule is made, changed and deleted; a used priority is refused',
    async check(stage) {
      const { listener, group } = await stage.web();
      const rule = await stage.rule(listener, group, 7);
      await refuses(stage.rule(listener, group, 7, { Conditions: [pathIs('/other')] }), 'PriorityInUse');
      await stage.elb.send(
        new elb.ModifyRuleCommand({ RuleArn: rule, Conditions: [pathIs('/new')], Actions: forward(group) }),
      );
      const rules = async () =>
        (await stage.elb.send(new elb.DescribeRulesCommand({ ListenerArn: listener }))).Rules ?? [];
      assert.deepEqual(
        (await rules()).find(({ RuleArn }) => RuleArn === rule)?.Conditions?.[0]?.PathPatternConfig?.Values,
        ['/new'],
      );
      await stage.elb.send(new elb.DeleteRuleCommand({ RuleArn: rule }));
      assert.equal((await rules()).length, 1);
    },
  },
  {
    says: 'tags are set, read by ARN and by the tagging API, and removed',
    async check(stage) {
      const Key = `own-${stage.name()}`;
      const { LoadBalancerArn } = await stage.nlb({ Tags: [{ Key, Value: 'one' }] });
      const group = await stage.group();
      await stage.elb.send(new elb.AddTagsCommand({ ResourceArns: [group], Tags: [{ Key, Value: 'two' }] }));
      const answer = await stage.elb.send(new elb.DescribeTagsCommand({ ResourceArns: [LoadBalancerArn, group] }));
      assert.deepEqual(
        answer.TagDescriptions?.map(({ Tags }) => Tags?.find((tag) => tag.Key === Key)?.Value),
        ['one', 'two'],
      );
      const found = await stage.tagging.send(new GetResourcesCommand({ TagFilters: [{ Key, Values: ['two'] }] }));
      assert.deepEqual(
        found.ResourceTagMappingList?.map(({ ResourceARN }) => ResourceARN),
        [group],
      );
      await stage.elb.send(new elb.RemoveTagsCommand({ ResourceArns: [group], TagKeys: [Key] }));
      const after = await stage.elb.send(new elb.DescribeTagsCommand({ ResourceArns: [group] }));
      assert.deepEqual(after.TagDescriptions?.[0]?.Tags ?? [], []);
    },
  },
  {
    says: 'subnets are found by role tag, the seeding makes nothing twice',
    async check(stage) {
      const Filters = [
        { Name: 'vpc-id', Values: [stage.place.vpc] },
        { Name: 'tag:kubernetes.io/role/elb', Values: ['1', ''] },
      ];
      const { Subnets } = await stage.ec2.send(new ec2.DescribeSubnetsCommand({ Filters }));
      assert.deepEqual(Subnets?.map(({ SubnetId }) => SubnetId).sort(), [...stage.place.publicSubnets].sort());
      assert.equal(new Set(Subnets?.map(({ AvailabilityZone }) => AvailabilityZone)).size, 3);
    },
  },
  {
    says: 'security group rules are added, refused twice, and taken away',
    async check(stage) {
      const made = await stage.ec2.send(
        new ec2.CreateSecurityGroupCommand({ GroupName: stage.name(), Description: 'own', VpcId: stage.place.vpc }),
      );
      const GroupId = present(made.GroupId);
      const IpPermissions = [
        { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '10.0.0.0/8', Description: 'in' }] },
      ];
      await stage.ec2.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
      await refuses(
        stage.ec2.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions })),
        'InvalidPermission.Duplicate',
      );
      const look = async () =>
        (await stage.ec2.send(new ec2.DescribeSecurityGroupsCommand({ GroupIds: [GroupId] }))).SecurityGroups?.[0];
      assert.deepEqual(
        (await look())?.IpPermissions?.[0]?.IpRanges?.map(({ CidrIp, Description }) => [CidrIp, Description]),
        [['10.0.0.0/8', 'in']],
      );
      await stage.ec2.send(new ec2.RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
      assert.deepEqual((await look())?.IpPermissions, []);
      await stage.ec2.send(new ec2.DeleteSecurityGroupCommand({ GroupId }));
      await refuses(
        stage.ec2.send(new ec2.DescribeSecurityGroupsCommand({ GroupIds: [GroupId] })),
        'InvalidGroup.NotFound',
      );
    },
  },
  {
    says: 'instances are registered by id',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      const group = await stage.group({ TargetType: 'instance' });
      await stage.listener(LoadBalancerArn, group);
      const Targets = [{ Id: present(stage.place.instances[0]), Port: 30_080 }];
      await stage.elb.send(new elb.RegisterTargetsCommand({ TargetGroupArn: group, Targets }));
      assert.match((await stage.states(group)).join(), /^i-[0-9a-f]+:30080 /);
    },
  },
];
