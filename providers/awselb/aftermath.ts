import type { Handle, Health, Observed, Step, Unit } from '../../src/model/index.ts';
import { drainMs } from './drain.ts';
import { DrainMemory } from './drain-memory.ts';
import type { Drive } from './drive.ts';
import { backendGroup } from './names.ts';

/** Refs and sets by which fronts send to target groups. */
const vias = ['TargetGroupArn', 'TargetGroups'] as const;
type Via = (typeof vias)[number];

interface Turned {
  /** What the front sends to now, and by which ref or set. */
  now: ReadonlyMap<Handle, Via>;
  /** What it sent to before → by what, and when the connections of that are given up. */
  readonly left: Map<Handle, { readonly via: Via; readonly untilMs: number }>;
}

/**
 * What AWS does not answer and what is known all the same. Connections outlive the turn of a listener or rule to another target group, as
 * long as the group they go to exists: flows of a network load balancer, requests that an application load balancer has not answered
 * yet. So a group that lost its share is told as draining for its deregistration delay. A group that an earlier process has left behind
 * counts from the first sight where nothing is written down of it. Nobody is deregistered meanwhile: of a group that no listener uses AWS forgets who is. And the shared
 * security group is told as in use until no load balancer of ours is seen any more.
 */
export class Aftermath {
  readonly #drive: Pick<Drive, 'known' | 'ctx'>;
  /** Listeners and rules by kind and handle. */
  readonly #fronts = new Map<string, Turned>();
  /** Target groups whose use was seen from its beginning. */
  readonly #familiar = new Set<Handle>();
  readonly #memory: DrainMemory;
  /** What an earlier process has written down and was not seen yet. */
  #remembered: Map<Handle, number | null> | undefined;

  constructor(drive: Pick<Drive, 'known' | 'ctx'>) {
    this.#drive = drive;
    this.#memory = new DrainMemory(drive.ctx.stateDir);
  }

  /** Before a step: who loses its share by it is written down, for the process may end before the answer comes. */
  begin({ op, kind, handle, set, members = [], refs = {} }: Step): void {
    if (kind !== 'Listener' && kind !== 'Rule') return;
    const front = this.#drive.known.find(kind, String(handle));
    const now = front === undefined ? undefined : groupsOf(front);
    if (front === undefined || now === undefined || now.size === 0) return;
    const leaving =
      op === 'update' && refs.TargetGroupArn !== undefined
        ? [front.refs.TargetGroupArn ?? '']
        : set === 'TargetGroups'
          ? members.flatMap(([key, member]) => (member === null || member.attrs.Weight === 0 ? [String(key)] : []))
          : [];
    for (const arn of leaving) {
      if (now.has(arn)) this.#memory.note(arn, keyOf(front), null, this.#drive.ctx.clock.wall());
    }
  }

  /** A step was carried out and is noted. */
  wrote({ kind, handle }: Step, created: Handle | undefined): void {
    if (kind === 'TargetGroup' && created !== undefined) this.#familiar.add(created);
    if (kind !== 'Listener' && kind !== 'Rule') return;
    const front = this.#drive.known.find(kind, String(created ?? handle));
    if (front === undefined) return;
    const { clock } = this.#drive.ctx;
    for (const [group, untilMs] of this.#follow(front))
      this.#memory.note(group, keyOf(front), clock.wall() + untilMs - clock.now(), clock.wall());
  }

  /** Follows what was read of these units, of all where none is named, and puts what is known beside it. */
  look(units: readonly Unit[] | undefined): void {
    const { known } = this.#drive;
    const objects = units === undefined ? known.all() : units.flatMap((unit) => known.inUnit(unit));
    const fronts = objects.filter(({ kind, owned }) => (kind === 'Listener' || kind === 'Rule') && owned);
    if (units === undefined) this.#forgetGone(fronts, objects);
    for (const front of fronts) this.#follow(front);
    this.#recall(fronts, objects);
    this.#findLeftBehind(fronts, objects);
    for (const front of fronts) this.#tell(front);
    for (const object of objects) if (object.kind === 'SecurityGroup') this.#tellUse(object);
  }

  /** Answers what has been left now. */
  #follow(front: Observed): readonly (readonly [Handle, untilMs: number])[] {
    const now = groupsOf(front);
    const key = keyOf(front);
    const turned = this.#fronts.get(key) ?? { now, left: new Map() };
    if (now.size + turned.now.size === 0) return [];
    this.#fronts.set(key, turned);
    const gone = [...turned.now].filter(([group]) => !now.has(group));
    for (const [group, via] of gone) this.#leave(turned, group, via);
    turned.now = now;
    for (const group of now.keys()) {
      turned.left.delete(group);
      this.#familiar.add(group);
    }
    return gone.flatMap(([group]) => {
      const left = turned.left.get(group);
      return left === undefined ? [] : [[group, left.untilMs] as const];
    });
  }

