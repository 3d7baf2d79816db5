import type { Handle, Member, MemberSet, Observed, Resource } from '../../src/model/index.ts';
import { memberTag } from './names.ts';
import type { Present } from './present.ts';

/** Id of a target group → its targets now: what is kept follows them. */
export type LiveTargets = ReadonlyMap<string, MemberSet>;

/** What exists of a unit, wanted as it is but for its targets: where nothing better is known, nothing is taken away. */
export function keepUnit(unit: string, present: Present, live: LiveTargets = new Map()): readonly Resource[] {
  const kept = new Map<string, Resource>();
  for (const object of oneGeneration(unit, undefined, present)) {
    const key = `${object.kind} ${object.id}`;
    if (!kept.has(key)) kept.set(key, asWanted(object, present, live));
  }
  return [...kept.values()];
}

/** In the middle of a replacement: what hangs at one load balancer, the wanted one or that with most behind it. */
function oneGeneration(unit: string, handle: Handle | undefined, present: Present): readonly Observed[] {
  const all = present.inUnit(unit);
  const balancers = all.filter(({ kind }) => kind === 'LoadBalancer');
  if (balancers.length < 2) return all;
  const size = (one: Observed): number =>
    one.handle === handle ? Number.MAX_VALUE : present.childrenOf(one.handle).length;
  const [chosen] = [...balancers].sort((a, b) => size(b) - size(a));
  return all.filter((object) => {
    const at = balancersOf(object, present);
    return at.size === 0 || at.has(chosen?.handle ?? '');
  });
}

function balancersOf({ kind, handle, refs }: Observed, present: Present): ReadonlySet<Handle> {
  if (kind === 'LoadBalancer') return new Set([handle]);
  if (kind === 'TargetGroup') return present.balancersOf(handle);
  const lb = refs.LoadBalancerArn ?? present.at('Listener', refs.ListenerArn)?.refs.LoadBalancerArn;
  return new Set(lb === undefined ? [] : [lb]);
}

export interface Keeping {
  readonly present: Present;
  readonly live: LiveTargets;
}

/**
 * What exists beside what is wanted: listeners and rules that are to stay, their target groups and what these stand on. Rules keep their
 * place: before the first wanted rule that stood behind them.
 */
export function keepFronts(
  unit: string,
  stays: (front: Observed) => boolean,
  wanted: readonly Resource[],
  present: Present,
  live: LiveTargets = new Map(),
): readonly Resource[] {
  return keepWith(unit, stays, wanted, [], { present, live });
}

/** As `keepFronts`; `answers`: present listeners whose default action stands in the place of that of wanted ones. */
export function keepWith(
  unit: string,
  stays: (front: Observed) => boolean,
  wanted: readonly Resource[],
  answers: readonly Observed[],
  { present, live }: Keeping,
): readonly Resource[] {
  const known = new Set(wanted.map(({ kind, id }) => `${kind} ${id}`));
  const kept = new Map<string, Resource>();
  const keep = (object: Observed | undefined): void => {
    if (object === undefined || !object.owned) return;
    const key = `${object.kind} ${object.id}`;
    if (known.has(key) || kept.has(key)) return;
    kept.set(key, asWanted(object, present, live));
    keepBehind(object);
  };
  const keepBehind = (object: Observed): void => {
    for (const [name, handle] of Object.entries(object.refs)) keep(present.at(kindOf[name] ?? '', handle));
    for (const [name, set] of Object.entries(object.sets))
      if (kindOf[name] !== undefined) for (const handle of set.keys()) keep(present.at(kindOf[name] ?? '', handle));
  };
  for (const listener of answers) keepBehind(listener);
  for (const object of oneGeneration(unit, undefined, present)) {
    if ((object.kind === 'Rule' || object.kind === 'Listener') && stays(object)) keep(object);
  }
  if (kept.size + answers.length === 0) return wanted;
  const there = new Map(answers.map((listener) => [listener.id, asWanted(listener, present, live)]));
  return inPlace(
    wanted.map((one) => answering(one, one.kind === 'Listener' ? there.get(one.id) : undefined)),
    [...kept.values()],
    present,
  );
}

