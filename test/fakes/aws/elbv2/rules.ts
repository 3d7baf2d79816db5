import type {
  CreateRuleInput,
  DeleteRuleInput,
  DescribeRulesInput,
  ModifyRuleInput,
  Rule as RuleAnswer,
  SetRulePrioritiesInput,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Given } from '../core/action.ts';
import { refuse } from '../core/aws-error.ts';
import { page } from '../core/page.ts';
import { putTags } from '../core/tags.ts';
import type { World } from '../core/world.ts';
import { checkActions } from './actions.ts';
import { checkConditions, checkTransforms } from './conditions.ts';
import { findListener } from './listeners.ts';
import { dropRule, useActions } from './release.ts';
import type { Listener, Rule } from './state.ts';

export function createRule(world: World, input: Given<CreateRuleInput>) {
  const listener = findListener(world, input.ListenerArn);
  const { loadBalancer } = listener;
  if (loadBalancer.type !== 'application') {
    refuse(
      'UnsupportedProtocol',
      `Rules cannot be created for listeners of load balancers of type '${loadBalancer.type}'`,
    );
  }
  const conditions = checkConditions(world.quotas, input.Conditions);
  const transforms = checkTransforms(input.Transforms ?? []);
  const actions = checkActions(world, listener, input.Actions);
  const tags = putTags(input.Tags ?? []);
  if ([...listener.rules].some(({ priority }) => priority === input.Priority)) {
    refuse('PriorityInUse', `Priority '${input.Priority}' is currently in use`);
  }
  const most = world.quotas['rules-per-application-load-balancer'];
  const count = [...loadBalancer.listeners].reduce((sum, { rules }) => sum + rules.size, 0);
  if (count >= most) refuse('TooManyRules', `A load balancer can have at most ${most} rules besides its default ones`);
  const rule: Rule = {
    arn: `${listener.defaultRule.arn.split('/').slice(0, -1).join('/')}/${world.ids.hex(16)}`,
    priority: input.Priority,
    conditions,
    actions: [],
    transforms,
    tags,
  };
  listener.rules.add(rule);
  world.elb.rules.add(rule.arn, { rule, listener });
  useActions(world, listener, rule, actions);
  return { Rules: [describe(rule)] };
}

export function modifyRule(world: World, input: Given<ModifyRuleInput>) {
  const { rule, listener } = findRule(world, input.RuleArn);
  if (rule.priority === undefined) refuse('OperationNotPermitted', `Default rule '${rule.arn}' cannot be modified`);
  if (input.ResetTransforms === true && input.Transforms?.length)
    refuse('ValidationError', 'Transforms cannot be given and reset in one call');
  const conditions = input.Conditions === undefined ? rule.conditions : checkConditions(world.quotas, input.Conditions);
  const transforms = input.Transforms === undefined ? rule.transforms : checkTransforms(input.Transforms);
  const actions = input.Actions === undefined ? rule.actions : checkActions(world, listener, input.Actions);
  rule.conditions = conditions;
  rule.transforms = input.ResetTransforms === true ? [] : transforms;
  useActions(world, listener, rule, actions);
  return { Rules: [describe(rule)] };
}

export function deleteRule(world: World, input: Given<DeleteRuleInput>) {
  const { rule, listener } = findRule(world, input.RuleArn);
  if (rule.priority === undefined) refuse('OperationNotPermitted', `Default rule '${rule.arn}' cannot be deleted`);
  dropRule(world, listener, rule);
  return {};
}

/** All of one call or nothing: rules may swap their priorities. */
export function setRulePriorities(world: World, input: Given<SetRulePrioritiesInput>) {
  const pairs = input.RulePriorities.map(({ RuleArn = '', Priority }) => {
    const { rule, listener } = findRule(world, RuleArn);
    if (rule.priority === undefined)
      refuse('OperationNotPermitted', `The priority of default rule '${RuleArn}' cannot be set`);
    if (Priority === undefined) refuse('ValidationError', `A priority is required for rule '${RuleArn}'`);
    return { rule, listener, priority: Priority };
  });
  if (pairs.length === 0) refuse('ValidationError', 'At least one rule must be specified');
  if (new Set(pairs.map(({ listener }) => listener)).size > 1)
    refuse('ValidationError', 'All rules must belong to the same listener');
  const moved = new Map(pairs.map(({ rule, priority }) => [rule, priority]));
  if (moved.size < pairs.length) refuse('ValidationError', 'A rule appears more than once');
  const taken = new Set<number | undefined>();
  for (const rule of pairs[0]?.listener.rules ?? []) {
    const priority = moved.get(rule) ?? rule.priority;
    if (taken.has(priority)) refuse('PriorityInUse', `Priority '${priority}' is currently in use`);
    taken.add(priority);
  }
  for (const { rule, priority } of pairs) rule.priority = priority;
  return { Rules: pairs.map(({ rule }) => describe(rule)) };
}

export function describeRules(world: World, input: Given<DescribeRulesInput>) {
  const { ListenerArn, RuleArns: arns } = input;
  if ((ListenerArn === undefined) === (arns === undefined || arns.length === 0)) {
    refuse('ValidationError', 'You must specify either a listener ARN or rule ARNs');
  }
  const found =
    ListenerArn === undefined
      ? [...new Set(arns)].map(
          (arn) => world.elb.rules.get(arn)?.rule ?? refuse('RuleNotFound', 'One or more rules not found'),
        )
      : rulesOf(findListener(world, ListenerArn)).filter(({ arn }) => world.elb.rules.get(arn) !== undefined);
  const { items, next } = page(found, ({ arn }) => arn, { marker: input.Marker, size: input.PageSize, most: 400 });
  return { Rules: items.map(describe), NextMarker: next };
}

/** In the order in which they are asked: by priority, the default rule last. */
export function rulesOf(listener: Listener): readonly Rule[] {
  return [...[...listener.rules].sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0)), listener.defaultRule];
}

function describe(rule: Rule): RuleAnswer {
  return {
    RuleArn: rule.arn,
    Priority: rule.priority === undefined ? 'default' : String(rule.priority),
    Conditions: rule.conditions.map((condition) => ({ ...condition })) as NonNullable<RuleAnswer['Conditions']>,
    Actions: rule.actions.map((action) => ({ ...action })) as NonNullable<RuleAnswer['Actions']>,
    IsDefault: rule.priority === undefined,
    Transforms: rule.transforms.map((transform) => ({ ...transform })) as NonNullable<RuleAnswer['Transforms']>,
  };
}

function findRule(world: World, arn: string): { readonly rule: Rule; readonly listener: Listener } {
  return world.elb.rules.get(arn) ?? refuse('RuleNotFound', `Rule '${arn}' not found`);
}
