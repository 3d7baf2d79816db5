/** Whom the listeners and rules of a group tell of that this weir was never asked for: members may have no target group of their own. Pure. */
import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Account } from './account.ts';
import { readOwnership } from './names.ts';
import type { Owners } from './owners.ts';

/**
 * By `namespace/name`. What has the tags of the cluster and says no member, as aws-load-balancer-controller makes it, is named by its port,
 * unless somebody asks for that port or a target group of the cluster tells more.
 */
export function strangersAt(
  balancer: string,
  account: Account,
  owners: Pick<Owners, 'claimOf' | 'input'>,
  asked: (port: number) => boolean = () => false,
): readonly string[] {
  if (owners.input.options.orphans === 'delete') return [];
  const found = new Set<string>();
  const look = (arn: string, port: number, actions: readonly Action[] | undefined): void => {
    const tags = account.tags.get(arn);
    const claim = owners.claimOf(tags);
    if (claim !== undefined) {
      if (!claim.ours) found.add(claim.member);
    } else if (!asked(port) && readOwnership(owners.input.cluster, tags ?? {}) !== undefined && !isTold(actions))
      found.add(`whoever is served at port ${port}`);
  };
  const isTold = (actions: readonly Action[] = []): boolean =>
    groupsOf(actions).some(
      (group) => readOwnership(owners.input.cluster, account.tags.get(group) ?? {})?.resource !== undefined,
    );
  for (const { ListenerArn: arn = '', Port = 0, DefaultActions } of account.listeners.get(balancer) ?? []) {
    if (!isNothing(DefaultActions)) look(arn, Port, DefaultActions);
    for (const { RuleArn = '', IsDefault, Actions } of account.rules.get(arn) ?? [])
      if (IsDefault !== true) look(RuleArn, Port, Actions);
  }
  return [...found];
}

/** What a listener answers where nobody asked for more. */
export function isNothing(actions: readonly Action[] = []): boolean {
  return actions.every(({ FixedResponseConfig: fixed }) => fixed?.StatusCode === '404' && !fixed.MessageBody);
}

function groupsOf(actions: readonly Action[]): readonly string[] {
  return actions.flatMap(({ TargetGroupArn, ForwardConfig }) => [
    ...(TargetGroupArn === undefined ? [] : [TargetGroupArn]),
    ...(ForwardConfig?.TargetGroups ?? []).flatMap((one) => one.TargetGroupArn ?? []),
  ]);
}
