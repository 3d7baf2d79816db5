import { type Draft, labelOf } from './draft.ts';
import {
  carriersBehind,
  expectedMembers,
  healthLasts,
  hopefulMembers,
  losableBehind,
  readyAlready,
  readyBehind,
  sentTo,
  servedBy,
  usableMembers,
  wantedCarriers,
} from './health.ts';
import { type Present, type Target, usable, Wanted } from './scene.ts';
import type { SetShape } from './shape.ts';
import type { Sketch } from './sketch.ts';

const defaultDeadlineMs = 300_000;

/** How many members must be ready before as many as `losing` ready ones may be given up: half of them, but never more than half of the wanted. */
export function enough(losing: number, usableCount: number): number {
  return Math.max(1, Math.min(Math.ceil(usableCount / 2), Math.ceil(losing / 2)));
}

/** What stands between a front and a thing that it shall turn to. */
export interface Passage {
  readonly gates: readonly Draft[];
  /** Something is not known to be ready, and no gate can stand before the turn. */
  readonly blind: boolean;
}

/** The carriers behind a target that are not ready enough for what is given up. */
export function unreadyBehind(sketch: Sketch, target: Target, losing: number): readonly Target[] {
  return carriersBehind(sketch.scene, target).filter((carrier) => {
    const count = usableMembers(carrier, sketch.options.policy);
    return count > 0 && readyAlready(sketch.scene, carrier, sketch.rules) < enough(losing, count);
  });
}

/** Gates before a turn to `target`; they stand after `entry` where that makes the health known. */
export function passageTo(sketch: Sketch, target: Target, losing: number, entry?: Draft): Passage {
  const gates: Draft[] = [];
  let blind = false;
  if (!sketch.rules.gate) return { gates, blind };
  for (const carrier of unreadyBehind(sketch, target, losing)) {
    if (entry !== undefined || healthLasts(sketch.scene, carrier, sketch.rules)) {
      gates.push(gateOn(sketch, carrier, losing, entry));
    } else blind = true;
  }
  return { gates, blind };
}

/** A wait until enough members of a carrier are ready. One for each place where it can stand. */
export function gateOn(sketch: Sketch, carrier: Target, losing: number, entry?: Draft): Draft {
  const gates = sketch.gates.get(carrier) ?? new Map<Draft | undefined, Draft>();
  sketch.gates.set(carrier, gates);
  const known = gates.get(entry);
  const min = enough(losing, usableMembers(carrier, sketch.options.policy));
  if (known?.fields.until !== undefined) {
    known.fields.until = { ...known.fields.until, min: Math.max(min, known.fields.until.min) };
    return known;
  }
  const gate = newGate(sketch, carrier, min).after(entry);
  gates.set(entry, gate);
  return gate;
}

/** A gate of its own after everything that is to be added until now. */
export function newGate(sketch: Sketch, carrier: Target, min: number): Draft {
  const set = servingSet(carrier);
  const gate = waitFor(sketch, carrier, 'its targets must be ready before traffic turns to it', {
    what: 'ready',
    set: set.name,
    members: expectedMembers(carrier, set, sketch.options.policy),
    min,
  });
  if (!(carrier instanceof Wanted)) return gate;
  gate.after(sketch.creates.get(carrier));
  return sketch.rules.fillsFirst ? gate.afterAll(sketch.fills.get(carrier) ?? []) : gate;
}

/** A wait on one set of one object. */
export function waitFor(
  sketch: Sketch,
  object: Wanted | Present,
  why: string,
  until: { what: 'ready' | 'drained'; set: string; members: readonly string[]; min: number },
): Draft {
  const of = object instanceof Wanted ? sketch.refTo(object) : object.it.handle;
  if (of === undefined) throw new Error(`${labelOf(object)} is waited for and neither exists nor is created`);
  const drainMs = until.what === 'drained' ? drainMsOf(sketch, object, until) : undefined;
  const end =
    drainMs === undefined
      ? { deadlineMs: sketch.options.gateDeadlineMs ?? defaultDeadlineMs }
      : { deadlineMs: drainMs, ends: true as const };
  return sketch.draft('wait', object, why, {
    handle: of,
    until: { ...until, kind: object.shape.spec.kind, of, ...end },
  });
}

/** After what time the system has ended the connections to all these; undefined: it lets them live. */
function drainMsOf(
  { scene }: Sketch,
  { shape }: Wanted | Present,
  { set: name, members }: { set: string; members: readonly string[] },
): number | undefined {
  const to = [...shape.refs, ...shape.linkSets].find((via) => via.name === name)?.to;
  let most: number | undefined;
  for (const handle of members) {
    const left = to === undefined ? undefined : scene.find(to, handle);
    const drainMs = left?.shape.spec.drainMs?.(left.it);
    if (drainMs === undefined) return undefined;
    most = Math.max(most ?? 0, drainMs);
  }
  return most;
}

