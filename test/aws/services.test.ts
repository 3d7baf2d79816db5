/** The fake's smaller APIs: EC2, ACM, tagging, WAFv2, Shield. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DescribeCertificateCommand, ListCertificatesCommand } from '@aws-sdk/client-acm';
import * as ec2 from '@aws-sdk/client-ec2';
import { paginateGetResources } from '@aws-sdk/client-resource-groups-tagging-api';
import * as shield from '@aws-sdk/client-shield';
import * as waf from '@aws-sdk/client-wafv2';
import { FakeAws } from '../fakes/aws/index.ts';
import { seed } from '../fakes/aws/seed.ts';
import { present, refuses, Stage } from './stage.ts';

async function open() {
  const aws = new FakeAws();
  return { aws, stage: await Stage.open(aws.client(), 'own') };
}

describe('EC2', () => {
  it('answers the seeded surroundings by tags, routes and addresses', async () => {
    const aws = new FakeAws();
    const place = seed(aws);
    const client = new ec2.EC2Client(aws.client());
    const tagged = { Name: 'tag:kubernetes.io/role/internal-elb', Values: ['1'] };
    const { Subnets } = await client.send(new ec2.DescribeSubnetsCommand({ Filters: [tagged] }));
    assert.deepEqual(
      Subnets?.map(({ SubnetId }) => SubnetId),
      place.privateSubnets,
    );
    const routed = { Name: 'association.subnet-id', Values: [place.publicSubnets[0] ?? ''] };
    const { RouteTables } = await client.send(new ec2.DescribeRouteTablesCommand({ Filters: [routed] }));
    assert.ok(RouteTables?.[0]?.Routes?.some(({ GatewayId }) => GatewayId?.startsWith('igw-')));
    const address = { Name: 'addresses.private-ip-address', Values: [place.nodeAddresses[1] ?? ''] };
    const { NetworkInterfaces } = await client.send(new ec2.DescribeNetworkInterfacesCommand({ Filters: [address] }));
    assert.deepEqual(
      NetworkInterfaces?.map(({ Groups }) => Groups?.[0]?.GroupId),
      [place.nodeGroup],
    );
    const { AvailabilityZones } = await client.send(new ec2.DescribeAvailabilityZonesCommand({}));
    assert.equal(AvailabilityZones?.length, 4);
    assert.deepEqual(aws.loud, []);
  });

  it('is loud about a filter that it does not know', async () => {
    const { aws, stage } = await open();
    const call = stage.ec2.send(new ec2.DescribeSubnetsCommand({ Filters: [{ Name: 'colour', Values: ['red'] }] }));
    await refuses(call, 'InvalidParameterValue');
    assert.equal(aws.loud.length, 1);
  });

  it('keeps rules of security groups apart by source, with ids, descriptions and tags', async () => {
    const { stage } = await open();
    const { nodeGroup: GroupId, vpc } = stage.place;
    const other = await stage.ec2.send(
      new ec2.CreateSecurityGroupCommand({ GroupName: 'front', Description: 'front', VpcId: vpc }),
    );
    const answer = await stage.ec2.send(
      new ec2.AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpPermissions: [
          {
            IpProtocol: '6',
            FromPort: 80,
            ToPort: 81,
            IpRanges: [{ CidrIp: '10.0.0.0/8' }, { CidrIp: '192.0.2.0/24' }],
          },
          { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: present(other.GroupId), Description: 'from the front' }] },
        ],
      }),
    );
    assert.deepEqual(
      answer.SecurityGroupRules?.map((rule) => [
        rule.IpProtocol,
        rule.FromPort,
        rule.CidrIpv4 ?? rule.ReferencedGroupInfo?.GroupId,
      ]),
      [
        ['tcp', 80, '10.0.0.0/8'],
        ['tcp', 80, '192.0.2.0/24'],
        ['-1', -1, other.GroupId],
      ],
    );
    await refuses(
      stage.ec2.send(new ec2.DeleteSecurityGroupCommand({ GroupId: present(other.GroupId) })),
      'DependencyViolation',
    );
    const SecurityGroupRuleIds =
      answer.SecurityGroupRules?.slice(2).map(({ SecurityGroupRuleId }) => present(SecurityGroupRuleId)) ?? [];
    await stage.ec2.send(new ec2.RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds }));
    await stage.ec2.send(new ec2.DeleteSecurityGroupCommand({ GroupId: present(other.GroupId) }));
  });

  it('refuses the 61st rule and a malformed range', async () => {
    const { stage } = await open();
    const add = (...ranges: string[]) =>
      stage.ec2.send(
        new ec2.AuthorizeSecurityGroupIngressCommand({
          GroupId: stage.place.nodeGroup,
          IpPermissions: [
            { IpProtocol: 'tcp', FromPort: 80, ToPort: 80, IpRanges: ranges.map((CidrIp) => ({ CidrIp })) },
          ],
        }),
      );
    await add(...Array.from({ length: 60 }, (_, index) => `10.1.${index}.0/24`));
    await refuses(add('10.2.0.0/24'), 'RulesPerSecurityGroupLimitExceeded');
    await refuses(add('10.2.0.0/33'), 'InvalidParameterValue');
  });
});

describe('ACM', () => {
  it('lists RSA certificates only, unless others are asked for, and says who uses one', async () => {
    const { aws, stage } = await open();
    const elliptic = aws.world.acm.add(['ec.example.com'], { KeyAlgorithm: 'EC_prime256v1' }).CertificateArn;
    const arns = async (input: object) =>
      (await stage.acm.send(new ListCertificatesCommand(input))).CertificateSummaryList?.map(
        ({ CertificateArn }) => CertificateArn,
      );
    assert.equal((await arns({}))?.includes(elliptic), false);
    assert.deepEqual(await arns({ Includes: { keyTypes: ['EC_prime256v1'] } }), [elliptic]);
    const { LoadBalancerArn } = await stage.nlb();
    const Certificates = [{ CertificateArn: elliptic }];
    await stage.listener(LoadBalancerArn, await stage.group(), { Protocol: 'TLS', Port: 443, Certificates });
    const { Certificate } = await stage.acm.send(new DescribeCertificateCommand({ CertificateArn: elliptic }));
    assert.deepEqual(Certificate?.InUseBy, [LoadBalancerArn]);
  });

  it('has certificates that no load balancer can serve', async () => {
    const { aws, stage } = await open();
    const CertificateArn = aws.world.acm.add(['soon.example.com'], { status: 'PENDING_VALIDATION' }).CertificateArn;
    const { LoadBalancerArn } = await stage.nlb();
    const input = { Protocol: 'TLS', Port: 443, Certificates: [{ CertificateArn }] } as const;
    const call = stage.listener(LoadBalancerArn, await stage.group(), {
      ...input,
      Certificates: [...input.Certificates],
    });
    await refuses(call, 'UnsupportedCertificate');
  });
});

describe('tagging', () => {
  it('comes in pages, the last with an empty token, filtered by type', async () => {
    const { stage } = await open();
    const groups: string[] = [];
    for (let i = 0; i < 5; i++) groups.push(await stage.group({ Tags: [{ Key: 'own', Value: `${i}` }] }));
    const found: (string | undefined)[] = [];
    const pages = paginateGetResources(
      { client: stage.tagging, pageSize: 2 },
      { ResourceTypeFilters: ['elasticloadbalancing:targetgroup'], TagFilters: [{ Key: 'own' }] },
    );
    for await (const { ResourceTagMappingList } of pages) {
      assert.ok((ResourceTagMappingList?.length ?? 0) <= 2);
      found.push(...(ResourceTagMappingList ?? []).map(({ ResourceARN }) => ResourceARN));
    }
    assert.deepEqual(found, groups);
  });
});

describe('WAFv2 and Shield', () => {
  it('a web ACL guards an application load balancer, and nothing else', async () => {
    const { aws, stage } = await open();
    const client = new waf.WAFV2Client({ ...aws.client(), maxAttempts: 1 });
    const WebACLArn = aws.world.arn('wafv2', 'regional/webacl/main/0001');
    const { LoadBalancerArn: ResourceArn } = await stage.alb();
    await assert.rejects(client.send(new waf.AssociateWebACLCommand({ WebACLArn, ResourceArn })), {
      name: 'WAFNonexistentItemException',
    });
    aws.world.webAcls.set(WebACLArn, 'main');
    await client.send(new waf.AssociateWebACLCommand({ WebACLArn, ResourceArn }));
    const ask = async () => (await client.send(new waf.GetWebACLForResourceCommand({ ResourceArn }))).WebACL?.ARN;
    assert.equal(await ask(), WebACLArn);
    await client.send(new waf.DisassociateWebACLCommand({ ResourceArn }));
    assert.equal(await ask(), undefined);
    const call = client.send(
      new waf.AssociateWebACLCommand({ WebACLArn, ResourceArn: (await stage.nlb()).LoadBalancerArn }),
    );
    await assert.rejects(call, { name: 'WAFInvalidParameterException' });
    assert.deepEqual(aws.loud, []);
  });

  it('protections need a subscription and are one for each resource', async () => {
    const { aws, stage } = await open();
    const client = new shield.ShieldClient({ ...aws.client(), maxAttempts: 1 });
    const { LoadBalancerArn: ResourceArn } = await stage.alb();
    const create = () => client.send(new shield.CreateProtectionCommand({ Name: 'weir', ResourceArn }));
    assert.equal((await client.send(new shield.GetSubscriptionStateCommand({}))).SubscriptionState, 'INACTIVE');
    await refuses(create(), 'ResourceNotFound');
    aws.world.shieldSubscribed = true;
    const { ProtectionId } = await create();
    await refuses(create(), 'ResourceAlreadyExists');
    const found = await client.send(new shield.DescribeProtectionCommand({ ResourceArn }));
    assert.equal(found.Protection?.Id, ProtectionId);
    await client.send(new shield.DeleteProtectionCommand({ ProtectionId }));
    await refuses(client.send(new shield.DescribeProtectionCommand({ ResourceArn })), 'ResourceNotFound');
  });
});
