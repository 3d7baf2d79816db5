import type { ServiceId } from '../model/index.ts';
import type { Draft } from './draft.ts';
import { liveOf } from './gates.ts';
import { isRising, readyBehind } from './health.ts';
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
    const losing = readyBehind(sketch.scene, front, service);
    const others = fronts.of(service);
    if (others.length === 0) continue;
    const waits = awaited(sketch, others, service, losing);
    give(sketch, front, leaves, waits, [service], losing);
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
  if (gaining.length > 0) return gaining.flatMap((front) => liveOf(sketch, front, needed, service));
  if (!calm) return [];
  const [first] = others;
  const ready = others.some(({ kept }) => kept !== undefined && readyBehind(sketch.scene, kept, service) > 0);
  return ready || first === undefined ? [] : liveOf(sketch, first, needed, service);
}

/** Whether this plan creates a front of a service, or turns one to something of it. */
function turnsTo(sketch: Sketch, front: Wanted, service: ServiceId): boolean {
  if (front.kept?.it.serves.includes(service) !== true) return true;
  for (const target of sketch.entrances.get(front)?.keys() ?? []) if (target.it.serves.includes(service)) return true;
  return false;
}

function leavePlace(sketch: Sketch, front: Present, heir: Wanted, leave: Draft): void {
  const losing = readyBehind(sketch.scene, front);
  const waits = liveOf(sketch, heir, sketch.rules.heirGate ? losing : 0);
  give(sketch, front, [leave], waits, front.it.serves, losing);
}

function give(
  sketch: Sketch,
  front: Present,
  leaves: readonly Draft[],
  waits: readonly Draft[],
  services: readonly ServiceId[],
  losing: number,
): void {
  const loose = sketch.sacrifices.loose.has(front);
  for (const leave of leaves) {
    for (const on of waits) {
      if (on === leave) continue;
      if (!loose) leave.soft.push({ on, front, services, costs: losing > 0 });
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