  #leave({ left }: Turned, handle: Handle, via: Via, mostMs = Number.POSITIVE_INFINITY): void {
    const { known, ctx } = this.#drive;
    const group = known.find('TargetGroup', handle);
    if (group === undefined) return;
    const drains = [...(group.health?.Targets?.values() ?? [])].includes('draining');
    if ((group.sets.Targets?.size ?? 0) === 0 && !drains) return;
    left.set(handle, { via, untilMs: ctx.clock.now() + Math.min(drainMs(group), mostMs) });
  }

  /** Other generations of what a front sends to, of which nobody knows since when they are not used. */
  #findLeftBehind(fronts: readonly Observed[], objects: readonly Observed[]): void {
    const strange = objects.filter(
      ({ kind, owned, handle }) => kind === 'TargetGroup' && owned && !this.#familiar.has(handle),
    );
    if (strange.length === 0) return;
    const byId = Map.groupBy(strange, ({ id }) => id);
    for (const front of fronts) {
      const turned = this.#fronts.get(keyOf(front));
      for (const [handle, via] of turned?.now ?? []) {
        const group = this.#drive.known.find('TargetGroup', handle);
        for (const other of (group === undefined ? undefined : byId.get(group.id)) ?? []) {
          if (turned !== undefined) this.#leave(turned, other.handle, via);
          // One that shows no targets may not be read whole.
          if (turned?.left.has(other.handle) === true) this.#familiar.add(other.handle);
        }
      }
    }
  }

  /** What an earlier process has turned away from. By which front is not known: all listeners of the unit tell of it. */
  #recall(fronts: readonly Observed[], objects: readonly Observed[]): void {
    this.#remembered ??= new Map(this.#memory.all());
    if (this.#remembered.size === 0) return;
    const { clock } = this.#drive.ctx;
    for (const group of objects) {
      const { kind, handle, unit, owned } = group;
      const untilMs = kind === 'TargetGroup' && owned ? this.#remembered.get(handle) : undefined;
      if (untilMs === undefined) continue;
      const restMs = untilMs === null ? drainMs(group) : Math.min(drainMs(group), untilMs - clock.wall());
      if (untilMs === null) this.#memory.settle(handle, clock.wall() + restMs, clock.wall());
      for (const front of fronts) {
        if (front.kind !== 'Listener' || front.unit !== unit) continue;
        const turned = this.#fronts.get(keyOf(front)) ?? { now: new Map(), left: new Map() };
        this.#fronts.set(keyOf(front), turned);
        const via = front.refs.TargetGroupArn === undefined ? 'TargetGroups' : 'TargetGroupArn';
        if (!turned.now.has(handle)) turned.left.set(handle, { via, untilMs: clock.now() + restMs });
        this.#remembered.delete(handle);
        this.#familiar.add(handle);
      }
    }
  }

  #tell(front: Observed): void {
    const { known, ctx } = this.#drive;
    const turned = this.#fronts.get(keyOf(front));
    if (turned === undefined) return;
    const draining = new Map<Via, Map<Handle, Health>>();
    // Told of what it sends by now, though nothing drains: that is known, too.
    for (const via of turned.now.values()) draining.set(via, new Map());
    for (const [group, { via, untilMs }] of turned.left) {
      if (ctx.clock.now() >= untilMs || known.find('TargetGroup', group) === undefined) turned.left.delete(group);
      else draining.set(via, (draining.get(via) ?? new Map<Handle, Health>()).set(group, 'draining'));
    }
    if (vias.every((via) => saysSame(front.health?.[via], draining.get(via)))) return;
    const { TargetGroupArn: _, TargetGroups: __, ...rest } = front.health ?? {};
    known.put({ ...front, health: { ...rest, ...Object.fromEntries(draining) } });
  }

  #tellUse(group: Observed): void {
    const { known } = this.#drive;
    if (group.id !== backendGroup || !group.owned) return;
    const carried = known.all().some(({ kind, owned }) => kind === 'LoadBalancer' && owned);
    const state = carried ? 'in use' : 'unused';
    if (group.facts.state !== state) known.put({ ...group, facts: { ...group.facts, state } });
  }

  #forgetGone(fronts: readonly Observed[], objects: readonly Observed[]): void {
    const there = new Set(fronts.map(keyOf));
    for (const key of this.#fronts.keys()) if (!there.has(key)) this.#fronts.delete(key);
    const groups = new Set(objects.flatMap(({ kind, handle }) => (kind === 'TargetGroup' ? [handle] : [])));
    for (const handle of this.#familiar) if (!groups.has(handle)) this.#familiar.delete(handle);
  }
}

function keyOf({ kind, handle }: Observed): string {
  return `${kind} ${handle}`;
}

/** Target groups that have a share. */
function groupsOf({ refs: { TargetGroupArn: only }, sets: { TargetGroups } }: Observed): ReadonlyMap<Handle, Via> {
  const found = new Map<Handle, Via>();
  for (const [handle, { attrs }] of TargetGroups ?? [])
    if (Number(attrs.Weight ?? 1) > 0) found.set(handle, 'TargetGroups');
  if (only !== undefined) found.set(only, 'TargetGroupArn');
  return found;
}

/** Whether the same ones drain, and nothing else is said. */
function saysSame(
  told: ReadonlyMap<Handle, Health> | undefined,
  now: ReadonlyMap<Handle, Health> | undefined,
): boolean {
  if (told === undefined || now === undefined) return told === now;
  return told.size === now.size && [...told].every(([key, state]) => state === 'draining' && now.has(key));
}
