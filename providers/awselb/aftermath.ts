import type { Handle, Health, Observed, Step, Unit } from '../../src/model/index.ts';
import type { Drive } from './drive.ts';
import { backendGroup } from './names.ts';

const delayKey = 'deregistration_delay.timeout_seconds';
/** Default of AWS for `delayKey`. */
const delaySeconds = 300;

interface Turned {
  /** What the listener sends to now. */
  group: Handle | undefined;
  /** What it sent to before → when the connections of that are given up. */
  readonly left: Map<Handle, number>;
}

/**
 * What AWS does not answer and what is known all the same. A network load balancer keeps the flows that are established when its listener
 * turns to another target group, as long as the group they go to exists: so it is told as draining for its deregistration delay. A group
 * that an earlier process has left behind counts from the first sight. Nobody is deregistered meanwhile: of a group that no listener
 * uses AWS forgets who is. And the shared security group is told as in use until no load balancer of ours is seen any more.
 */
export class Aftermath {
  readonly #drive: Pick<Drive, 'known' | 'ctx'>;
  readonly #listeners = new Map<Handle, Turned>();
  /** Target groups whose use was seen from its beginning. */
  readonly #familiar = new Set<Handle>();

  constructor(drive: Pick<Drive, 'known' | 'ctx'>) {
    this.#drive = drive;
  }

  /** A step was carried out and is noted. */
  wrote({ kind, handle }: Step, created: Handle | undefined): void {
    if (kind === 'TargetGroup' && created !== undefined) this.#familiar.add(created);
    if (kind !== 'Listener') return;
    const listener = this.#drive.known.find(kind, String(created ?? handle));
    if (listener !== undefined) this.#follow(listener);
  }

  /** Follows what was read of these units, of all where none is named, and puts what is known beside it. */
  look(units: readonly Unit[] | undefined): void {
    const { known } = this.#drive;
    const objects = units === undefined ? known.all() : units.flatMap((unit) => known.inUnit(unit));
    const listeners = objects.filter(({ kind, owned }) => kind === 'Listener' && owned);
    if (units === undefined) this.#forgetGone(listeners, objects);
    for (const listener of listeners) this.#follow(listener);
    this.#findLeftBehind(listeners, objects);
    for (const listener of listeners) this.#tell(listener);
    for (const object of objects) if (object.kind === 'SecurityGroup') this.#tellUse(object);
  }

  #follow({ handle, refs: { TargetGroupArn: group } }: Observed): void {
    const turned = this.#listeners.get(handle) ?? { group, left: new Map() };
    if (group === undefined && turned.group === undefined) return;
    this.#listeners.set(handle, turned);
    if (turned.group !== undefined && turned.group !== group) this.#leave(turned, turned.group);
    turned.group = group;
    if (group === undefined) return;
    turned.left.delete(group);
    this.#familiar.add(group);
  }

  #leave({ left }: Turned, handle: Handle): void {
    const { known, ctx } = this.#drive;
    const group = known.find('TargetGroup', handle);
    if (group === undefined || (group.sets.Targets?.size ?? 0) === 0) return;
    const seconds = Number(group.attrs[delayKey] ?? delaySeconds);
    left.set(handle, ctx.clock.now() + (Number.isFinite(seconds) ? seconds : delaySeconds) * 1000);
  }

  /** Other generations of what a listener sends to, of which nobody knows since when they are not used. */
  #findLeftBehind(listeners: readonly Observed[], objects: readonly Observed[]): void {
    const strange = objects.filter(
      ({ kind, owned, handle }) => kind === 'TargetGroup' && owned && !this.#familiar.has(handle),
    );
    if (strange.length === 0) return;
    const byId = Map.groupBy(strange, ({ id }) => id);
    for (const { handle } of listeners) {
      const turned = this.#listeners.get(handle);
      const group = this.#drive.known.find('TargetGroup', turned?.group ?? '');
      if (turned === undefined || group === undefined) continue;
      for (const other of byId.get(group.id) ?? []) {
        this.#leave(turned, other.handle);
        this.#familiar.add(other.handle);
      }
    }
  }

  #tell(listener: Observed): void {
    const { known, ctx } = this.#drive;
    const turned = this.#listeners.get(listener.handle);
    if (turned === undefined) return;
    const draining = new Map<Handle, Health>();
    for (const [group, untilMs] of turned.left) {
      if (ctx.clock.now() < untilMs && known.find('TargetGroup', group) !== undefined) draining.set(group, 'draining');
      else turned.left.delete(group);
    }
    const told = listener.health?.TargetGroupArn;
    if (told !== undefined && told.size === draining.size && [...draining.keys()].every((one) => told.has(one))) return;
    known.put({ ...listener, health: { ...listener.health, TargetGroupArn: draining } });
  }

  #tellUse(group: Observed): void {
    const { known } = this.#drive;
    if (group.id !== backendGroup || !group.owned) return;
    const carried = known.all().some(({ kind, owned }) => kind === 'LoadBalancer' && owned);
    const state = carried ? 'in use' : 'unused';
    if (group.facts.state !== state) known.put({ ...group, facts: { ...group.facts, state } });
  }

  #forgetGone(listeners: readonly Observed[], objects: readonly Observed[]): void {
    const there = new Set(listeners.map(({ handle }) => handle));
    for (const handle of this.#listeners.keys()) if (!there.has(handle)) this.#listeners.delete(handle);
    const groups = new Set(objects.flatMap(({ kind, handle }) => (kind === 'TargetGroup' ? [handle] : [])));
    for (const handle of this.#familiar) if (!groups.has(handle)) this.#familiar.delete(handle);
  }
}
