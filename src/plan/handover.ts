import type { ServiceId } from '../model/index.ts';
import type { Draft } from './draft.ts';
import { liveOf, mayServe } from './gates.ts';
import { isRising, losableBehind, readyBehind } from './health.ts';
import type { Places } from './places.ts';
import type { Present, Scene, Wanted } from './scene.ts';
import type { Sketch } from './sketch.ts';

/**
 * Soft waits of fronts that lose something: a service goes after its other fronts serve it, a front goes after the front that takes its
 * place does. A front that was made loose waits for nothing and says who is interrupted.
 */
export function handOver(sketch: Sketch, changed: readonly Wanted[], dead: readonly Present[], places: Places): void {
  const fronts = new ServiceFronts(sketch.scene);
  for (const wanted of changed) {
    const { kept } = wanted;
    if (kept === undefined || !kept.shape.front) continue;
    const dropped = sketch.dropped.get(kept) ?? [];
    const lost = kept.it.serves.filter((service) => !wanted.it.serves.includes(service) && !dropped.includes(service));
    if (lost.length > 0) leaveServices(sketch, kept, lost, sketch.turns.get(wanted) ?? [], fronts);
  }
  for (const front of dead) {
    const leave = sketch.deletes.get(front);
    if (leave === undefined || !front.shape.front) continue;
    leaveServices(sketch, front, front.it.serves, [leave], fronts);
    const heir = places.successor(front);
    if (heir !== undefined && sketch.rules.heir) leavePlace(sketch, front, heir, leave);
  }
}

function leaveServices(
  sketch: Sketch,
  front: Present,
  lost: readonly ServiceId[],
  leaves: readonly Draft[],
  fronts: ServiceFronts,
): void {
  if (leaves.length === 0) return;
  const unknown = sketch.incomplete(lost);
  if (unknown !== undefined && front.fate === 'kept') for (const leave of leaves) leave.refuse('incomplete', unknown);
  if (!sketch.rules.otherFronts) return;
  for (const service of lost) {
    const losing = losableBehind(sketch, front, service);
    const others = fronts.of(service);
    if (others.length === 0) continue;
    const waits = awaited(sketch, others, service, losing);
    give(sketch, front, leaves, waits, [service], { losing, costs: readyBehind(sketch.scene, front, service) > 0 });
  }
}

/** What must be done before a service is served elsewhere as well as here. */
function awaited(sketch: Sketch, others: readonly Wanted[], service: ServiceId, losing: number): readonly Draft[] {
  const needed = sketch.rules.otherFrontsGate ? losing : 0;
  const calm = needed > 0 && sketch.rules.calmFronts;
  // What was made a moment ago, before a crash, is still on its way: as if this plan had made it.
  const gaining = others.filter(
    (front) =>
      turnsTo(sketch, front, service) ||
      (calm && front.kept !== undefined && isRising(sketch.scene, front.kept, service)),
  );
  if (gaining.length > 0) return gaining.flatMap((front) => reachedAt(sketch, front, needed, service));
  if (!calm) return [];
  const [first] = others;
  const ready = others.some(({ kept }) => kept !== undefined && readyBehind(sketch.scene, kept, service) > 0);
  return ready || first === undefined ? [] : reachedAt(sketch, first, needed, service);
}

/** When clients are served at a front: it is live, and nobody is asked before it who is about to go; but for who serves them until then. */
function reachedAt(sketch: Sketch, front: Wanted, losing: number, service?: ServiceId): readonly Draft[] {
  const serves = (dead: Present): boolean =>
    service !== undefined && dead.it.serves.includes(service) && losableBehind(sketch, dead, service) > 0;
  const shadows = (sketch.shadows.get(front) ?? []).filter((dead) => !serves(dead));
  return [...liveOf(sketch, front, losing, service), ...shadows.flatMap((dead) => sketch.deletes.get(dead) ?? [])];
}

/** Whether this plan creates a front of a service, or turns one to something of it. */
function turnsTo(sketch: Sketch, front: Wanted, service: ServiceId): boolean {
  if (front.kept?.it.serves.includes(service) !== true) return true;
  for (const target of sketch.entrances.get(front)?.keys() ?? []) if (target.it.serves.includes(service)) return true;
  return false;
}

function leavePlace(sketch: Sketch, front: Present, heir: Wanted, leave: Draft): void {
  const losing = losableBehind(sketch, front);
  const waits = [...reachedAt(sketch, heir, sketch.rules.heirGate ? losing : 0)];
  // At the heir some of the clients are served by fronts within it.
  if (losing > 0 && sketch.rules.heirGate)
    for (const child of childrenOf(sketch.scene, heir))
      if (mayServe(sketch, child)) waits.push(...liveOf(sketch, child, 1));
  give(sketch, front, [leave], waits, front.it.serves, { losing, costs: readyBehind(sketch.scene, front) > 0 });
}

/** Wanted fronts that sit in another one, as the rules of a listener do. */
function childrenOf({ wants }: Scene, parent: Wanted): readonly Wanted[] {
  return wants.flatMap((list) => {
    const shape = list[0]?.shape;
    const within = shape?.front === true ? shape.refs.filter(({ to, serving }) => !serving && to === parent.shape) : [];
    return within.flatMap(({ name }) => list.filter(({ it }) => it.refs[name] === parent.it.id));
  });
}

function give(
  sketch: Sketch,
  front: Present,
  leaves: readonly Draft[],
  waits: readonly Draft[],
  services: readonly ServiceId[],
  { losing, costs }: { readonly losing: number; readonly costs: boolean },
): void {
  const loose = sketch.sacrifices.loose.has(front);
  for (const leave of leaves) {
    for (const on of waits) {
      if (on === leave) continue;
      if (!loose) leave.soft.push({ on, front, services, costs });
      else if (losing > 0 && sketch.rules.gap) for (const service of services) leave.gap.add(service);
    }
  }
}

/** The wanted fronts of a service: indexed when first asked. */
class ServiceFronts {
  readonly #scene: Scene;
  #byService: Map<ServiceId, Wanted[]> | undefined;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  of(service: ServiceId): readonly Wanted[] {
    this.#byService ??= this.#index();
    return this.#byService.get(service) ?? [];
  }

  #index(): Map<ServiceId, Wanted[]> {
    const index = new Map<ServiceId, Wanted[]>();
    for (const wants of this.#scene.wants) {
      if (wants[0]?.shape.front !== true) continue;
      for (const wanted of wants) {
        for (const service of wanted.it.serves) {
          const list = index.get(service);
          if (list === undefined) index.set(service, [wanted]);
          else list.push(wanted);
        }
      }
    }
    return index;
  }
}
