import type { Handle, Member, MemberSet, Observed, Resource } from '../../src/model/index.ts';
import { takenOf } from './covering.ts';
import { clusterTag, memberTag } from './names.ts';
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
 * place.
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

/**
 * Ranks of the rules of each listener anew; what is new counts as what stands last, which it soon does. What hands have made stands right behind
 * the last wanted one that stands before it now. What was made for services stands before the next one that is at its place, and lets narrower
 * ones pass.
 */
function inPlace(wanted: readonly Resource[], kept: readonly Resource[], present: Present): readonly Resource[] {
  const number = ({ kind, id }: Resource): number | undefined => {
    const [one] = present.of(kind, id);
    return one === undefined ? undefined : Number(one.attrs.Priority);
  };
  const rank = ({ attrs }: Resource): number => Number(attrs.Priority);
  const listeners = Map.groupBy(
    wanted.filter(isRule).sort((a, b) => rank(a) - rank(b)),
    listenerOf,
  );
  for (const rule of kept.filter(isRule).sort((a, b) => (number(a) ?? 0) - (number(b) ?? 0))) {
    const rules = listeners.get(listenerOf(rule)) ?? [];
    listeners.set(listenerOf(rule), rules);
    const mine = number(rule) ?? 0;
    const now = rules.map((other) => number(other) ?? Number.POSITIVE_INFINITY);
    if (rule.sets.Tags?.has(clusterTag) !== true) {
      rules.splice(now.findLastIndex((at) => at < mine) + 1, 0, rule);
      continue;
    }
    // What is to rise, as all that is new, tells of no place.
    const behind = now.findIndex((at, i) => at > mine && now.slice(i).every((later) => later >= at));
    const narrower = rules.findLastIndex((other) => isNarrower(other, rule));
    rules.splice(Math.max(behind < 0 ? rules.length : behind, narrower + 1), 0, rule);
  }
  const ranks = new Map([...listeners.values()].flatMap((rules) => rules.map((rule, i) => [rule, i + 1] as const)));
  return [...wanted, ...kept].map((resource) => {
    const rank = ranks.get(resource);
    return rank === undefined || rank === resource.attrs.Priority
      ? resource
      : { ...resource, attrs: { ...resource.attrs, Priority: rank } };
  });
}

function isRule({ kind, refs }: Resource): boolean {
  return kind === 'Rule' && refs.ListenerArn !== undefined;
}

function listenerOf({ refs }: Resource): string {
  return refs.ListenerArn ?? '';
}

function isNarrower({ attrs: { Conditions: one } }: Resource, { attrs: { Conditions: other } }: Resource): boolean {
  return takenOf(other, one) === 'all' && takenOf(one, other) !== 'all';
}
