/**
 * Listeners and rules that were there before us, when no service asks for them any more: they do again what they did before, and what they turn
 * from drains; then they are let go. Pure.
 */
import type { Member, Observed, Resource, Unit } from '../../src/model/index.ts';
import { notFound } from './actions.ts';
import { givingBackOf } from './former-forward.ts';
import { formerRuleOf, isFormer } from './former-rule.ts';
import { keepWith } from './keep.ts';
import { adoptedTag } from './names.ts';
import type { Present } from './present.ts';

/** What a unit wants until all is given back there; undefined: nothing is to be turned. `wanted`: what services ask for. */
export function giveBack(unit: Unit, wanted: readonly Resource[], present: Present): readonly Resource[] | undefined {
  const all = present.inUnit(unit);
  if (!all.some(isAdopted)) return undefined;
  const asked = new Set(wanted.map(keyOf));
  const turned = new Map<string, (front: Resource) => Resource>();
  for (const front of all) {
    const turn = asked.has(keyOf(front)) ? undefined : turnOf(front, asked, present);
    if (turn !== undefined) turned.set(keyOf(front), turn);
  }
  if (turned.size === 0) return undefined;
  const kept = keepWith(unit, (front) => turned.has(keyOf(front)), wanted, [], { present, live: new Map() });
  // What is turned from goes when it has drained.
  return kept.flatMap((one) =>
    asked.has(keyOf(one)) ? [one] : one.kind === 'TargetGroup' ? [] : [turned.get(keyOf(one))?.(one) ?? one],
  );
}

export function isAdopted({ kind, sets }: Observed): boolean {
  return kind === 'LoadBalancer' && sets.Tags?.has(adoptedTag) === true;
}

function keyOf({ kind, id }: Pick<Resource, 'kind' | 'id'>): string {
  return `${kind} ${id}`;
}

/** What makes of a front what it was; undefined: it is that, and nothing drains, or nobody knows what it was. */
function turnOf(
  front: Observed,
  asked: ReadonlySet<string>,
  present: Present,
): ((front: Resource) => Resource) | undefined {
  const done = isDraining(front, asked, present) ? (one: Resource) => one : undefined;
  if (front.kind === 'Rule') {
    const former = formerRuleOf(front);
    if (former === undefined || isFormer(front, former)) return former === undefined ? undefined : done;
    const shares = [...former.groups].map(([arn, Weight]): [string, Member] => [arn, { attrs: { Weight } }]);
    return (one) => forwarding(one, 'Actions', former.attrs, shares);
  }
  if (front.kind !== 'Listener' || front.sets.Tags?.has(adoptedTag) !== true) return undefined;
  const back = givingBackOf(front);
  const { TargetGroupArn: only } = front.refs;
  const groups = [...(only === undefined ? [] : [only]), ...(front.sets.TargetGroups?.keys() ?? [])];
  if (back === undefined || back === 'leave') return undefined;
  if (back === 'answer')
    return groups.length === 0 ? done : (one) => forwarding(one, 'DefaultActions', { DefaultActions: notFound }, []);
  if (groups.length === 1 && groups[0] === back.to) return done;
  return (one) => forwarding(one, 'DefaultActions', { DefaultActions: [] }, [[back.to, { attrs: { Weight: 1 } }]]);
}

function forwarding(
  { attrs, refs, sets, ...rest }: Resource,
  name: 'Actions' | 'DefaultActions',
  said: Resource['attrs'],
  shares: readonly (readonly [string, Member])[],
): Resource {
  const { [name]: _, TargetGroupStickinessConfig: __, ClientSecret: ___, ...plain } = attrs;
  const { TargetGroupArn: ____, ...others } = refs;
  const { TargetGroups: _____, ...own } = sets;
  const TargetGroups = shares.length === 0 ? {} : { TargetGroups: new Map(shares) };
  return { ...rest, attrs: { ...plain, ...said }, refs: others, sets: { ...own, ...TargetGroups } };
}

/** What it has left goes, is still there, and has connections that may live. */
function isDraining({ health = {} }: Observed, asked: ReadonlySet<string>, present: Present): boolean {
  return Object.values(health).some((told) =>
    [...told].some(([group, state]) => {
      const left = state === 'draining' ? present.at('TargetGroup', group) : undefined;
      return left !== undefined && !asked.has(keyOf(left));
    }),
  );
}
