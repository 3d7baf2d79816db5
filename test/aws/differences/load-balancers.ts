/** Load balancers: what AWS does and moto 5.2.5 does not. */
import assert from 'node:assert/strict';
import {
  AllocateAddressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
} from '@aws-sdk/client-ec2';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { accepts, type Claim, present, refuses } from '../stage.ts';

let ownSubnets = 0;

const attributeOf = (answer: { Attributes?: elb.LoadBalancerAttribute[] | undefined }, key: string) =>
  answer.Attributes?.find(({ Key }) => Key === key)?.Value;

export const loadBalancerClaims: readonly Claim[] = [
  {
    says: 'a create of the same name and settings answers the load balancer that is there',
    async check(stage) {
      const Name = stage.name();
      const first = await stage.nlb({ Name });
      assert.equal((await accepts(stage.nlb({ Name }))).LoadBalancerArn, first.LoadBalancerArn);
    },
  },
  {
    says: 'a create of the same name and another scheme is DuplicateLoadBalancerName',
    async check(stage) {
      const Name = stage.name();
      await stage.nlb({ Name });
      await refuses(stage.nlb({ Name, Scheme: 'internal' }), 'DuplicateLoadBalancerName');
    },
  },
  {
    says: 'a name of 40 characters is refused',
    check: (stage) => refuses(stage.nlb({ Name: 'a'.repeat(40) }), 'ValidationError'),
  },
  {
    says: 'a name with an underscore is refused',
    check: (stage) => refuses(stage.nlb({ Name: `${stage.name()}_x` }), 'ValidationError'),
  },
  {
    says: 'a name that begins with internal- is refused',
    check: (stage) => refuses(stage.nlb({ Name: `internal-${stage.name()}` }), 'ValidationError'),
  },
  {
    says: 'the ARN of a network load balancer says net, that of a gateway one gwy',
    async check(stage) {
      assert.match((await stage.nlb()).LoadBalancerArn, /:loadbalancer\/net\//);
      const gateway = await stage.balancer({ Type: 'gateway', Subnets: [present(stage.place.publicSubnets[0])] });
      assert.match(gateway.LoadBalancerArn, /:loadbalancer\/gwy\//);
    },
  },
  {
    says: 'the scheme is internet-facing when none is said',
    check: async (stage) => assert.equal((await stage.nlb()).Scheme, 'internet-facing'),
  },
  {
    says: 'an ALB needs two subnets',
    check: (stage) => refuses(stage.alb({ Subnets: stage.place.publicSubnets.slice(0, 1) }), 'ValidationError'),
  },
  {
    says: 'two subnets of one zone are refused',
    check: (stage) =>
      refuses(
        stage.alb({ Subnets: [present(stage.place.publicSubnets[0]), present(stage.place.privateSubnets[0])] }),
        'InvalidConfigurationRequest',
      ),
  },
  {
    says: 'dualstack needs subnets with IPv6',
    async check(stage) {
      const CidrBlock = `10.0.97.${16 * (ownSubnets++ % 16)}/28`;
      const made = await stage.ec2.send(new CreateSubnetCommand({ VpcId: stage.place.vpc, CidrBlock }));
      const call = stage.nlb({ IpAddressType: 'dualstack', Subnets: [present(made.Subnet?.SubnetId)] });
      await refuses(call, 'ValidationError', 'InvalidSubnet', 'InvalidConfigurationRequest');
    },
  },
  {
    says: 'an unknown security group is refused',
    check: (stage) => refuses(stage.alb({ SecurityGroups: ['sg-00000000000000000'] }), 'InvalidSecurityGroup'),
  },
  {
    says: 'an ALB without security groups gets the default one of its VPC',
    async check(stage) {
      const { SecurityGroups } = await stage.balancer({ Type: 'application' });
      assert.equal(SecurityGroups?.length, 1);
    },
  },
  {
    says: 'an ALB may be dualstack-without-public-ipv4',
    check: async (stage) => {
      await accepts(stage.alb({ IpAddressType: 'dualstack-without-public-ipv4' }));
    },
  },
  {
    says: 'elastic addresses of subnet mappings are answered by zone',
    async check(stage) {
      const { AllocationId } = await stage.ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
      const { AvailabilityZones } = await stage.nlb({
        SubnetMappings: [{ SubnetId: present(stage.place.publicSubnets[0]), AllocationId: present(AllocationId) }],
      });
      assert.equal(AvailabilityZones?.[0]?.LoadBalancerAddresses?.[0]?.AllocationId, AllocationId);
    },
  },
  {
    says: 'private addresses of subnet mappings are answered by zone',
    async check(stage) {
      const SubnetId = present(stage.place.privateSubnets[0]);
      const { AvailabilityZones } = await stage.nlb({
        Scheme: 'internal',
        SubnetMappings: [{ SubnetId, PrivateIPv4Address: '10.0.143.7' }],
      });
      assert.equal(AvailabilityZones?.[0]?.LoadBalancerAddresses?.[0]?.PrivateIPv4Address, '10.0.143.7');
    },
  },
  {
    says: 'EnablePrefixForIpv6SourceNat is answered',
    async check(stage) {
      const { EnablePrefixForIpv6SourceNat } = await stage.nlb({
        IpAddressType: 'dualstack',
        EnablePrefixForIpv6SourceNat: 'on',
      });
      assert.equal(EnablePrefixForIpv6SourceNat, 'on');
    },
  },
  {
    says: 'SetSubnets may leave a network load balancer one subnet',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      await accepts(
        stage.elb.send(new elb.SetSubnetsCommand({ LoadBalancerArn, Subnets: stage.place.publicSubnets.slice(0, 1) })),
      );
    },
  },
  {
    says: 'a network load balancer made without security groups never gets any',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      const call = stage.elb.send(
        new elb.SetSecurityGroupsCommand({ LoadBalancerArn, SecurityGroups: [stage.place.nodeGroup] }),
      );
      await refuses(call, 'InvalidConfigurationRequest');
    },
  },
  {
    says: 'EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic is answered',
    async check(stage) {
      const SecurityGroups = [stage.place.nodeGroup];
      const { LoadBalancerArn } = await stage.nlb({ SecurityGroups });
      const answer = await stage.elb.send(
        new elb.SetSecurityGroupsCommand({
          LoadBalancerArn,
          SecurityGroups,
          EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'off',
        }),
      );
      assert.equal(answer.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic, 'off');
    },
  },
  {
    says: 'an ALB has its attributes with their defaults',
    async check(stage) {
      const { LoadBalancerArn } = await stage.alb();
      const answer = await stage.elb.send(new elb.DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }));
      assert.equal(attributeOf(answer, 'idle_timeout.timeout_seconds'), '60');
      assert.equal(attributeOf(answer, 'routing.http.desync_mitigation_mode'), 'defensive');
    },
  },
  ...(
    [
      ['values of attributes are checked', { Key: 'idle_timeout.timeout_seconds', Value: 'soon' }, 'application'],
      [
        'an attribute of ALBs is refused by a network load balancer',
        { Key: 'routing.http2.enabled', Value: 'true' },
        'network',
      ],
    ] as const
  ).map(
    ([says, attribute, Type]): Claim => ({
      says,
      async check(stage) {
        const { LoadBalancerArn } = Type === 'network' ? await stage.nlb() : await stage.alb();
        const call = stage.elb.send(
          new elb.ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes: [attribute] }),
        );
        await refuses(call, 'ValidationError', 'InvalidConfigurationRequest');
      },
    }),
  ),
  {
    says: 'health check logs have a bucket',
    async check(stage) {
      const { LoadBalancerArn } = await stage.alb();
      const Attributes = [{ Key: 'health_check_logs.s3.bucket', Value: 'logs' }];
      await accepts(stage.elb.send(new elb.ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes })));
    },
  },
  {
    says: 'deletion protection protects',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      const Attributes = [{ Key: 'deletion_protection.enabled', Value: 'true' }];
      await stage.elb.send(new elb.ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes }));
      await refuses(stage.elb.send(new elb.DeleteLoadBalancerCommand({ LoadBalancerArn })), 'OperationNotPermitted');
    },
  },
  {
    says: 'one unknown ARN beside a known one is LoadBalancerNotFound',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      const unknown = LoadBalancerArn.replace(/.{16}$/, '0000000000000000');
      await refuses(
        stage.elb.send(new elb.DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn, unknown] })),
        'LoadBalancerNotFound',
      );
    },
  },
  {
    says: 'a new load balancer is provisioning for more than one look',
    async check(stage) {
      const { LoadBalancerArn } = await stage.nlb();
      const look = () => stage.elb.send(new elb.DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn] }));
      const states = [await look(), await look(), await look()].map(
        ({ LoadBalancers }) => LoadBalancers?.[0]?.State?.Code,
      );
      assert.deepEqual(states, ['provisioning', 'provisioning', 'active']);
    },
  },
  {
    says: 'a security group in use by a load balancer cannot be deleted',
    async check(stage) {
      const GroupName = stage.name();
      const made = await stage.ec2.send(
        new CreateSecurityGroupCommand({ GroupName, Description: 'own', VpcId: stage.place.vpc }),
      );
      const GroupId = present(made.GroupId);
      await stage.nlb({ SecurityGroups: [GroupId] });
      await refuses(stage.ec2.send(new DeleteSecurityGroupCommand({ GroupId })), 'DependencyViolation');
    },
  },
  {
    says: 'a subnet in use by a load balancer cannot be deleted',
    async check(stage) {
      const CidrBlock = `10.0.96.${16 * (ownSubnets++ % 16)}/28`;
      const made = await stage.ec2.send(new CreateSubnetCommand({ VpcId: stage.place.vpc, CidrBlock }));
      const SubnetId = present(made.Subnet?.SubnetId);
      await stage.nlb({ Subnets: [SubnetId] });
      await refuses(stage.ec2.send(new DeleteSubnetCommand({ SubnetId })), 'DependencyViolation');
    },
  },
];
