import type { ExportedService, FrontGroup, Member, Problem, Resource, ServiceId } from '../../src/model/index.ts';
import { type Bare, bareGroups } from './bare-rules.ts';
import { growOnly, othersIn, unclaimedAnswers, unclaimedRules } from './beside-others.ts';
import type { Build } from './build.ts';
import { adopt, adoptedFirst, isAdopted, mayReplace } from './consent.ts';
import { roleTag } from './find-subnets.ts';
import { keepFronts, keepUnit } from './keep.ts';
import { keepMade } from './keep-made.ts';
import { keepServices } from './keep-shared.ts';
import { listenerOf } from './listeners.ts';
import { liveTargets } from './live-targets.ts';
import { keptOf, loadBalancerOf, schemeOf } from './load-balancer.ts';
import { checkMembers, groupName, onePerPort, typeOf } from './members.ts';
import { tellNames } from './name-changes.ts';
import {
  backendGroup,
  type LoadBalancerType,
  loadBalancerId,
  memberTag,
  ownershipTags,
  stackOf,
  tagText,
  unitName,
} from './names.ts';
import { tellOpening } from './opening.ts';
import { checkQuotas } from './quotas.ts';
import { securityGroupsOf } from './security-groups.ts';
import { settle } from './settle.ts';
import { tellShadows } from './shadowing.ts';
import { chooseSubnets } from './subnets.ts';
import type { Frame } from './target-group.ts';
import { tell, tellSetting, tellUnasked } from './tell.ts';
import { besideUnheard, guardedBy } from './unheard.ts';

export interface GroupResult {
  readonly unit: string;
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
  /** Target groups whose security groups are to let the back-end group in. */
  readonly opened: readonly Resource[];
  /** Target groups of a load balancer without security groups. */
  readonly bare: readonly Bare[];
  readonly type: LoadBalancerType;
  /** The load balancer is new to the account. */
  readonly fresh: boolean;
  /** Nobody in the group is served as wanted: what exists is kept. */
  readonly stopped: boolean;
}

/**
 * One load balancer and everything behind it, for the services that share it. A service that asks for what cannot be is left out by name
 * and the rest is made again without it; what exists of it stays as it is.
 */
export function groupResult(
  group: FrontGroup,
  shared: Omit<Build, 'refuse' | 'warn'>,
  barred: readonly Problem[] = [],
): GroupResult {
  const refused = new Map<ServiceId, Problem[]>();
  for (const problem of barred) if (problem.service !== undefined) refused.set(problem.service, [problem]);
  const [first] = group.services;
  const type = first === undefined ? 'network' : typeOf(first, group, shared);
  const stack = first === undefined ? undefined : stackOf(first, type, groupName(first, shared));
  const unit = unitName(shared.balancer, stack === undefined ? group.key : loadBalancerId(stack));
  for (;;) {
    const members = group.services.filter(({ id }) => !refused.has(id));
    const told: Problem[] = [];
    let fresh = false;
    const build: Build = {
      ...shared,
      refuse: (service, problem) => {
        const known = refused.get(service.id);
        if (known === undefined) {
          refused.set(service.id, [problem]);
          fresh = true;
        } else if (!known.some(({ field, message }) => field === problem.field && message === problem.message))
          known.push(problem);
      },
      warn: (problem) => told.push(problem),
    };
    const made =
      members.length === 0 || stack === undefined ? undefined : attempt(group, type, members, { build, unit, stack });
    if (fresh) continue;
    const problems: Problem[] = [...[...refused.values()].flat(), ...distinct(told)];
    const stopped = made === undefined;
    const lost = group.services.filter(({ id }) => refused.has(id));
    const live = lost.length === 0 || stack === undefined ? new Map() : liveTargets(group, lost, type, stack, shared);
    const asked = keepMade(unit, made?.resources ?? [], shared.present);
    problems.push(...tellShadows(asked, members, shared.present));
    const some = stack?.explicit === true && shared.options.orphans !== 'delete';
    const unclaimed = new Set(some ? unclaimedRules(unit, asked, shared.present) : []);
    const answers = some ? unclaimedAnswers(unit, asked, shared.present) : [];
    const wanted = keepFronts(unit, (front) => unclaimed.has(front), asked, shared.present);
    const others = stopped ? [] : othersIn(unit, [...unclaimed, ...answers], shared.present);
    if (first !== undefined && others.length > 0) problems.push(tellOthers(first, others));
    const whole = stopped
      ? keepUnit(unit, shared.present, live)
      : keepServices(unit, lost, others.length === 0 ? wanted : growOnly(wanted, shared.present), {
          present: shared.present,
          live,
        });
    const waits = stack?.explicit === true ? (lost[0]?.id ?? (shared.incomplete ? unread : undefined)) : undefined;
    const resources =
      stopped || (waits === undefined && others.length === 0)
        ? whole
        : besideUnheard(whole, shared.present, {
            read: members,
            settings: shared.settings,
            waits,
            ports: others.length > 0 || shared.incomplete ? undefined : guardedBy(lost, shared.settings),
          });
    const opened = opensBackends(resources, shared) ? resources.filter(({ kind }) => kind === 'TargetGroup') : [];
    problems.push(...tellOpening(resources, members, shared.present));
    const bare = type === 'network' ? bareGroups(resources, { ...shared, services: group.services }) : [];
    return { unit, resources, problems, opened, bare, type, fresh: made?.fresh ?? false, stopped };
  }
}

/** By what a plan names those of whom a source that cannot be read may tell. */
const unread = 'whoever cannot be read';

