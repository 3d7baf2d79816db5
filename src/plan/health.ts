import type { Policy, ServiceId } from '../model/index.ts';
import type { Rules } from './rules.ts';
import { type Present, type Scene, type Target, usable, Wanted } from './scene.ts';
import type { SetShape } from './shape.ts';
import type { Sketch } from './sketch.ts';

/** Ready members of one set of an object, as seen. A set without health counts every usable member. */
function readyIn(present: Present, set: SetShape): number {
  const members = present.it.sets[set.name];
  if (members === undefined) return 0;
  const health = present.it.health?.[set.name];
  let count = 0;
  for (const [key, member] of members) {
    if (usable(set, member) && (health === undefined || health.get(key) === 'ready')) count++;
  }
  return count;
}

/** The objects at which the traffic of an object ends, itself included. */
function carriersOf(scene: Scene, object: Present): readonly Present[] {
  const { shape, it } = object;
  const found: Present[] = shape.carrier ? [object] : [];
  if (!shape.serving) return found;
  for (const ref of shape.refs) {
    if (!ref.serving) continue;
    const next = scene.find(ref.to, it.refs[ref.name]);
    if (next !== undefined) found.push(...carriersOf(scene, next));
  }
  for (const set of shape.linkSets) {
    if (!set.serving || set.to === undefined) continue;
    for (const [handle, member] of it.sets[set.name] ?? []) {
      const next = usable(set, member) ? scene.find(set.to, handle) : undefined;
      if (next !== undefined) found.push(...carriersOf(scene, next));
    }
  }
  return found;
}

/** The wanted objects at which the traffic of a wanted object shall end, itself included. */
export function wantedCarriers(scene: Scene, object: Wanted): readonly Wanted[] {
  const found: Wanted[] = object.shape.carrier ? [object] : [];
  if (!object.shape.serving) return found;
  for (const next of servedBy(scene, object)) found.push(...wantedCarriers(scene, next));
  return found;
}

/** The objects at which the traffic to a target ends: of somebody else's as they are. */
export function carriersBehind(scene: Scene, target: Target): readonly Target[] {
  return target instanceof Wanted ? wantedCarriers(scene, target) : carriersOf(scene, target);
}

/** The wanted objects to which a wanted front sends traffic. */
export function servedBy(scene: Scene, front: Wanted): readonly Wanted[] {
  return sentTo(scene, front).filter((target) => target instanceof Wanted);
}

/** What a wanted front sends traffic to, of somebody else's too. */
export function sentTo(scene: Scene, { it, shape }: Wanted): readonly Target[] {
  const found: Target[] = [];
  const add = (target: Target | undefined): void => {
    if (target !== undefined) found.push(target);
  };
  for (const ref of shape.refs) {
    const id = it.refs[ref.name];
    if (ref.serving && id !== undefined) add(scene.resolve(ref.to, id));
  }
  for (const set of shape.linkSets) {
    if (!set.serving || set.to === undefined) continue;
    for (const [id, member] of it.sets[set.name] ?? []) if (usable(set, member)) add(scene.resolve(set.to, id));
  }
  return found;
}

/** How many ready members stand behind an object now; with `service`, those of objects that serve it. */
export function readyBehind(scene: Scene, object: Present, service?: ServiceId): number {
  let count = 0;
  for (const carrier of carriersFor(scene, object, service)) {
    for (const set of carrier.shape.plainSets) if (set.serving) count += readyIn(carrier, set);
  }
  return count;
}

/** Whether nothing behind an object is ready, for a service or at all, and something may soon be. */
export function isRising(scene: Scene, object: Present, service?: ServiceId): boolean {
  if (readyBehind(scene, object, service) > 0) return false;
  return carriersFor(scene, object, service).some(({ it, shape }) =>
    shape.plainSets.some(
      (set) =>
        set.serving &&
        [...(it.sets[set.name] ?? [])].some(([key, member]) => usable(set, member) && isOnItsWay(it, set, key)),
    ),
  );
}

/**
 * How many ready members could be lost behind an object: where none is known to be ready, one if any was on its way when it was read, for
 * it may have arrived since.
 */
