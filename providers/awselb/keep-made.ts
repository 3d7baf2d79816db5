/**
 * A load balancer that somebody else made has more than services ask for: rules that carry no tag of ours stay at their place, and a listener
 * that was there keeps its certificates, and its default action where nobody asks for one. What a rule of a service says itself is that service's, whoever made it. Pure.
 */
import type { Member, Observed, Resource } from '../../src/model/index.ts';
import { besideTheirs } from './former-certificates.ts';
import { takenOver } from './former-forward.ts';
import { marksOf } from './former-rule.ts';
import { securityMarks } from './former-security.ts';
import { keepFronts } from './keep.ts';
import { adoptedTag, clusterTag } from './names.ts';
import type { Present } from './present.ts';

export function keepMade(unit: string, wanted: readonly Resource[], present: Present): readonly Resource[] {
  if (!wanted.some(({ kind, sets }) => kind === 'LoadBalancer' && sets.Tags?.has(adoptedTag) === true)) return wanted;
  const marked = wanted.map((resource) => asThere(resource, present));
  return keepFronts(unit, (front) => front.kind === 'Rule' && isUntagged(front), marked, present);
}

/** One that was there keeps its tags, and is marked as made elsewhere, so that it is known after it got ours. */
function asThere(wanted: Resource, present: Present): Resource {
  if (wanted.kind !== 'Listener' && wanted.kind !== 'Rule') return wanted;
  const [now, ...more] = present.of(wanted.kind, wanted.id);
  if (now === undefined || more.length > 0) return wanted;
  if (!isUntagged(now) && now.sets.Tags?.has(adoptedTag) !== true) return wanted;
  const { resource, marks } =
    wanted.kind === 'Listener' ? listenerThere(now, wanted, present) : { resource: wanted, marks: marksOf(now) };
  const Tags = new Map<string, Member>([...(now.sets.Tags ?? []), ...(resource.sets.Tags ?? []), ...marks]);
  return { ...resource, sets: { ...resource.sets, Tags } };
}

function listenerThere(now: Observed, wanted: Resource, present: Present) {
  const beside = besideTheirs(now, wanted);
  const { resource, mark } = takenOver(now, beside.wanted, present);
  const marks = [...beside.marks, ...securityMarks(now, wanted)];
  return { resource, marks: new Map<string, Member>([[adoptedTag, { attrs: { Value: mark } }], ...marks]) };
}

function isUntagged({ sets: { Tags } }: Observed): boolean {
  return Tags?.has(clusterTag) !== true;
}
