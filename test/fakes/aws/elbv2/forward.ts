import type { Rule } from './state.ts';

type Actions = Rule['actions'];

export interface Share {
  readonly arn: string;
  readonly weight: number;
}

/** Where the forward action of a list sends, with weights; empty when it does not forward. */
export function sharesOf(actions: Actions): readonly Share[] {
  return actions.flatMap((action) => {
    if (action.Type !== 'forward') return [];
    const groups = action.ForwardConfig?.TargetGroups ?? [];
    if (groups.length > 0)
      return groups.map(({ TargetGroupArn = '', Weight = 1 }) => ({ arn: TargetGroupArn, weight: Weight }));
    return action.TargetGroupArn === undefined ? [] : [{ arn: action.TargetGroupArn, weight: 1 }];
  });
}

/** Every target group that a list of actions names, weight 0 too. */
export function groupsOf(actions: Actions): ReadonlySet<string> {
  return new Set(sharesOf(actions).map(({ arn }) => arn));
}
