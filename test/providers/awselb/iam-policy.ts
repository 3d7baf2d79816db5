/** The IAM policy of deploy/aws, judged as AWS does: each call with its resources, the tags that it brings and those that are there. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { findTagged } from '../../fakes/aws/elbv2/tags.ts';
import type { Call, FakeAws } from '../../fakes/aws/index.ts';

const many = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const policySchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string().regex(/^[A-Za-z0-9]+$/),
      Effect: z.literal('Allow'),
      Action: many,
      Resource: many,
      Condition: z
        .strictObject({
          Null: z.record(z.string(), z.enum(['true', 'false'])).default({}),
          StringEquals: z.record(z.string(), many).default({}),
        })
        .partial()
        .default({}),
    }),
  ),
});
export type Policy = z.infer<typeof policySchema>;

export function readPolicy(name: string): Policy {
  const text = readFileSync(new URL(`../../../deploy/aws/${name}`, import.meta.url), 'utf8');
  return policySchema.parse(JSON.parse(text));
}

type Tags = Readonly<Record<string, string>>;

/** What one resource of one call asks to be allowed. */
interface Demand {
  readonly action: string;
  readonly resource: string;
  readonly requestTags: Tags;
  readonly resourceTags: Tags;
  readonly createAction?: string;
}

export interface PolicyWatch {
  /** `ACTION RESOURCE` of every call that the policy does not allow. */
  readonly denied: string[];
  /** Actions that were asked for. */
  readonly used: Set<string>;
  /** What is done meanwhile is somebody else's. */
  others<T>(work: () => Promise<T>): Promise<T>;
}

/** Holds every call of an account against policies, at the moment of the call. */
export function watchPolicy(aws: FakeAws, ...policies: readonly Policy[]): PolicyWatch {
  const statements = policies.flatMap(({ Statement }) => Statement);
  const denied: string[] = [];
  const used = new Set<string>();
  let watching = true;
  aws.hooks.before = (call) => {
    if (!watching) return;
    for (const demand of demandsOf(call, aws)) {
      used.add(demand.action);
      if (!statements.some((statement) => allows(statement, demand)))
        denied.push(`${demand.action} ${demand.resource} (call ${call.action})`);
    }
  };
  return {
    denied,
    used,
    async others(work) {
      watching = false;
      try {
        return await work();
      } finally {
        watching = true;
      }
    },
  };
}

function allows({ Action, Resource, Condition }: Policy['Statement'][number], demand: Demand): boolean {
  if (!Action.includes(demand.action) || !Resource.some((pattern) => matches(pattern, demand.resource))) return false;
  const present = Object.entries(Condition.Null ?? {}).every(
    ([key, absent]) => (keyOf(key, demand) === undefined) === (absent === 'true'),
  );
  return (
    present &&
    Object.entries(Condition.StringEquals ?? {}).every(([key, values]) => values.includes(keyOf(key, demand) ?? ''))
  );
}

function keyOf(key: string, { requestTags, resourceTags, createAction }: Demand): string | undefined {
  if (key.startsWith('aws:RequestTag/')) return requestTags[key.slice('aws:RequestTag/'.length)];
  if (key.startsWith('aws:ResourceTag/')) return resourceTags[key.slice('aws:ResourceTag/'.length)];
  if (/^(ec2|elasticloadbalancing):CreateAction$/.test(key)) return createAction;
  return undefined;
}