/** The set at whose members the traffic of a carrier ends. */
function servingSet({ shape, it }: Target): SetShape {
  const sets = shape.plainSets.filter((set) => set.serving);
  const set = sets.find(({ name }) => (it.sets[name]?.size ?? 0) > 0) ?? sets[0];
  if (set === undefined) throw new Error(`kind ${shape.spec.kind} carries no traffic`);
  return set;
}

/**
 * What must be done until clients of a front, or of one service at it, are served: it exists or has turned, is at its place among its
 * peers and, when `losing` ready members are given up elsewhere, has enough ready ones.
 */
export function liveOf(sketch: Sketch, front: Wanted, losing: number, service?: string): readonly Draft[] {
  const create = sketch.creates.get(front);
  const entries = sketch.entries.get(front);
  const entrances = sketch.entrances.get(front);
  const targets = front.shape.carrier ? [front] : servedBy(sketch.scene, front);
  const named = service === undefined ? targets : targets.filter(({ it }) => it.serves.includes(service));
  const own = named.length > 0 ? named : targets;
  const drafts = [...(create === undefined ? [] : [create]), ...(sketch.orders.get(front) ?? [])];
  // Without targets (a redirect) every change counts.
  if (own.length === 0) return [...drafts, ...(sketch.turns.get(front) ?? [])];
  for (const target of own) {
    const entrance = entrances?.get(target);
    if (entrance !== undefined) drafts.push(entrance);
    if (losing === 0) continue;
    const entry = entries?.get(target) ?? (target === front ? undefined : create);
    for (const carrier of unreadyBehind(sketch, target, losing)) drafts.push(gateOn(sketch, carrier, losing, entry));
  }
  return drafts;
}

/**
 * What must be done until a front that is kept has some ready target among the wanted ones, its present ones apart that leave: nothing
 * when it sends traffic to such a one already. `turn`: the draft that asks, which cannot wait for itself.
 */
export function anchorOf(sketch: Sketch, front: Wanted, turn?: Draft): readonly Draft[] {
  const targets = servedBy(sketch.scene, front).filter((target) =>
    wantedCarriers(sketch.scene, target).some((c) => usableMembers(c, sketch.options.policy) > 0),
  );
  if (targets.some((target) => sharesNow(front, target) && unreadyBehind(sketch, target, 1).length === 0)) return [];
  const entrances = sketch.entrances.get(front);
  for (const target of targets) {
    const entrance = entrances?.get(target);
    const entry = sketch.entries.get(front)?.get(target);
    if (entrance === turn && turn !== undefined) continue;
    if (entrance === undefined && !sharesNow(front, target)) continue;
    const gates = unreadyBehind(sketch, target, 1).map((carrier) => gateOn(sketch, carrier, 1, entry));
    return entrance === undefined ? gates : [entrance, ...gates];
  }
  return [];
}

/** Whether a front sends traffic to what is kept for a target now. */
function sharesNow(front: Wanted, { kept }: Wanted): boolean {
  const user = front.kept;
  if (user === undefined || kept === undefined) return false;
  return kept.uses.some((use) => {
    if (use.user !== user || !use.via.serving) return false;
    if (!('spec' in use.via)) return true;
    const member = user.it.sets[use.via.name]?.get(kept.it.handle);
    return member !== undefined && usable(use.via, member);
  });
}

/** Members of a front that are known to be ready. */
export function readyNow(sketch: Sketch, front: Wanted): number {
  return front.kept === undefined ? 0 : readyBehind(sketch.scene, front.kept);
}

/** Ready members that a front could lose. */
export function losableNow(sketch: Sketch, front: Wanted | Present): number {
  const present = front instanceof Wanted ? front.kept : front;
  return present === undefined ? 0 : losableBehind(sketch, present);
}

/** Whether a kept front that serves now is turned to what has nobody to serve, and shall have nobody. */
export function goesDark(sketch: Sketch, front: Wanted): boolean {
  const targets = sentTo(sketch.scene, front);
  if (!sketch.rules.gap || targets.length === 0 || losableNow(sketch, front) === 0) return false;
  return targets
    .flatMap((target) => carriersBehind(sketch.scene, target))
    .every((carrier) => isKnown(carrier) && usableMembers(carrier, sketch.options.policy) === 0);
}

/** Whether what somebody else's object has is read at all. */
function isKnown(carrier: Target): boolean {
  return (
    carrier instanceof Wanted ||
    carrier.shape.plainSets.some(({ name, serving }) => serving && carrier.it.sets[name] !== undefined)
  );
}

/** Whether traffic that came to it could be answered, now or before the plan is done. */
export function mayServe(sketch: Sketch, one: Wanted): boolean {
  if (one.kept !== undefined && losableNow(sketch, one) > 0) return true;
  const carriers = servedBy(sketch.scene, one).flatMap((target) => wantedCarriers(sketch.scene, target));
  return carriers.some((carrier) => hopefulMembers(carrier) > 0);
}
