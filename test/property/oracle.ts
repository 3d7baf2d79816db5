import type { Resource, ServiceId, Step } from '../../src/model/index.ts';
import { type Note, noteHosts, shares, watchedHosts } from './hosts.ts';
import type { Thing, World } from './world.ts';

/** Something that must never happen did. */
export class Violation extends Error {}

/** A place that clients know, or a service, and who is told of an interruption. */
interface Watched {
  readonly name: string;
  readonly services: Set<ServiceId>;
}

/**
 * Watches that no front that lives on, and no service that is moved, is ever without ready targets when it had some and shall have
 * some. Excused is only who was named by a gap or risk of a step that was carried out. Asks the planner nothing.
 */
export class Oracle {
  readonly #watched: Watched[] = [];
  readonly #excused = new Set<ServiceId>();
  readonly #announced = new Set<ServiceId>();
  /** Had ready targets. */
  readonly #alive = new Set<string>();
  /** Hosts that have been answered by a rule of their own, and whom it served. */
  readonly #own = new Map<string, ReadonlySet<ServiceId>>();
  /** Listeners that shall have certificates. */
  readonly #tls = new Set<string>();
  /** Handles of those that have some. */
  readonly #dressed = new Set<string>();

  /** Hosts are watched only where the order of rules is the planner's business. */
  constructor(world: World, desired: readonly Resource[], sick: ReadonlySet<string>, watchHosts = true) {
    const fit = healthyGroups(desired, sick, world);
    const services = new Map<string, Set<ServiceId>>();
    for (const front of desired) {
      const targets = shares(front);
      if (targets === undefined) continue;
      const place = placeOf(front.kind, front.attrs, front.refs, (id) => id);
      const good = targets.filter((id) => fit.has(id));
      if (good.length > 0) services.set(`place ${place}`, new Set(front.serves));
      for (const id of good) {
        const group = desired.find((one) => one.kind === 'TargetGroup' && one.id === id);
        for (const service of group?.serves ?? []) services.set(`service ${service}`, new Set([service]));
      }
    }
    if (watchHosts) for (const [host, own] of watchedHosts(world, desired, fit)) services.set(host, own);
    for (const { id, sets } of desired) if ((sets.certs?.size ?? 0) > 0) this.#tls.add(id);
    for (const [name, own] of services) this.#watched.push({ name, services: own });
    this.look(world);
  }

