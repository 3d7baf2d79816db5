/** What carries the tags of the cluster though nobody here has ever asked for it: left alone, and told. Pure. */
import type { Account, Tags } from './account.ts';
import { readOwnership } from './names.ts';
import type { Owners } from './owners.ts';

/** A stack of somebody else, or of a weir that is forgotten: what there is of it, by kind, as the API calls it. */
export interface Orphan {
  readonly loadBalancers: readonly string[];
  readonly targetGroups: readonly string[];
  readonly securityGroups: readonly string[];
  /** Of a group of which this weir knows a part: the others in it. */
  readonly others: readonly string[];
}

type Kind = 'loadBalancers' | 'targetGroups' | 'securityGroups';

/** Stack, as its tags name it → what there is of it. */
export function findOrphans(account: Account, owners: Owners): ReadonlyMap<string, Orphan> {
  const found = new Map<string, Record<Kind, string[]> & Orphan>();
  const note = (kind: Kind, arn: string, name: string): void => {
    const tags = account.tags.get(arn);
    const key = tags === undefined ? undefined : owners.orphan(arn, tags);
    if (key === undefined) return;
    const none = { loadBalancers: [], targetGroups: [], securityGroups: [] };
    const orphan = found.get(key) ?? { ...none, others: owners.othersIn(key) };
    found.set(key, orphan);
    orphan[kind].push(name);
  };
  for (const [arn, { LoadBalancerName }] of account.loadBalancers) note('loadBalancers', arn, LoadBalancerName ?? arn);
  for (const [arn, { TargetGroupName }] of account.targetGroups) note('targetGroups', arn, TargetGroupName ?? arn);
  for (const [id, { GroupName }] of account.securityGroups) note('securityGroups', id, `${id} (${GroupName ?? ''})`);
  return found;
}

/** Whether the back-end group and its rules are ours to change: somebody asks for something, or nobody else lives in the cluster. */
export function ownsShared(account: Account, owners: Owners): boolean {
  return owners.input.services.length > 0 || theirTags(account, owners).size === 0;
}

/** Stacks of the cluster that have something in the account, whoever asks for them. */
export function stacksIn(account: Account, cluster: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, tags] of tagged(account)) {
    const stack = readOwnership(cluster, tags);
    if (stack !== undefined) found.add(`${stack.scope} ${stack.name}`);
  }
  return found;
}

/** ARN or id → tags of all that carries the cluster's and is somebody else's. */
export function theirTags(account: Account, owners: Owners): ReadonlyMap<string, Tags> {
  return new Map([...tagged(account)].filter(([arn, tags]) => owners.isTheirs(arn, tags)));
}

function* tagged({ tags, loadBalancers, targetGroups, securityGroups }: Account): Iterable<readonly [string, Tags]> {
  for (const listed of [loadBalancers, targetGroups, securityGroups])
    for (const arn of listed.keys()) {
      const own = tags.get(arn);
      if (own !== undefined) yield [arn, own];
    }
}

/** So many are told one by one. */
const toldOrphans = 50;

/** One sentence for each, and one for all beyond a number that can be read. */
export function tellOrphans(orphans: ReadonlyMap<string, Orphan>, cluster: string): readonly string[] {
  const all = [...orphans].sort(([a], [b]) => (a < b ? -1 : 1));
  const told = all.slice(0, toldOrphans).map(([key, orphan]) => tellOrphan(key, orphan, cluster));
  const rest = all.slice(toldOrphans).map(([key]) => key.replace(' ', '/'));
  if (rest.length === 0) return told;
  return [
    ...told,
    `${rest.length} more stacks carry the tags of cluster ${cluster} and are left alone: ${rest.slice(0, 5).join(', ')}${rest.length > 5 ? ' …' : ''}`,
  ];
}

function tellOrphan(key: string, orphan: Orphan, cluster: string): string {
  const [scope = '', name = ''] = key.split(' ', 2);
  const parts = [
    ...partOf('load balancer', orphan.loadBalancers),
    ...partOf('target group', orphan.targetGroups),
    ...partOf('security group', orphan.securityGroups),
  ];
  const object = name.includes('/')
    ? `${scope === 'service' ? 'Service' : 'Ingress'} ${name}`
    : `the services of group ${name}`;
  const asked =
    orphan.others.length === 0
      ? 'this weir was never asked for it'
      : `this weir was never asked for ${orphan.others.slice(0, 3).join(', ')} in it`;
  return `stack ${scope}/${name} carries the tags of cluster ${cluster}, and ${asked}. Left alone: ${parts.join(', ')}; while it is there, what nodes and pods let in only grows, also where ranges are narrowed or services go. Give weir ${object} to serve by it, or remove it in AWS, where nobody else serves by it (options.orphans: delete removes all such)`;
}

function partOf(kind: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, 3).join(', ');
  return [`${kind}${names.length === 1 ? '' : 's'} ${shown}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`];
}
