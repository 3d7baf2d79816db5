import {
  type Environment,
  type Observed,
  type Resource,
  type Sliced,
  sameJson,
  type Unit,
  untold,
} from '../model/index.ts';
import { sameItems } from '../model/remade.ts';
import type { LaneOptions, Want, Wanted } from './lane-options.ts';
import { ObservedCache, sameSets } from './observed-cache.ts';
import type { UnitGroup } from './planner.ts';

const empty: Want = { resources: [], problems: [], withheld: new Set() };

/** News of single units are taken together: for so long for each unit, as looking at everything costs by their number. */
const newsMsPerUnit = 1;
const mostNewsMs = 5_000;

/**
 * Both sides of one balancer, wanted and observed, and the units that they fall into. What is wanted is computed when its input is
 * another object; units are joined anew then, and when a reading of everything found something. Own writes only move their own unit.
 */
export class Picture {
  readonly cache = new ObservedCache();
  readonly #options: Pick<LaneOptions, 'clock' | 'desire' | 'planner' | 'provider'>;
  #want: Want | undefined;
  #wantFrom: readonly unknown[] = [];
  #groups = new Map<Unit, UnitGroup>();
  #groupsFrom: readonly unknown[] = [];
  /** Objects appeared, changed or went that no work of ours has told of. */
  #outside = 0;
  /** A turn of a unit came to know something by which another thing may be wanted. */
  #news = false;
  #joins = 0;
  #joinedMs = Number.NEGATIVE_INFINITY;

  constructor(options: Pick<LaneOptions, 'clock' | 'desire' | 'planner' | 'provider'>) {
    this.#options = options;
  }

  /** As computed last. */
  get want(): Want | undefined {
    return this.#want;
  }

  /** The units with something of ours, joined as `join` did last, each with what its work has come to since. */
  get groups(): ReadonlyMap<Unit, UnitGroup> {
    return this.#groups;
  }

  /** How often units were joined anew. */
  get joins(): number {
    return this.#joins;
  }

  /** What is wanted may be another thing by now, after work that it waited for. */
  get owes(): boolean {
    return this.#news || (this.#want?.provisional === true && !this.#wantFrom.includes(this.#outside));
  }

  /** Monotonic milliseconds at which `join` takes news into account; Infinity: there are none. */
  get newsAtMs(): number {
    if (!this.#news) return Number.POSITIVE_INFINITY;
    return this.#joinedMs + Math.min(mostNewsMs, newsMsPerUnit * this.#groups.size);
  }

  /** Puts a reading in the place of what was known; everything is looked at anew when it says something else. */
  read(before: readonly Observed[], after: readonly Observed[]): void {
    const known = this.cache.version;
    this.cache.replace(before, after);
    if (this.cache.version !== known) this.#outside++;
  }

  /**
   * Puts the result of work on a group in the place of what was known of it; answers the objects that are kept. `news`: it was read since
   * something changed outside, so what is wanted may be another thing now.
   */
  worked(group: UnitGroup, result: readonly Observed[], news = false): readonly Observed[] {
    const known = this.cache.version;
    const observed = this.cache.replace(group.observed, result);
    // Joined anew while the work went on: from what was known before it, and so was what is wanted (names that it has taken meanwhile).
    const stale = this.#groups.get(group.unit) !== group;
    if (this.cache.version !== known) {
      if (stale) this.#outside++;
      else this.#news ||= news || this.#want?.provisional === true;
    }
    if (stale) this.#groupsFrom = [];
    else if (group.desired.length + observed.length === 0) this.#groups.delete(group.unit);
    else if (observed !== group.observed) this.#groups.set(group.unit, { ...group, observed });
    return observed;
  }

  /** Joins what is wanted and what is there, where either is another thing. In slices: what comes to be known meanwhile is looked at the next time. One at a time. */
  *join(wanted: Wanted, environment: Environment): Sliced<void> {
    if (this.newsAtMs <= this.#options.clock.now()) this.#outside++;
    const before = this.cache.version;
    const unknown = wanted.incomplete(untold);
    const wantFrom = [
      wanted.services,
      wanted.nodes,
      wanted.network,
      wanted.nothing,
      environment,
      this.#outside,
      unknown,
    ];
    if (this.#want === undefined || !sameItems(wantFrom, this.#wantFrom)) {
      this.#news = false;
      const made = wanted.nothing ? empty : yield* this.#options.desire(wanted, environment, this.cache.all());
      this.#want = { ...made, resources: shareResources(this.#want?.resources ?? [], made.resources) };
      this.#wantFrom = wantFrom;
      yield;
    }
    if (this.cache.version !== before) this.#outside++;
    const groupsFrom = [this.#want.resources, this.#outside];
    if (sameItems(groupsFrom, this.#groupsFrom)) return;
    const { planner, provider } = this.#options;
    const groups = planner.units(provider.kinds, this.#want.resources, this.cache.all());
    // What belongs to others alone is no work of ours.
    const ours = groups.filter(({ desired, observed }) => desired.length > 0 || observed.some((o) => o.owned));
    this.#groups = new Map(ours.map((group) => [group.unit, group]));
    this.#groupsFrom = groupsFrom;
    this.#joins++;
    this.#joinedMs = this.#options.clock.now();
  }
}

const unitsMemo = new WeakMap<UnitGroup, readonly Unit[]>();

/** The units that a group joins. */
export function unitsOf(group: UnitGroup): readonly Unit[] {
  const known = unitsMemo.get(group);
  if (known !== undefined) return known;
  const found = new Set<Unit>();
  let last: Unit | undefined;
  for (const list of [group.desired, group.observed]) {
    for (const { unit } of list) {
      // Many objects of one unit follow each other.
      if (unit !== last) found.add(unit);
      last = unit;
    }
  }
  const units = [...found];
  unitsMemo.set(group, units);
  return units;
}

/** `fresh` with every object that says the same as before replaced by the one from before: equal parts are then equal by reference. */
export function shareResources(before: readonly Resource[], fresh: readonly Resource[]): readonly Resource[] {
  let index: Map<string, Resource> | undefined;
  const shared = fresh.map((resource, i) => {
    // Mostly the same object stands at the same place: the index is made for the first that does not.
    let old = before[i];
    if (old === resource) return resource;
    if (old?.kind !== resource.kind || old.id !== resource.id) {
      index ??= new Map(before.map((one) => [`${one.kind}\n${one.id}`, one]));
      old = index.get(`${resource.kind}\n${resource.id}`);
    }
    return old !== undefined && sameResource(old, resource) ? old : resource;
  });
  return sameItems(before, shared) ? before : shared;
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

/** What replaces `group.observed` when its units have been read: the objects of other units in the group (foreign holders of a place) stay as known. */
export function withReading(group: UnitGroup, reading: readonly Observed[]): readonly Observed[] {
  const units = new Set(unitsOf(group));
  const others = group.observed.filter((o) => !units.has(o.unit));
  if (others.length === 0) return reading;
  const read = new Set(reading.map((object) => `${object.kind}\n${object.handle}`));
  return [...others.filter((o) => !read.has(`${o.kind}\n${o.handle}`)), ...reading];
}