  /** A plan is made now: what is ready at this moment must not be lost. */
  look(world: World): void {
    world.notePlan();
    const now = sample(world);
    for (const { name, services } of this.#watched) {
      const seen = now.get(name);
      for (const service of servedBy(world, seen)) services.add(service);
      // Of two generations of a listener nobody can tell which one a client asks.
      const clear = !name.startsWith('host ') || seen?.fronts.length === 1;
      if (seen?.ready === true && clear) this.#alive.add(name);
    }
    for (const { handle, id, sets } of world.things.values()) {
      if (this.#tls.has(id) && (sets.get('certs')?.size ?? 0) > 0) this.#dressed.add(handle);
    }
  }

  /** Whom a plan will interrupt: a host may lose a rule that waits for that before it is done. */
  announce(steps: readonly Step[]): void {
    for (const { gap = [] } of steps) for (const service of gap) this.#announced.add(service);
  }

  /** Notes whom a step names before it is carried out. */
  excuse(step: Step): void {
    for (const service of step.gap ?? []) this.#excused.add(service);
    for (const service of step.risk ?? []) this.#excused.add(service);
  }

  check(world: World, when: string): void {
    const now = sample(world);
    for (const watched of this.#watched) {
      const { name, services } = watched;
      const seen = now.get(name);
      this.#checkOwn(world, watched, seen, when);
      if (seen?.ready === true || !this.#alive.has(name) || this.#excuses(services)) continue;
      // Who took a host over by a step that named a risk, and who has a gap in this plan.
      const host = name.startsWith('host ');
      if (host && [...services].some((service) => this.#announced.has(service))) continue;
      if (host && seen !== undefined && this.#excuses(servedBy(world, seen))) continue;
      throw new Violation(`${name} has lost its ready targets (${when})`);
    }
    for (const handle of this.#dressed) {
      if (world.things.get(handle)?.sets.get('certs')?.size === 0)
        throw new Violation(`${handle} has lost all certificates (${when})`);
    }
  }

  /** A host that its own rule answers for, at one generation of the listener at least, is left to no other rule. */
  #checkOwn(world: World, { name, services }: Watched, seen: Sample | undefined, when: string): void {
    if (!name.startsWith('host ')) return;
    const isOwn = ({ kind, attrs }: Thing): boolean => kind === 'Rule' && name.endsWith(`/${attrs.host}`);
    const ready = (front: Thing): boolean => world.pointed(front).some((handle) => world.hasReady(handle));
    const own = seen?.fronts.filter((front) => isOwn(front) && ready(front)) ?? [];
    const before = this.#own.get(name);
    if (own.length > 0) this.#own.set(name, new Set([...services, ...own.flatMap((front) => world.served(front))]));
    else if (before !== undefined) {
      this.#own.delete(name);
      const theirs = seen?.fronts.find((front) => !isOwn(front));
      if (theirs === undefined || theirs.foreign || this.#excuses(before)) return;
      if ([...before].some((service) => this.#announced.has(service))) return;
      throw new Violation(`${name} is left to ${theirs.handle} (${when})`);
    }
  }

  #excuses(services: ReadonlySet<ServiceId>): boolean {
    for (const service of services) if (this.#excused.has(service)) return true;
    return false;
  }
}

interface Sample {
  ready: boolean;
  readonly fronts: Thing[];
}

function servedBy(world: World, sample: Sample | undefined): ReadonlySet<ServiceId> {
  return new Set(sample?.fronts.flatMap((front) => world.served(front)));
}

/** Every place and service of ours as it is. A host that has no rule of its own is served by the listener. */
function sample(world: World): ReadonlyMap<string, Sample> {
  const found = new Map<string, Sample>();
  const note: Note = (name, ready, front) => {
    let one = found.get(name);
    if (one === undefined) {
      one = { ready, fronts: [] };
      found.set(name, one);
    } else if (ready) one.ready = true;
    if (front !== undefined) one.fronts.push(front);
  };
  for (const thing of world.things.values()) {
    if (thing.foreign || (thing.refs.group === undefined && !thing.sets.has('forward'))) continue;
    let ready = false;
    for (const handle of world.pointed(thing)) {
      const fit = world.hasReady(handle);
      ready ||= fit;
      for (const service of world.things.get(handle)?.tags ?? []) note(serviceName(service), fit, undefined);
    }
    note(placeName(world, thing), ready, thing);
  }
  noteHosts(world, note);
  return found;
}

const placeNames = new WeakMap<Thing, string>();
const serviceNames = new Map<ServiceId, string>();

/** What a place is made of never changes while the front lives. */
function placeName(world: World, thing: Thing): string {
  const known = placeNames.get(thing);
  if (known !== undefined) return known;
  const name = `place ${placeOf(thing.kind, thing.attrs, thing.refs, (handle) => world.things.get(handle)?.id ?? handle)}`;
  placeNames.set(thing, name);
  return name;
}

function serviceName(service: ServiceId): string {
  const name = serviceNames.get(service) ?? `service ${service}`;
  serviceNames.set(service, name);
  return name;
}

function placeOf(
  kind: string,
  attrs: Resource['attrs'],
  refs: Resource['refs'],
  idOf: (handle: string) => string,
): string {
  if (kind === 'Rule') return `${idOf(refs.listener ?? '')}/${attrs.host}`;
  return `${idOf(refs.balancer ?? '')}:${attrs.port}`;
}

/** Groups that shall have a target that can become ready. */
function healthyGroups(desired: readonly Resource[], sick: ReadonlySet<string>, world: World): ReadonlySet<string> {
  const fit = new Set<string>();
  for (const { kind, id, sets } of desired) {
    if (kind !== 'TargetGroup') continue;
    for (const [key, member] of sets.targets ?? [])
      if (member.gone !== true && !sick.has(key) && !world.sick.has(key)) fit.add(id);
  }
  return fit;
}
