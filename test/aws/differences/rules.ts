/** Rules, tags, trust stores, quotas, throttling: what AWS does and moto 5.2.5 does not. */
import assert from 'node:assert/strict';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import { accepts, type Claim, forward, pathIs, refuses, type Stage } from '../stage.ts';

const rulesOf = async (stage: Stage, ListenerArn: string) =>
  (await stage.elb.send(new elb.DescribeRulesCommand({ ListenerArn }))).Rules ?? [];
const trustStore = async (stage: Stage) => {
  const input = { Name: stage.name(), CaCertificatesBundleS3Bucket: 'bundles', CaCertificatesBundleS3Key: 'ca.pem' };
  const made = await accepts(stage.elb.send(new elb.CreateTrustStoreCommand(input)));
  return made.TrustStores?.[0]?.TrustStoreArn ?? '';
};
const oidc: elb.Action = {
  Type: 'authenticate-oidc',
  Order: 1,
  AuthenticateOidcConfig: {
    Issuer: 'https://id.example',
    AuthorizationEndpoint: 'https://id.example/a',
    TokenEndpoint: 'https://id.example/t',
    UserInfoEndpoint: 'https://id.example/u',
    ClientId: 'weir',
    ClientSecret: 'secret',
  },
};

export const ruleClaims: readonly Claim[] = [
  {
    says: 'two rules may swap their priorities in one call',
    async check(stage) {
      const { listener, group } = await stage.web();
      const [first, second] = [await stage.rule(listener, group, 1), await stage.rule(listener, group, 2)];
      const RulePriorities = [
        { RuleArn: first, Priority: 2 },
        { RuleArn: second, Priority: 1 },
      ];
      await accepts(stage.elb.send(new elb.SetRulePrioritiesCommand({ RulePriorities })));
    },
  },
  {
    says: 'the default rule cannot be deleted',
    async check(stage) {
      const { listener } = await stage.web();
      const RuleArn = (await rulesOf(stage, listener)).find(({ IsDefault }) => IsDefault)?.RuleArn ?? '';
      await refuses(stage.elb.send(new elb.DeleteRuleCommand({ RuleArn })), 'OperationNotPermitted');
    },
  },
  {
    says: 'rules come in the order of their priorities',
    async check(stage) {
      const { listener, group } = await stage.web();
      for (const priority of [3, 1, 2]) await stage.rule(listener, group, priority);
      assert.deepEqual(
        (await rulesOf(stage, listener)).map(({ Priority }) => Priority),
        ['1', '2', '3', 'default'],
      );
    },
  },
  {
    says: 'a page of rules may hold more than fifty',
    async check(stage) {
      const { listener, group } = await stage.web();
      for (let priority = 1; priority <= 60; priority++) await stage.rule(listener, group, priority);
      assert.equal((await rulesOf(stage, listener)).length, 61);
    },
  },
  {
    says: 'an ALB holds at most 100 rules',
    async check(stage) {
      const { listener, group } = await stage.web();
      for (let priority = 1; priority <= 100; priority++) await stage.rule(listener, group, priority);
      await refuses(stage.rule(listener, group, 101), 'TooManyRules');
    },
  },
  ...[0, 50_001].map(
    (priority): Claim => ({
      says: `priority ${priority} is refused`,
      async check(stage) {
        const { listener, group } = await stage.web();
        await refuses(stage.rule(listener, group, priority), 'ValidationError');
      },
    }),
  ),
  {
    says: 'a rule takes at most five condition values',
    async check(stage) {
      const { listener, group } = await stage.web();
      await refuses(
        stage.rule(listener, group, 1, { Conditions: [pathIs('/1', '/2', '/3', '/4', '/5', '/6')] }),
        'ValidationError',
      );
    },
  },
  {
    says: 'a rule takes at most six wildcards',
    async check(stage) {
      const { listener, group } = await stage.web();
      await refuses(stage.rule(listener, group, 1, { Conditions: [pathIs('/*/*/*/*/*/*/*')] }), 'ValidationError');
    },
  },
  {
    says: 'authentication needs an HTTPS listener',
    async check(stage) {
      const { listener, group } = await stage.web();
      const Actions: elb.Action[] = [oidc, ...forward(group).map((action) => ({ ...action, Order: 2 }))];
      await refuses(stage.rule(listener, group, 1, { Actions }), 'InvalidLoadBalancerAction', 'ValidationError');
    },
  },
  {
    says: 'conditions may be regular expressions',
    async check(stage) {
      const { listener, group } = await stage.web();
      const Conditions = [{ Field: 'path-pattern', PathPatternConfig: { RegexValues: ['/v[0-9]+/.*'] } }];
      await accepts(stage.rule(listener, group, 1, { Conditions }));
    },
  },
  {
    says: 'jwt-validation is an action',
    async check(stage) {
      const { LoadBalancerArn } = await stage.alb();
      const group = await stage.webGroup();
      const Certificates = [{ CertificateArn: stage.certificate() }];
      const listener = await stage.listener(LoadBalancerArn, group, { Protocol: 'HTTPS', Port: 443, Certificates });
      const jwt: elb.Action = {
        Type: 'jwt-validation',
        Order: 1,
        JwtValidationConfig: { Issuer: 'https://id.example', JwksEndpoint: 'https://id.example/k' },
      };
      await accepts(
        stage.rule(listener, group, 1, {
          Actions: [jwt, ...forward(group).map((action) => ({ ...action, Order: 2 }))],
        }),
      );
    },
  },
  {
    says: 'transforms are kept',
    async check(stage) {
      const { listener, group } = await stage.web();
      const Transforms: elb.RuleTransform[] = [
        { Type: 'url-rewrite', UrlRewriteConfig: { Rewrites: [{ Regex: '^/a', Replace: '/b' }] } },
      ];
      await stage.rule(listener, group, 1, { Transforms });
      assert.equal((await rulesOf(stage, listener))[0]?.Transforms?.length, 1);
    },
  },
  {
    says: 'an eleventh tag can be added',
    async check(stage) {
      const ResourceArns = [await stage.group()];
      for (let index = 0; index < 12; index++) {
        await accepts(
          stage.elb.send(new elb.AddTagsCommand({ ResourceArns, Tags: [{ Key: `k${index}`, Value: 'v' }] })),
        );
      }
    },
  },
  {
    says: 'a create with sixty tags is TooManyTags',
    check: (stage) =>
      refuses(
        stage.group({ Tags: Array.from({ length: 60 }, (_, index) => ({ Key: `k${index}`, Value: 'v' })) }),
        'TooManyTags',
      ),
  },
  {
    says: 'tags that begin with aws: are refused',
    check: (stage) =>
      refuses(stage.group({ Tags: [{ Key: 'aws:own', Value: 'v' }] }), 'ValidationError', 'InvalidParameterValue'),
  },
  {
    says: 'DescribeTags takes at most 20 ARNs',
    async check(stage) {
      const ResourceArns: string[] = [];
      for (let i = 0; i < 21; i++) ResourceArns.push(await stage.group());
      await refuses(stage.elb.send(new elb.DescribeTagsCommand({ ResourceArns })), 'ValidationError');
    },
  },
  {
    says: 'DescribeTags of an unknown ARN is not found',
    async check(stage) {
      const unknown = (await stage.group()).replace(/.{16}$/, '0000000000000000');
      await refuses(stage.elb.send(new elb.DescribeTagsCommand({ ResourceArns: [unknown] })), 'TargetGroupNotFound');
    },
  },
  {
    says: 'the tagging API knows listeners and rules',
    async check(stage) {
      const { listener, group } = await stage.web();
      const Key = `only-${stage.name()}`;
      const rule = await stage.rule(listener, group, 1);
      await stage.elb.send(new elb.AddTagsCommand({ ResourceArns: [listener, rule], Tags: [{ Key, Value: 'v' }] }));
      const answer = await stage.tagging.send(new GetResourcesCommand({ TagFilters: [{ Key }] }));
      assert.deepEqual(
        answer.ResourceTagMappingList?.map(({ ResourceARN }) => ResourceARN).sort(),
        [listener, rule].sort(),
      );
    },
  },
  { says: 'trust stores can be made', check: async (stage) => assert.match(await trustStore(stage), /:truststore\//) },
  {
    says: 'trust stores can be described',
    async check(stage) {
      await accepts(stage.elb.send(new elb.DescribeTrustStoresCommand({})));
    },
  },
  {
    says: 'revocations of an unknown trust store are TrustStoreNotFound',
    check: (stage) =>
      refuses(
        stage.elb.send(new elb.DescribeTrustStoreRevocationsCommand({ TrustStoreArn: unknownStore })),
        'TrustStoreNotFound',
      ),
  },
  {
    says: 'the policy of an unknown resource is not found',
    check: (stage) =>
      refuses(
        stage.elb.send(new elb.GetResourcePolicyCommand({ ResourceArn: unknownStore })),
        'TrustStoreNotFound',
        'ResourceNotFound',
      ),
  },
  {
    says: 'capacity can be reserved, and the reservation is described',
    async check(stage) {
      const { LoadBalancerArn } = await stage.alb();
      const MinimumLoadBalancerCapacity = { CapacityUnits: 300 };
      await accepts(
        stage.elb.send(new elb.ModifyCapacityReservationCommand({ LoadBalancerArn, MinimumLoadBalancerCapacity })),
      );
      const answer = await stage.elb.send(new elb.DescribeCapacityReservationCommand({ LoadBalancerArn }));
      assert.equal(answer.MinimumLoadBalancerCapacity?.CapacityUnits, 300);
    },
  },
  {
    says: 'address pools can be set',
    async check(stage) {
      const { LoadBalancerArn } = await stage.alb();
      const IpamPools = { Ipv4IpamPoolId: 'ipam-pool-0123456789abcdef0' };
      await accepts(stage.elb.send(new elb.ModifyIpPoolsCommand({ LoadBalancerArn, IpamPools })));
    },
  },
  {
    says: 'the account limits are those of today',
    async check(stage) {
      const { Limits } = await stage.elb.send(new elb.DescribeAccountLimitsCommand({}));
      assert.equal(Limits?.find(({ Name }) => Name === 'application-load-balancers')?.Max, '50');
    },
  },
  {
    says: 'a 51st ALB is TooManyLoadBalancers',
    async check(stage) {
      const { LoadBalancers } = await stage.elb.send(new elb.DescribeLoadBalancersCommand({ PageSize: 400 }));
      const before = LoadBalancers?.filter(({ Type }) => Type === 'application').length ?? 0;
      for (let i = before; i < 50; i++) await stage.alb();
      await refuses(stage.alb(), 'TooManyLoadBalancers');
    },
  },
  {
    says: 'an account that asks too often is throttled',
    async check(stage) {
      const calls = Array.from({ length: 300 }, () => stage.elb.send(new elb.DescribeAccountLimitsCommand({})));
      const codes = (await Promise.allSettled(calls)).map((result) =>
        result.status === 'rejected' ? String(result.reason.name) : 'done',
      );
      const throttled = codes.some((code) => code === 'Throttling' || code === 'ThrottlingException');
      assert.ok(throttled, 'none of 300 calls at once was throttled');
    },
  },
];

const unknownStore = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:truststore/none/0000000000000000';