function tellOthers(first: ExportedService, others: readonly string[]): Problem {
  const who = `${others.slice(0, 5).join(', ')}${others.length > 5 ? ` and ${others.length - 5} more` : ''}`;
  const message = `the load balancer of this group serves others whom this weir was never asked for (${who}, as their target groups, listeners and rules say): nothing of theirs is taken away, nor of what all of them share, and nobody is let in there whom no service names (inbound-cidrs, sourceRanges). Give weir all of the group, or remove what is left of them in AWS (options.orphans: delete removes all such)`;
  return tell(first, 'W_ORPHAN', 'group', first.bundle?.key ?? '', message);
}

/** The load balancer carries the group that nodes and pods let in. */
function opensBackends(resources: readonly Resource[], { options }: Pick<Build, 'options'>): boolean {
  const word = options.backendSecurityGroup ?? backendGroup;
  return resources.some(({ attrs }) => Array.isArray(attrs.SecurityGroups) && attrs.SecurityGroups.includes(word));
}

interface Attempt {
  readonly resources: readonly Resource[];
  readonly fresh: boolean;
}

/** Undefined when the load balancer itself cannot be: somebody has been refused then. */
function attempt(
  group: FrontGroup,
  type: LoadBalancerType,
  members: readonly ExportedService[],
  place: Pick<Frame, 'build' | 'unit' | 'stack'>,
): Attempt | undefined {
  const { build, stack } = place;
  const [first] = members;
  if (first === undefined) return undefined;
  // The settings of who cannot be a member count for nothing.
  if (!checkMembers(group, type, members, build)) return undefined;
  const settled = settle(members, build);
  const lb = loadBalancerId(stack);
  const present = build.present.of('LoadBalancer', lb);
  const asked = adopt(settled, type, first, build);
  if (asked === undefined) return undefined;
  const scheme = schemeOf(asked, present, type, build);
  const kept = keptOf(adoptedFirst(present, settled, build), type, scheme);
  const [old] = present;
  if (kept === undefined && old !== undefined && !mayReplace(settled, old, members, build)) return undefined;
  tellNames(kept, old, { settled, type, scheme, stack, members, unit: place.unit, build });
  const adopted = isAdopted(settled, kept, build);
  const sticky = adopted ? kept?.attrs.IpAddressType : undefined;
  const ipAddressType = settled.ipAddressType ?? (typeof sticky === 'string' ? sticky : build.options.ipAddressType);
  const mappings = chooseSubnets({ type, scheme, ipAddressType, settled, kept: kept?.attrs.SubnetMappings }, build);
  if ('message' in mappings) {
    const { code, path, value, message } = mappings;
    // Who named the subnets, else all: none of them can have a load balancer.
    const named = members.filter((member) => Object.hasOwn(build.settings(member), path[0] ?? ''));
    for (const member of named.length > 0 ? named : members)
      build.refuse(member, tellSetting(member, code, path, value, message));
    return undefined;
  }
  if (mappings.length === 0) {
    const message = `its subnets are found in the VPC, by the tag ${roleTag(scheme)} or by route`;
    build.warn(tellUnasked(first, ['subnets'], message));
  }
  const frame: Frame = {
    ...place,
    lb,
    type,
    ipAddressType,
    adopted,
    vpcId: build.environment.Vpc?.VpcId ?? build.options.vpcId,
    keptLb: kept?.handle,
    claim: ({ origin: { namespace, name } }) =>
      stack.explicit ? tagSet({ [memberTag]: tagText(`${namespace}/${name}`) }) : new Map(),
    tags: (resource, service) =>
      tagSet({
        ...build.options.tags,
        ...build.settings(service).tags,
        ...ownershipTags(build.cluster, stack, resource === '' ? undefined : resource),
      }),
    sharedTags: (resource) =>
      tagSet({ ...build.options.tags, ...settled.tags, ...ownershipTags(build.cluster, stack, resource) }),
  };
  const inside = new Set(members);
  const listeners = onePerPort(group, type, inside, build);
  const parts = listeners.flatMap((listener) => listenerOf(listener, settled, inside, frame) ?? []);
  const guarding = securityGroupsOf(listeners, settled, members, frame);
  const balancer = loadBalancerOf({ settled, scheme, mappings, guarding, members }, frame);
  const groups = new Map<string, Resource>();
  for (const one of parts.flatMap((part) => part.groups)) {
    const before = groups.get(one.id);
    const serves = [...new Set([...(before?.serves ?? []), ...one.serves])];
    groups.set(one.id, before === undefined ? one : { ...before, serves });
  }
  const resources = [
    ...guarding.managed,
    balancer,
    ...groups.values(),
    ...parts.map(({ listener }) => listener),
    ...parts.flatMap(({ rules }) => rules),
  ];
  checkQuotas(resources, type, members, build);
  return {
    resources: resources.map((one) => withForeignTags(one, adopted, build)),
    fresh: kept === undefined,
  };
}

function tagSet(tags: Readonly<Record<string, string>>): ReadonlyMap<string, Member> {
  return new Map(Object.entries(tags).map(([key, Value]): [string, Member] => [key, { attrs: { Value } }]));
}

/** Tags that somebody else manages, and all tags of an adopted load balancer, stay. */
function withForeignTags(resource: Resource, adopted: boolean, { options, present }: Build): Resource {
  const all = adopted && resource.kind === 'LoadBalancer';
  if (!all && options.externalManagedTags.length === 0) return resource;
  const extra = present
    .of(resource.kind, resource.id)
    .flatMap(({ sets }) => [...(sets.Tags ?? [])].filter(([key]) => all || options.externalManagedTags.includes(key)));
  if (extra.length === 0) return resource;
  return { ...resource, sets: { ...resource.sets, Tags: new Map([...extra, ...(resource.sets.Tags ?? [])]) } };
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ code, service, field, message }) => {
    const key = `${code} ${service} ${field} ${message}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