function answering(wanted: Resource, now: Resource | undefined): Resource {
  if (now === undefined) return wanted;
  const { DefaultActions = [], TargetGroupStickinessConfig: sticky } = now.attrs;
  const { TargetGroupArn } = now.refs;
  const { TargetGroups, Tags } = now.sets;
  const claim = Tags?.get(memberTag);
  return {
    ...wanted,
    serves: now.serves,
    attrs: {
      ...wanted.attrs,
      DefaultActions,
      ...(sticky === undefined ? {} : { TargetGroupStickinessConfig: sticky }),
    },
    refs: { ...wanted.refs, ...(TargetGroupArn === undefined ? {} : { TargetGroupArn }) },
    sets: {
      ...wanted.sets,
      ...(TargetGroups === undefined ? {} : { TargetGroups }),
      ...(claim === undefined ? {} : { Tags: new Map([...(wanted.sets.Tags ?? []), [memberTag, claim]]) }),
    },
  };
}

/** Refs and sets of objects → their kind. */
const kindOf: Readonly<Record<string, string>> = {
  LoadBalancerArn: 'LoadBalancer',
  ListenerArn: 'Listener',
  TargetGroupArn: 'TargetGroup',
  TargetGroups: 'TargetGroup',
  ManagedSecurityGroups: 'SecurityGroup',
  Source: 'SecurityGroup',
};

function asWanted(
  { kind, id, unit, serves, attrs, refs, sets }: Observed,
  present: Present,
  live: LiveTargets,
): Resource {
  const idOf = (name: string, handle: string): string => present.at(kindOf[name] ?? '', handle)?.id ?? handle;
  return {
    kind,
    id,
    unit,
    serves,
    attrs,
    refs: Object.fromEntries(Object.entries(refs).map(([name, handle]) => [name, idOf(name, handle)])),
    sets: Object.fromEntries(
      Object.entries(sets).map(([name, set]) => [
        name,
        kindOf[name] === undefined
          ? kind === 'TargetGroup' && name === 'Targets'
            ? (live.get(id) ?? set)
            : set
          : new Map([...set].map(([key, member]): [string, Member] => [idOf(name, key), member])),
      ]),
    ),
  };
}

/** Ranks of the rules of each listener anew, the kept ones where they stood. */
function inPlace(wanted: readonly Resource[], kept: readonly Resource[], present: Present): readonly Resource[] {
  const resources = [...wanted, ...kept];
  const isKept = new Set(kept);
  const number = ({ kind, id }: Resource): number | undefined => {
    const [one] = present.of(kind, id);
    return one === undefined ? undefined : Number(one.attrs.Priority);
  };
  const listeners = new Map<string, Resource[]>();
  for (const rule of resources) {
    const listener = rule.refs.ListenerArn;
    if (rule.kind !== 'Rule' || listener === undefined) continue;
    const rules = listeners.get(listener) ?? [];
    listeners.set(listener, rules);
    const mine = number(rule);
    // The wanted ones come first in the list and in their order; only kept ones find a place among them.
    const seeks = mine !== undefined && isKept.has(rule);
    const at = seeks ? rules.findIndex((other) => (number(other) ?? 0) > mine) : -1;
    if (at < 0) rules.push(rule);
    else rules.splice(at, 0, rule);
  }
  const ranks = new Map([...listeners.values()].flatMap((rules) => rules.map((rule, i) => [rule, i + 1] as const)));
  return resources.map((resource) => {
    const rank = ranks.get(resource);
    return rank === undefined || rank === resource.attrs.Priority
      ? resource
      : { ...resource, attrs: { ...resource.attrs, Priority: rank } };
  });
}