export function losableBehind({ scene, rules }: Sketch, object: Present, service?: ServiceId): number {
  const ready = readyBehind(scene, object, service);
  return ready === 0 && rules.rising && isRising(scene, object, service) ? 1 : ready;
}

/** Whether the checks of a member have not come to an end. */
export function isOnItsWay({ health }: Present['it'], { name }: SetShape, key: string): boolean {
  return health?.[name]?.get(key) === 'initial';
}

function carriersFor(scene: Scene, object: Present, service: ServiceId | undefined): readonly Present[] {
  const carriers = carriersOf(scene, object);
  const own = service === undefined ? carriers : carriers.filter(({ it }) => it.serves.includes(service));
  return own.length > 0 ? own : carriers;
}

/** Members of a set that shall take traffic: those that are there, where the policy lets nothing be added to what exists. */
export function expectedMembers(carrier: Target, set: SetShape, policy: Policy): readonly string[] {
  const { it } = carrier;
  const kept = carrier instanceof Wanted ? carrier.kept : undefined;
  const present = policy === 'create-only' ? kept?.it.sets[set.name] : undefined;
  const keys: string[] = [];
  for (const [key, member] of it.sets[set.name] ?? []) {
    if (usable(set, member) && (kept === undefined || policy !== 'create-only' || present?.has(key) === true))
      keys.push(key);
  }
  return keys;
}

/** How many members an object shall have, or has that is somebody else's, that could take traffic. */
export function usableMembers(carrier: Target, policy: Policy): number {
  let count = 0;
  for (const set of carrier.shape.plainSets) if (set.serving) count += expectedMembers(carrier, set, policy).length;
  return count;
}

/** How many members a wanted object shall have that are not known to be ill. */
export function hopefulMembers({ it, kept, shape }: Wanted): number {
  let count = 0;
  for (const set of shape.plainSets) {
    if (!set.serving) continue;
    const health = kept?.it.health?.[set.name];
    for (const [key, member] of it.sets[set.name] ?? [])
      if (usable(set, member) && health?.get(key) !== 'unhealthy') count++;
  }
  return count;
}

/** Such members that are ready already, where that is known to last. */
export function readyAlready(scene: Scene, carrier: Target, rules: Rules): number {
  const { shape, it } = carrier;
  const kept = carrier instanceof Wanted ? carrier.kept : carrier;
  if (kept === undefined) return 0;
  let count = 0;
  for (const set of shape.plainSets) {
    if (!set.serving) continue;
    const health = kept.it.health?.[set.name];
    if (health !== undefined && !healthLasts(scene, carrier, rules)) continue;
    const now = kept.it.sets[set.name];
    for (const [key, member] of it.sets[set.name] ?? []) {
      const seen = now?.get(key);
      if (seen === undefined || !usable(set, member) || !usable(set, seen)) continue;
      if (health === undefined || health.get(key) === 'ready') count++;
    }
  }
  return count;
}

/**
 * Whether the health of an object is known now and stays known: always for kinds that check unused objects, else while a user
 * that stays refers to it and goes on doing so.
 */
export function healthLasts(scene: Scene, carrier: Target, rules: Rules): boolean {
  const { shape } = carrier;
  const kept = carrier instanceof Wanted ? carrier.kept : carrier;
  if (shape.spec.unusedHealth === true || shape.front) return true;
  if (kept === undefined) return false;
  return kept.uses.some(({ user, via }) => {
    if (!via.serving) return false;
    if (user.fate === 'foreign' || !rules.lastingUser) return true;
    return user.fate === 'kept' && user.wanted !== undefined && refersTo(scene, user.wanted, via.name, carrier);
  });
}

/** Whether a wanted user refers to an object by this ref or set. */
export function refersTo(scene: Scene, user: Wanted, name: string, object: Target): boolean {
  const id = user.it.refs[name];
  if (id !== undefined) return scene.resolve(object.shape, id) === object;
  const members = user.it.sets[name];
  if (members?.has(object.it.id) === true) return true;
  return !(object instanceof Wanted) && members?.has(object.it.handle) === true;
}
