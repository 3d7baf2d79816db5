/** The objects of the memory system as the planner sees them. Pure. */
import type { Observed, ServiceId } from '../../src/model/index.ts';
import { type HealthRules, healthAt } from './health.ts';
import type { Stored } from './stored.ts';

export interface View {
  /** Name that our objects are tagged with. */
  readonly owner: string;
  readonly nowMs: number;
  readonly rules: HealthRules;
}

/** `current` is asked for health, `seen` for everything else: an API that answers late about objects checks targets on its own. */
export function observe(
  seen: readonly Stored[],
  current: (handle: string) => Stored | undefined,
  view: View,
): readonly Observed[] {
  const byHandle = new Map(seen.map((object) => [object.handle, object]));
  return seen.map((object): Observed => {
    const { handle, kind, attrs, refs, tags } = object;
    const owned = tags?.owner === view.owner;
    const sets = Object.entries(object.sets).map(([name, set]) => {
      const members = [...set].map(
        ([key, { attrs, gone }]) => [key, gone === undefined ? { attrs } : { attrs, gone }] as const,
      );
      return [name, new Map(members)] as const;
    });
    const plain = {
      kind,
      handle,
      owned,
      id: owned ? tags.id : handle,
      // Each of somebody else's things is for itself: nothing but a place or a ref joins it to ours.
      unit: owned ? tags.unit : `foreign/${handle}`,
      serves: servesOf(object, byHandle),
      attrs,
      refs,
      sets: Object.fromEntries(sets),
    };
    if (kind === 'TargetGroup') {
      const health = { targets: healthAt(current(handle) ?? object, view.nowMs, view.rules) };
      return { ...plain, facts: {}, health };
    }
    return { ...plain, facts: kind === 'LoadBalancer' ? { addresses: [addressOf(handle)], state: 'active' } : {} };
  });
}

/** A front serves what it sends traffic to, whatever its tag says; one that answers itself what its tag says. */
function servesOf(object: Stored, byHandle: ReadonlyMap<string, Stored>): readonly ServiceId[] {
  const { forward } = object.sets;
  if (forward === undefined || forward.size === 0) return object.tags?.serves ?? [];
  const served = [...forward].flatMap(([handle, { attrs }]) =>
    attrs.weight === 0 ? [] : (byHandle.get(handle)?.tags?.serves ?? []),
  );
  return [...new Set(served)];
}

/** A documentation address (RFC 5737) that depends on nothing but the handle. */
export function addressOf(handle: string): string {
  const number = Number(handle.replaceAll(/\D/g, '')) || 0;
  return `198.51.100.${(number % 254) + 1}`;
}
