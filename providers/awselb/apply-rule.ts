import type { ModifyRuleCommandInput, RuleCondition, RuleTransform } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Handle, Member, Step } from '../../src/model/index.ts';
import type { Call, View, Work } from './apply-call.ts';
import { handleOf, listOf, membersAfter, tagsOf, withTags } from './apply-codec.ts';
import { actsOf, secretChanged, secretTags, writeActions } from './apply-forward.ts';
import { elbTags } from './apply-tags.ts';
import { type Former, formerRuleOf, isFormer } from './former-rule.ts';

export function ruleWork(step: Step, view: View): Work {
  const { attrs = {}, refs = {}, sets = {} } = step;
  const former = view.now === undefined ? undefined : formerRuleOf(view.now);
  switch (step.op) {
    case 'create': {
      const groups = new Map((sets.TargetGroups ?? []).map(([handle, member]) => [String(handle), member]));
      const Transforms = listOf<RuleTransform>(attrs.Transforms);
      const listener = refs.ListenerArn;
      return {
        create: {
          name: 'CreateRule',
          input: {
            ListenerArn: typeof listener === 'number' ? String(listener) : handleOf(listener, 'the listener of a rule'),
            Priority: Number(attrs.Priority),
            Conditions: listOf<RuleCondition>(attrs.Conditions),
            Actions: writeActions(actsOf(attrs, groups, undefined, view)),
            ...(Transforms.length === 0 ? {} : { Transforms }),
            ...withTags([...tagsOf(sets.Tags), ...secretTags(attrs)]),
          },
        },
        rest: () => [],
      };
    }
    case 'update':
      return { rest: (handle) => updated(handle, step, view) };
    case 'add':
    case 'set':
    case 'remove':
      return step.set === 'Tags' ? elbTags(step) : { rest: (handle) => forwardChanged(handle, step, view) };
    case 'order':
      return {
        rest: () => [
          {
            name: 'SetRulePriorities',
            input: {
              RulePriorities: (step.ranks ?? []).map(([rule, Priority]) => ({ RuleArn: String(rule), Priority })),
            },
          },
        ],
      };
    case 'delete':
      if (former !== undefined) return { rest: (handle) => letGo(handle, view, former) };
      return { rest: (RuleArn) => [{ name: 'DeleteRule', input: { RuleArn } }] };
    default:
      return { rest: () => [] };
  }
}

/** Somebody else has made it: it does what it did before, and our tags come off. */
function letGo(RuleArn: Handle, view: View, former: Former): readonly Call[] {
  const { now } = view;
  const groups = new Map([...former.groups].map(([arn, Weight]): [string, Member] => [arn, { attrs: { Weight } }]));
  const Actions = writeActions(actsOf(former.attrs, groups, undefined, view));
  const Transforms = listOf<RuleTransform>(former.attrs.Transforms);
  const changed = Transforms.length === 0 ? { ResetTransforms: true } : { Transforms };
  const transformed = Transforms.length > 0 || listOf<RuleTransform>(now?.attrs.Transforms).length > 0;
  const input: ModifyRuleCommandInput = {
    RuleArn,
    ...(Actions === undefined ? {} : { Actions }),
    ...(transformed ? changed : {}),
  };
  const TagKeys = [...(now?.sets.Tags?.keys() ?? [])].filter((key) => /^(elbv2|service|ingress)\.k8s\.aws\//.test(key));
  return [
    ...(now !== undefined && isFormer(now, former) ? [] : [{ name: 'ModifyRule' as const, input }]),
    ...(TagKeys.length === 0 ? [] : [{ name: 'RemoveTags' as const, input: { ResourceArns: [RuleArn], TagKeys } }]),
  ];
}

const acting = ['Actions', 'TargetGroupStickinessConfig', 'ClientSecret'] as const;

function updated(RuleArn: Handle, step: Step, view: View): readonly Call[] {
  const { attrs = {} } = step;
  const { now } = view;
  const turned = acting.some((name) => attrs[name] !== undefined);
  const Actions = turned
    ? writeActions(actsOf({ ...now?.attrs, ...attrs }, now?.sets.TargetGroups ?? new Map(), undefined, view))
    : undefined;
  const Transforms = listOf<RuleTransform>(attrs.Transforms);
  const input: ModifyRuleCommandInput = {
    RuleArn,
    ...(Actions === undefined ? {} : { Actions }),
    ...(attrs.Transforms === undefined ? {} : Transforms.length === 0 ? { ResetTransforms: true } : { Transforms }),
  };
  const called = attrs.Transforms !== undefined || Actions !== undefined || (turned && now === undefined);
  return [...(called ? [{ name: 'ModifyRule' as const, input }] : []), ...secretChanged(RuleArn, step)];
}

function forwardChanged(RuleArn: Handle, { members }: Step, view: View): readonly Call[] {
  const { now } = view;
  const Actions = writeActions(
    actsOf(now?.attrs ?? {}, membersAfter(now?.sets.TargetGroups, members), undefined, view),
  );
  if (now !== undefined && Actions === undefined) return [];
  return [{ name: 'ModifyRule', input: { RuleArn, Actions } }];
}
