/** A load balancer that serves members of its group whom this weir was never asked for, too: nothing is taken from what all of them share. Pure. */
import { type Json, type Observed, type Resource, sameJson } from '../../src/model/index.ts';
import { adoptedTag, clusterTag, isOther, memberTag } from './names.ts';
import type { Present } from './present.ts';

/** Those members, as the tags of their target groups and rules name them; by port or rule where no tag does. */
export function othersIn(unit: string, unclaimed: readonly Observed[], present: Present): readonly string[] {
  const found = present.others(unit).flatMap(({ serves, attrs }) => {
    const named = serves.filter(isOther);
    return named.length > 0
      ? named.map((id) => id.slice(id.indexOf(':') + 1))
      : [`whoever is served at port ${String(attrs.Port)}`];
  });
  const rules = unclaimed.map(({ kind, attrs }) =>
    kind === 'Rule'
      ? `whoever has rule ${String(attrs.Place)}`
      : `whoever has the answer at port ${String(attrs.Port)}`,
  );
  return [...new Set([...found, ...rules])].sort();
}

/**
 * Rules of a group that nobody here asks for and that tell neither of a member nor of a target group, as aws-load-balancer-controller makes
 * redirects.
 */
export function unclaimedRules(unit: string, wanted: readonly Resource[], present: Present): readonly Observed[] {
  const asked = new Set(wanted.flatMap(({ kind, id }) => (kind === 'Rule' ? [id] : [])));
  return present
    .inUnit(unit)
    .filter(
      ({ kind, id, sets: { Tags, TargetGroups } }) =>
        kind === 'Rule' &&
        !asked.has(id) &&
        Tags?.has(clusterTag) === true &&
        !Tags.has(memberTag) &&
        (TargetGroups?.size ?? 0) === 0,
    );
}

/**
 * Listeners that answer where no rule holds by something that nobody here asks for and whose tags tell no member: so aws-load-balancer-controller
 * makes what it redirects as a whole.
 */
export function unclaimedAnswers(unit: string, wanted: readonly Resource[], present: Present): readonly Observed[] {
  const asked = new Map(wanted.flatMap((one) => (one.kind === 'Listener' ? [[one.id, one] as const] : [])));
  return present.inUnit(unit).filter((now) => {
    const want = now.kind === 'Listener' ? asked.get(now.id) : undefined;
    return want !== undefined && isUnclaimed(want, now);
  });
}

function isUnclaimed(wanted: Resource, { attrs: { DefaultActions: actions }, sets: { Tags } }: Observed): boolean {
  if (wanted.serves.length > 0 || Tags?.has(clusterTag) !== true) return false;
  if (Tags.has(memberTag) || Tags.has(adoptedTag) || !Array.isArray(actions) || actions.length === 0) return false;
  return !sameJson(actions, wanted.attrs.DefaultActions ?? []);
}

/** With all that the present objects have more. */
export function growOnly(resources: readonly Resource[], present: Present): readonly Resource[] {
  return resources.map((resource) => {
    const [now, ...more] = present.of(resource.kind, resource.id);
    const grow = grown[resource.kind];
    return now === undefined || more.length > 0 || grow === undefined ? resource : grow(resource, now);
  });
}

/** A load balancer with the groups, the addresses and the tags that it has beside those that are wanted. */
export function grownBalancer(wanted: Resource, now: Observed): Resource {
  const { SecurityGroups, IpAddressType } = wanted.attrs;
  const attrs = {
    ...wanted.attrs,
    SecurityGroups: union(now.attrs.SecurityGroups, SecurityGroups),
    // Who asked for IPv6 may be one of the others.
    ...(IpAddressType === 'ipv4' ? { IpAddressType: now.attrs.IpAddressType ?? 'ipv4' } : {}),
  };
  return withSets({ ...wanted, attrs }, now, ['Tags']);
}

const grown: Readonly<Record<string, (wanted: Resource, now: Observed) => Resource>> = {
  LoadBalancer: grownBalancer,
  SecurityGroup: (wanted, now) => withSets(withTheirTags(wanted, now), now, ['IpPermissions']),
  Listener(wanted, now) {
    const said = now.sets.Tags?.get(memberTag);
    // Whose it is that answers where no rule holds is not said anew: it may be one of the others.
    const Tags = new Map(withTheirTags(wanted, now).sets.Tags);
    if (said !== undefined && now.serves.some(isOther)) Tags.set(memberTag, said);
    else if (said === undefined && wanted.serves.length === 0) Tags.delete(memberTag);
    const grownUp = withSets({ ...wanted, sets: { ...wanted.sets, Tags } }, now, ['Certificates']);
    if (!now.serves.some(isOther) && !isUnclaimed(wanted, now)) return grownUp;
    // Who is served where no rule holds are others: they were there first.
    const { TargetGroupArn: _, ...refs } = grownUp.refs;
    const { TargetGroups: __, ...sets } = grownUp.sets;
    const { TargetGroupArn: group } = now.refs;
    const { TargetGroups: groups } = now.sets;
    return {
      ...grownUp,
      attrs: { ...grownUp.attrs, DefaultActions: now.attrs.DefaultActions ?? [] },
      refs: { ...refs, ...(group === undefined ? {} : { TargetGroupArn: group }) },
      sets: {
        ...sets,
        ...(groups === undefined ? {} : { TargetGroups: groups }),
      },
    };
  },
};

/** Tags that services ask for may be those of the others. */
function withTheirTags(wanted: Resource, now: Observed): Resource {
  const theirs = [...(now.sets.Tags ?? [])].filter(([key]) => !key.includes('k8s.aws/'));
  return { ...wanted, sets: { ...wanted.sets, Tags: new Map([...theirs, ...(wanted.sets.Tags ?? [])]) } };
}

/** A listener with the certificates that it has beside those that are wanted. */
export function withCertificatesOf(now: Observed, wanted: Resource): Resource {
  return withSets(wanted, now, ['Certificates']);
}

function withSets(wanted: Resource, now: Observed, names: readonly string[]): Resource {
  const sets = names.map((name) => {
    const before = name === 'Certificates' ? aside(now, wanted) : (now.sets[name] ?? new Map());
    return [name, new Map([...before, ...(wanted.sets[name] ?? [])])] as const;
  });
  return { ...wanted, sets: { ...wanted.sets, ...Object.fromEntries(sets.filter(([, set]) => set.size > 0)) } };
}

/** The default certificate of a listener is one: where another one is wanted, that of before stands beside it. */
function aside(now: Observed, wanted: Resource): NonNullable<Resource['sets'][string]> {
  const replaced = [...(wanted.sets.Certificates?.values() ?? [])].some(({ attrs }) => attrs.IsDefault === true);
  return new Map(
    [...(now.sets.Certificates ?? [])].map(([arn, member]) => [
      arn,
      replaced ? { attrs: { ...member.attrs, IsDefault: false } } : member,
    ]),
  );
}

function union(before: Json | undefined, wanted: Json | undefined): Json {
  const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
  return [...new Set([...list(wanted), ...list(before)])];
}
