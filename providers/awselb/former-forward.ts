/**
 * Listeners that somebody else made and services took over: where they sent to before is written in their tag of adoption, so that they can be
 * given back. Its value is the ARN of that one target group; `kept`: the default action is still theirs; `true`: nothing is known. Pure.
 */
import type { Handle, Member, Observed, Resource } from '../../src/model/index.ts';
import { adoptedTag } from './names.ts';
import type { Present } from './present.ts';

const kept = 'kept';
const unknown = 'true';

/** What is to be done with the default action when a listener is let go: turned back to a group, left, or answered with 404. */
export type GivingBack = { readonly to: Handle } | 'leave' | 'answer';

/**
 * How a listener is given back; undefined: it goes. One of a network load balancer must forward: where nobody knows to whom, it cannot stay.
 */
export function givingBackOf({ attrs, sets }: Pick<Resource, 'attrs' | 'sets'>): GivingBack | undefined {
  const mark = markOf({ sets });
  if (isArn(mark)) return { to: mark };
  if (mark === kept) return 'leave';
  const answers = attrs.Protocol === 'HTTP' || attrs.Protocol === 'HTTPS';
  return attrs.others === true || (mark !== undefined && answers) ? 'answer' : undefined;
}

/** Tags as observed: where the group that was sent to is gone, nothing is known of it. */
export function withoutGone<T extends Readonly<Record<string, string>>>(
  tags: T | undefined,
  exists: (group: Handle) => boolean,
): T | undefined {
  const mark = tags?.[adoptedTag];
  return tags === undefined || !isArn(mark) || exists(mark) ? tags : { ...tags, [adoptedTag]: unknown };
}

/**
 * A wanted listener that stands in the place of one that was there, and the mark that it gets. Where no service asks for its default action,
 * that stays, or is given back. What it sent to gives its share up when the new targets are ready: by weights, for only a group that a
 * listener names is checked.
 */
export function takenOver(
  now: Observed,
  wanted: Resource,
  present: Present,
): { readonly resource: Resource; readonly mark: string } {
  const said = markOf(now);
  const shares = forwardsOf(now);
  const theirs = [...shares].flatMap(([group, weight]) => (weight > 0 && isTheirs(group, present) ? [group] : []));
  const [only, ...more] = theirs;
  const one = more.length === 0 ? only : undefined;
  if (wanted.serves.length > 0) {
    // What a service names for itself was there before us, too.
    const [named] = said === undefined && shares.size === 1 ? shares.keys() : [];
    const before = named !== undefined && present.at('TargetGroup', named)?.attrs.Foreign === true ? named : undefined;
    return { resource: byWeight(now, wanted, present), mark: isArn(said) ? said : (one ?? before ?? unknown) };
  }
  const isDefault =
    shares.size === 0 ? said === undefined || said === kept : [...shares.keys()].every((g) => isTheirs(g, present));
  if (isDefault) return { resource: withDefault(wanted, now, now.sets.TargetGroups), mark: isArn(said) ? said : kept };
  if (!isArn(said) || !isTheirs(said, present)) return { resource: wanted, mark: said ?? unknown };
  const back = new Map<string, Member>([[said, { attrs: { Weight: 1 } }]]);
  const { DefaultActions: _, ...attrs } = wanted.attrs;
  return { resource: { ...wanted, attrs, sets: { ...wanted.sets, TargetGroups: back } }, mark: said };
}

/** The mark of adoption that a listener carries. */
function markOf({ sets: { Tags } }: Pick<Resource, 'sets'>): string | undefined {
  const value = Tags?.get(adoptedTag)?.attrs.Value;
  return typeof value === 'string' ? value : undefined;
}

function isArn(mark: string | undefined): mark is Handle {
  return mark?.startsWith('arn:') === true;
}

function isTheirs(group: Handle, present: Present): boolean {
  return present.at('TargetGroup', group)?.owned === false;
}

/** Target group → its share. */
function forwardsOf({ refs: { TargetGroupArn: only }, sets: { TargetGroups } }: Observed): ReadonlyMap<Handle, number> {
  const shares = [...(TargetGroups ?? [])].map(([group, { attrs }]) => [group, Number(attrs.Weight ?? 1)] as const);
  return new Map(only === undefined ? shares : [...shares, [only, 1] as const]);
}

function withDefault(
  wanted: Resource,
  { attrs: now }: Observed,
  groups: Resource['sets'][string] | undefined,
): Resource {
  const { TargetGroups: _, ...sets } = wanted.sets;
  const { DefaultActions = [], TargetGroupStickinessConfig: sticky } = now;
  const attrs = {
    ...wanted.attrs,
    DefaultActions,
    ...(sticky === undefined ? {} : { TargetGroupStickinessConfig: sticky }),
  };
  return { ...wanted, attrs, sets: { ...sets, ...(groups === undefined ? {} : { TargetGroups: groups }) } };
}

/** A listener of a network load balancer that sends to others, or has begun to turn from them, is turned by shares. */
function byWeight(now: Observed, wanted: Resource, present: Present): Resource {
  const { TargetGroupArn: to, ...refs } = wanted.refs;
  const { TargetGroupArn: from } = now.refs;
  const turns = (now.sets.TargetGroups?.size ?? 0) > 0 || (from !== undefined && isTheirs(from, present));
  if (to === undefined || !turns || now.attrs.Protocol !== wanted.attrs.Protocol) return wanted;
  const TargetGroups = new Map<string, Member>([[to, { attrs: { Weight: 1 } }]]);
  return { ...wanted, refs, sets: { ...wanted.sets, TargetGroups } };
}
