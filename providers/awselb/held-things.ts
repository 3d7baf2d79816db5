/** What is ours and used by a load balancer that is not, that is not known to be any more, or that stays: it cannot be deleted. Pure. */
import type { Attrs, Observed } from '../../src/model/index.ts';
import type { Account } from './account.ts';
import { deletionGuard } from './deletion-guard.ts';
import { readOwnership } from './names.ts';
import type { Owners } from './owners.ts';
import { holderText } from './stranger.ts';

/** ARN of a target group, or id of a security group → why it is held; undefined: it is not. */
export type HeldThings = (arn: string) => string | undefined;

export function heldThings(account: Account, owners: Owners): HeldThings {
  const users = new Map<string, string>();
  for (const [arn, { SecurityGroups = [] }] of account.loadBalancers) {
    if (!isStranger(arn, account, owners)) continue;
    for (const group of SecurityGroups) users.set(group, arn);
    for (const [group, { LoadBalancerArns = [] }] of account.targetGroups)
      if (LoadBalancerArns.includes(arn)) users.set(group, arn);
  }
  return (thing) => {
    const arn = users.get(thing);
    const balancer = arn === undefined ? undefined : account.loadBalancers.get(arn);
    if (arn === undefined || balancer === undefined) return undefined;
    const { cluster, earlier } = owners.input;
    const named = readOwnership(cluster, account.tags.get(thing) ?? {}) ?? stackFrom(earlier?.stackOf(arn));
    const tags = account.tags.get(arn) ?? {};
    return holderText({ arn, name: balancer.LoadBalancerName ?? arn, tags }, cluster, named);
  };
}

/** Security groups by which load balancers of ours that nobody asks for and that are guarded reach their targets: they serve on. */
export function groupsThatStay(account: Account, owners: Owners, balancers: readonly Observed[]): HeldThings {
  const users = new Map<string, string>();
  for (const balancer of balancers) {
    const guard = balancer.owned && !owners.isAskedFor(balancer.id) ? deletionGuard(balancer) : undefined;
    if (guard === undefined) continue;
    const text = `load balancer ${String(balancer.attrs.Name)} (${balancer.handle}) uses it and stays: ${guard}`;
    for (const group of account.loadBalancers.get(balancer.handle)?.SecurityGroups ?? []) users.set(group, text);
  }
  return (group) => users.get(group);
}

function isStranger(arn: string, { tags }: Account, owners: Owners): boolean {
  return owners.of(arn, tags.get(arn)) === undefined && owners.leftAlone(arn, tags.get(arn)) === undefined;
}

function stackFrom(key: string | undefined): ReturnType<typeof readOwnership> {
  if (key === undefined) return undefined;
  const cut = key.indexOf(' ');
  return { scope: key.startsWith('service ') ? 'service' : 'ingress', name: key.slice(cut + 1) };
}

/** Attribute of what is held. Like all that begin with a small letter it is not compared. */
export function heldAttr(text: string | undefined): Attrs {
  return text === undefined ? {} : { held: text };
}

export function heldGuard({ attrs: { held } }: { readonly attrs: Attrs }): string | undefined {
  return typeof held === 'string' ? held : undefined;
}
