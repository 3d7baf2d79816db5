import { type Environment, type Observed, type Resource, sameJson, type Unit } from '../model/index.ts';
import type { LaneOptions, Want, Wanted } from './lane-options.ts';
import { ObservedCache, sameSets } from './observed-cache.ts';
import type { UnitGroup } from './planner.ts';

const empty: Want = { resources: [], problems: [], withheld: new Set() };

/** Both sides of one balancer, wanted and observed, and the units that they fall into. Each part is made anew only when what it is made of is another object. */
export class Picture {
  readonly cache = new ObservedCache();
  readonly #options: Pick<LaneOptions, 'desire' | 'planner' | 'provider'>;
  #want: Want | undefined;
  #wantFrom: readonly unknown[] = [];
  #groups: readonly UnitGroup[] = [];
  #groupsFrom: readonly unknown[] = [];

  constructor(options: Pick<LaneOptions, 'desire' | 'planner' | 'provider'>) {
    this.#options = options;
  }

  /** As computed last. */
  get want(): Want | undefined {
    return this.#want;
  }

  groups(wanted: Wanted, environment: Environment): readonly UnitGroup[] {
    const present = this.cache.all();
    const wantFrom = [wanted.services, wanted.nodes, wanted.nothing, environment, present];
    if (this.#want === undefined || !sameParts(wantFrom, this.#wantFrom)) {
      const made = wanted.nothing ? empty : this.#options.desire(wanted, environment, present);
      this.#want = { ...made, resources: shareResources(this.#want?.resources ?? [], made.resources) };
      this.#wantFrom = wantFrom;
    }
    const groupsFrom = [this.#want.resources, present];
    if (!sameParts(groupsFrom, this.#groupsFrom)) {
      const { planner, provider } = this.#options;
      const groups = planner.units(provider.kinds, this.#want.resources, present);
      // What belongs to others alone is no work of ours.
      this.#groups = groups.filter(({ desired, observed }) => desired.length > 0 || observed.some((o) => o.owned));
      this.#groupsFrom = groupsFrom;
    }
    return this.#groups;
  }
}

/** The units that a group joins. */
export function unitsOf(group: UnitGroup): readonly Unit[] {
  return [...new Set([...group.desired, ...group.observed].map((resource) => resource.unit))];
}

/** `fresh` with every object that says the same as before replaced by the one from before: equal parts are then equal by reference. */
export function shareResources(before: readonly Resource[], fresh: readonly Resource[]): readonly Resource[] {
  const known = new Map(before.map((resource) => [`${resource.kind}\n${resource.id}`, resource]));
  const shared = fresh.map((resource) => {
    const old = known.get(`${resource.kind}\n${resource.id}`);
    return old !== undefined && sameResource(old, resource) ? old : resource;
  });
  return sameParts(before, shared) ? before : shared;
}

function sameResource(a: Resource, b: Resource): boolean {
  if (a === b) return true;
  return (
    a.unit === b.unit &&
    sameJson(a.serves, b.serves) &&
    sameJson(a.attrs, b.attrs) &&
    sameJson(a.refs, b.refs) &&
    sameSets(a.sets, b.sets)
  );
}

/** Also the pair of an observed state that was read again: the same objects in another array are the same. */
export function sameParts(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((part, i) => part === b[i]));
}

/** What replaces `group.observed` when its units have been read: the objects of other units in the group (foreign holders of a place) stay as known. */
export function withReading(group: UnitGroup, reading: readonly Observed[]): readonly Observed[] {
  const units = new Set(unitsOf(group));
  const read = new Set(reading.map((object) => `${object.kind}\n${object.handle}`));
  const others = group.observed.filter((o) => !units.has(o.unit) && !read.has(`${o.kind}\n${o.handle}`));
  return [...others, ...reading];
}