function matches(pattern: string, resource: string): boolean {
  const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${source}$`).test(resource);
}

function demandsOf(call: Call, aws: FakeAws): readonly Demand[] {
  const { iamAction, action } = call;
  if (/^(Describe|Get|List)/.test(action))
    return [{ action: iamAction, resource: '*', requestTags: {}, resourceTags: {} }];
  const params = paramsSchema.parse(call.params);
  const requestTags = Object.fromEntries((params.Tags ?? []).map(({ Key, Value = '' }) => [Key, Value]));
  const own = resourcesOf(call, params, aws).map(([resource, resourceTags]): Demand => {
    // What is made has no tags of its own yet: the call's are its.
    const brought = { ...requestTags, ...tagsIn(params, resource) };
    return { action: iamAction, resource, requestTags: brought, resourceTags };
  });
  return [...own, ...tagging(call, params, requestTags, aws)];
}

const tagList = z.array(z.object({ Key: z.string(), Value: z.string().optional() }));
const paramsSchema = z.object({
  Tags: tagList.optional(),
  TagSpecifications: z.array(z.object({ ResourceType: z.string(), Tags: tagList })).optional(),
  Name: z.string().optional(),
  Type: z.string().optional(),
  VpcId: z.string().optional(),
  LoadBalancerArn: z.string().optional(),
  TargetGroupArn: z.string().optional(),
  ListenerArn: z.string().optional(),
  RuleArn: z.string().optional(),
  ResourceArn: z.string().optional(),
  WebACLArn: z.string().optional(),
  ResourceArns: z.array(z.string()).optional(),
  RulePriorities: z.array(z.object({ RuleArn: z.string() })).optional(),
  GroupId: z.string().optional(),
  Resources: z.array(z.string()).optional(),
});
type Params = z.infer<typeof paramsSchema>;

function tagsIn({ TagSpecifications = [] }: Params, resource: string): Tags {
  const found = TagSpecifications.filter(({ ResourceType }) => resource.includes(`:${ResourceType}/`));
  return Object.fromEntries(found.flatMap(({ Tags }) => Tags.map(({ Key, Value = '' }) => [Key, Value])));
}

/** ARNs that the call acts on, with the tags that they have. */
function resourcesOf({ action, service }: Call, params: Params, aws: FakeAws): readonly (readonly [string, Tags])[] {
  const { world } = aws;
  const elb = (arn: string): readonly [string, Tags][] => {
    try {
      return [[arn, Object.fromEntries(findTagged(world, arn).tags)]];
    } catch {
      // What is not there is refused as such.
      return [];
    }
  };
  const ec2 = (type: string, id: string): readonly [string, Tags] => [
    world.arn('ec2', `${type}/${id}`),
    Object.fromEntries(world.ec2.securityGroups.truly(id)?.tags ?? []),
  ];
  if (service === 'shield') return [[`arn:aws:shield::${world.accountId}:protection/new`, {}]];
  if (service === 'wafv2')
    return [params.ResourceArn, params.WebACLArn].flatMap((arn) => (arn === undefined ? [] : [[arn, {}] as const]));
  if (action === 'CreateSecurityGroup') return [ec2('security-group', 'new'), ec2('vpc', params.VpcId ?? '')];
  if (service === 'ec2')
    return (params.Resources ?? [params.GroupId ?? '']).flatMap((id) =>
      world.ec2.securityGroups.truly(id) === undefined ? [] : [ec2('security-group', id)],
    );
  if (action === 'CreateLoadBalancer') {
    const folder = params.Type === 'network' ? 'net' : 'app';
    return [[world.arn('elasticloadbalancing', `loadbalancer/${folder}/${params.Name}/new`), {}]];
  }
  if (action === 'CreateTargetGroup')
    return [[world.arn('elasticloadbalancing', `targetgroup/${params.Name}/new`), {}]];
  const { RuleArn, ListenerArn, TargetGroupArn, LoadBalancerArn } = params;
  const rules = params.RulePriorities?.map((rule) => rule.RuleArn);
  const [one = ''] = [RuleArn, ListenerArn, TargetGroupArn, LoadBalancerArn].filter((arn) => arn !== undefined);
  return (params.ResourceArns ?? rules ?? [one]).flatMap(elb);
}

/** Tags of a create need a permission of their own. */
function tagging({ action, service }: Call, params: Params, requestTags: Tags, { world }: FakeAws): readonly Demand[] {
  const made: Readonly<Record<string, string>> = {
    CreateLoadBalancer: `loadbalancer/${params.Type === 'network' ? 'net' : 'app'}/${params.Name}/new`,
    CreateTargetGroup: `targetgroup/${params.Name}/new`,
    CreateListener: `listener/${(params.LoadBalancerArn ?? '').split('loadbalancer/')[1]}/new`,
    CreateRule: `listener-rule/${(params.ListenerArn ?? '').split('listener/')[1]}/new`,
  };
  const path = made[action];
  if (path !== undefined && params.Tags !== undefined) {
    const resource = world.arn('elasticloadbalancing', path);
    return [{ action: 'elasticloadbalancing:AddTags', resource, requestTags, resourceTags: {}, createAction: action }];
  }
  if (service !== 'ec2') return [];
  return (params.TagSpecifications ?? []).map(({ ResourceType }) => {
    const resource = world.arn('ec2', `${ResourceType}/new`);
    const brought = tagsIn(params, resource);
    return { action: 'ec2:CreateTags', resource, requestTags: brought, resourceTags: {}, createAction: action };
  });
}
