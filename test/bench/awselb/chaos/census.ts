import type { LoadBalancer } from '../../../fakes/aws/elbv2/state.ts';
import type { FakeAws } from '../../../fakes/aws/index.ts';
import { type Member, stackOf } from './population.ts';

const cluster = 'elbv2.k8s.aws/cluster';
const stackTags = ['service.k8s.aws/stack', 'ingress.k8s.aws/stack'] as const;

/** What is there against what is wanted, counted in the account itself: nothing missing, nothing left over, nothing twice. In words. */
export function census({ world }: FakeAws, members: Iterable<Member>, schemes: Readonly<Record<string, string>>) {
  const found: string[] = [];
  const wanted = stacksOf(members);
  const balancers = new Map<string, LoadBalancer[]>();
  for (const balancer of world.elb.loadBalancers.all()) {
    const stack = ownStack(balancer.tags);
    if (stack === undefined) continue;
    balancers.set(stack, [...(balancers.get(stack) ?? []), balancer]);
    if (!wanted.has(stack)) found.push(`load balancer of ${stack} is left over`);
  }
  for (const [stack, own] of wanted) {
    const [balancer, ...more] = balancers.get(stack) ?? [];
    if (balancer === undefined) found.push(`no load balancer of ${stack}`);
    else found.push(...judge(stack, balancer, own, schemes));
    if (more.length > 0) found.push(`${more.length + 1} load balancers of ${stack}`);
  }
  for (const { name, tags, users, targets } of world.elb.targetGroups.all()) {
    const stack = ownStack(tags);
    if (stack === undefined) continue;
    if (users.size === 0) found.push(`target group ${name} of ${stack} is used by nobody (${targets.size} targets)`);
  }
  const groups = new Map<string, number>();
  for (const { GroupName, tags } of world.ec2.securityGroups.all()) {
    const stack = ownStack(tags);
    if (stack === undefined) continue;
    groups.set(stack, (groups.get(stack) ?? 0) + 1);
    if (!wanted.has(stack)) found.push(`security group ${GroupName} of ${stack} is left over`);
  }
  for (const [stack, count] of groups) if (count > 1) found.push(`${count} security groups of ${stack}`);
  return found;
}

/** Stack → its members. */
function stacksOf(members: Iterable<Member>): ReadonlyMap<string, readonly Member[]> {
  const stacks = new Map<string, Member[]>();
  for (const member of members) stacks.set(stackOf(member), [...(stacks.get(stackOf(member)) ?? []), member]);
  return stacks;
}

function ownStack(tags: ReadonlyMap<string, string>): string | undefined {
  if (tags.get(cluster) !== 'test') return undefined;
  return stackTags.map((key) => tags.get(key)).find((value) => value !== undefined);
}

function judge(
  stack: string,
  { listeners, scheme }: LoadBalancer,
  members: readonly Member[],
  schemes: Readonly<Record<string, string>>,
): readonly string[] {
  const found: string[] = [];
  const [first] = members;
  const expected = first?.kind === 'network' ? (first.annotations.scheme ?? 'internal') : schemes[stack];
  if (scheme !== expected) found.push(`${stack} is ${scheme}, not ${expected}`);
  const ports = first?.kind === 'network' ? first.ports : [80];
  const now = [...listeners].map(({ Port }) => Port).sort((a, b) => a - b);
  if (JSON.stringify(now) !== JSON.stringify(ports)) found.push(`${stack} listens on ${now}, not on ${ports}`);
  const rules = [...listeners].reduce((sum, listener) => sum + listener.rules.size, 0);
  const paths = members.flatMap((member) => (member.kind === 'web' ? Object.keys(member.paths) : []));
  if (rules !== paths.length) found.push(`${stack} has ${rules} rules, not ${paths.length}`);
  return found;
}

/** Addresses of the targets that are registered for a backend, by the beginning of its resource tag. */
export function registered({ world }: FakeAws, resource: string): readonly (readonly string[])[] {
  const lists: (readonly string[])[] = [];
  for (const { tags, targets } of world.elb.targetGroups.all()) {
    const own = tags.get('service.k8s.aws/resource') ?? tags.get('ingress.k8s.aws/resource') ?? '';
    if (!own.startsWith(resource) || tags.get(cluster) !== 'test') continue;
    lists.push(
      [...targets.values()]
        .filter(({ drainedMs }) => drainedMs === undefined)
        .map(({ id }) => id)
        .sort(),
    );
  }
  return lists;
}

/** Everything that is not ours, as text: it must never change. */
export function foreign({ world }: FakeAws): string {
  const plain = (value: unknown): unknown => (value instanceof Map ? [...value] : value);
  const found: unknown[] = [];
  for (const { tags, name, attributes, listeners, securityGroups } of world.elb.loadBalancers.all()) {
    if (tags.has(cluster)) continue;
    const places = [...listeners].map(({ Port, defaultRule, rules }) => [Port, defaultRule.actions, rules.size]);
    found.push([name, plain(tags), plain(attributes), places, securityGroups]);
  }
  for (const { tags, name, targets } of world.elb.targetGroups.all())
    if (!tags.has(cluster)) found.push([name, [...targets.keys()]]);
  for (const { tags, GroupName } of world.ec2.securityGroups.all())
    if (!tags.has(cluster)) found.push([GroupName, plain(tags)]);
  return JSON.stringify(found);
}
