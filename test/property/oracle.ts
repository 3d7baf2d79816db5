import type { MemberSet, Observed, Resource, ServiceId, Step } from '../../src/model/index.ts';
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
  /** Had ready targets. */
  readonly #alive = new Set<string>();
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
      if (seen?.ready === true) this.#alive.add(name);
    }
    for (const { handle, id, sets } of world.things.values()) {
      if (this.#tls.has(id) && (sets.get('certs')?.size ?? 0) > 0) this.#dressed.add(handle);
    }
  }

  /** Notes whom a step names before it is carried out. */
  excuse(step: Step): void {
    for (const service of step.gap ?? []) this.#excused.add(service);
    for (const service of step.risk ?? []) this.#excused.add(service);
  }

  check(world: World, when: string): void {
    const now = sample(world);
    for (const { name, services } of this.#watched) {
      const seen = now.get(name);
      if (seen?.ready === true || !this.#alive.has(name) || this.#excuses(services)) continue;
      // Who took a host over by a step that named a risk.
      if (!name.startsWith('host ') || seen === undefined || !this.#excuses(servedBy(world, seen))) {
        throw new Violation(`${name} has lost its ready targets (${when})`);
      }
    }
    for (const handle of this.#dressed) {
      if (world.things.get(handle)?.sets.get('certs')?.size === 0)
        throw new Violation(`${handle} has lost all certificates (${when})`);
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

type Note = (name: string, ready: boolean, front: Thing | undefined) => void;

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

/** Hosts of a listener that clients ask for. */
const hosts = ['h1', 'h2', 'h3', 'h4'];

/** Who answers for a host: the first rule that takes it, else the listener itself. */
function noteHosts(world: World, note: Note): void {
  const rules = new Map<string, Thing[]>();
  for (const thing of world.things.values()) {
    if (thing.kind !== 'Rule' || thing.refs.listener === undefined) continue;
    const list = rules.get(thing.refs.listener) ?? [];
    rules.set(thing.refs.listener, list);
    list.push(thing);
  }
  for (const listener of world.things.values()) {
    if (listener.kind !== 'Listener' || listener.foreign) continue;
    const list = rules.get(listener.handle) ?? [];
    list.sort((a, b) => Number(a.attrs.priority) - Number(b.attrs.priority));
    for (const host of hosts) {
      const front = list.find(({ attrs }) => attrs.host === host || attrs.host === '*') ?? listener;
      const ready = world.pointed(front).some((group) => world.hasReady(group));
      note(`host ${listener.id}/${host}`, ready, front);
    }
  }
}

/**
 * Hosts for which the wanted rule of their own is the first that takes them: those that have that rule already, and those that
 * the listener itself serves by what it goes on serving.
 */
function watchedHosts(
  world: World,
  desired: readonly Resource[],
  fit: ReadonlySet<string>,
): ReadonlyMap<string, Set<ServiceId>> {
  const found = new Map<string, Set<ServiceId>>();
  const taken = new Set<string>();
  const present = new Set([...world.things.values()].map(({ kind, id }) => `${kind} ${id}`));
  const rules = desired.filter(({ kind }) => kind === 'Rule');
  for (const rule of rules.sort((a, b) => Number(a.attrs.priority) - Number(b.attrs.priority))) {
    const { listener = '' } = rule.refs;
    for (const host of rule.attrs.host === '*' ? hosts : [String(rule.attrs.host)]) {
      const place = `host ${listener}/${host}`;
      if (taken.has(place)) continue;
      taken.add(place);
      if (rule.attrs.host === '*' || shares(rule)?.some((id) => fit.has(id)) !== true) continue;
      const all = present.has(`Rule ${listener}/*`);
      const lives =
        present.has(`Rule ${rule.id}`) &&
        (!all || desired.some((one) => one.id === `${listener}/*` && shares(one)?.some((id) => fit.has(id))));
      if (lives || (!all && keepsServing(world, desired, listener, fit))) found.set(place, new Set(rule.serves));
    }
  }
  return found;
}

/** Whether a listener sends traffic to something healthy now that it shall go on sending traffic to. */
function keepsServing(world: World, desired: readonly Resource[], id: string, fit: ReadonlySet<string>): boolean {
  const now = [...world.things.values()].find(
    (thing) => thing.kind === 'Listener' && thing.id === id && !thing.foreign,
  );
  const wanted = desired.find((one) => one.kind === 'Listener' && one.id === id);
  const groups = wanted === undefined ? [] : (shares(wanted) ?? []);
  const same = (handle: string): boolean => groups.includes(world.things.get(handle)?.id ?? '');
  return now !== undefined && world.pointed(now).some(same) && groups.some((group) => fit.has(group));
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

/** Ids of the groups that a wanted front sends traffic to; undefined for what is no front. */
function shares({ refs, sets }: Resource): readonly string[] | undefined {
  if (refs.group !== undefined) return [refs.group];
  if (sets.forward === undefined) return undefined;
  return [...sets.forward].filter(([, { attrs }]) => attrs.weight !== 0).map(([id]) => id);
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

/** Says what differs between the world and what was wanted; undefined when nothing does. Foreign things do not count. */
export function difference(world: World, desired: readonly Resource[]): string | undefined {
  const ours = [...world.things.values()].filter(({ foreign }) => !foreign);
  const byId = new Map<string, Thing>();
  for (const thing of ours) {
    const key = `${thing.kind} ${thing.id}`;
    if (byId.has(key)) return `${key} is there twice`;
    byId.set(key, thing);
  }
  if (ours.length !== desired.length) {
    const wanted = new Set(desired.map(({ kind, id }) => `${kind} ${id}`));
    const extra = [...byId.keys()].find((key) => !wanted.has(key));
    if (extra !== undefined) return `${extra} is not wanted`;
  }
  const idOf = (handle: string) => world.things.get(handle)?.id ?? handle;
  for (const resource of desired) {
    const thing = byId.get(`${resource.kind} ${resource.id}`);
    if (thing === undefined) return `${resource.kind} ${resource.id} is missing`;
    const is = print(thing.attrs, thing.refs, Object.fromEntries(thing.sets), idOf);
    const shall = print(resource.attrs, resource.refs, resource.sets, (id) => id);
    if (is !== shall) return `${resource.kind} ${resource.id} is ${is}, wanted ${shall}`;
  }
  return wrongOrder(ours, desired);
}

function print(
  { priority: _, ...attrs }: Resource['attrs'],
  refs: Resource['refs'],
  sets: Readonly<Record<string, MemberSet>>,
  idOf: (handle: string) => string,
): string {
  const members = Object.entries(sets).map(([name, set]) => [
    name,
    [...set]
      .filter(([, m]) => m.gone !== true)
      .map(([key, m]) => JSON.stringify([idOf(key), m.attrs]))
      .sort(),
  ]);
  const full = members.filter(([, list]) => list !== undefined && list.length > 0);
  const to = Object.entries(refs).map(([name, handle]) => [name, idOf(handle)]);
  return JSON.stringify([Object.entries(attrs).sort(), to.sort(), full.sort()]);
}

/** Rules of one listener are asked in the wanted order. */
function wrongOrder(ours: readonly Thing[], desired: readonly Resource[]): string | undefined {
  const priorities = new Map(
    ours.filter(({ kind }) => kind === 'Rule').map(({ id, attrs }) => [id, Number(attrs.priority)]),
  );
  const last = new Map<string, { rank: number; id: string }>();
  const rules = desired.filter(({ kind }) => kind === 'Rule');
  for (const { id, refs } of [...rules].sort((a, b) => Number(a.attrs.priority) - Number(b.attrs.priority))) {
    const listener = refs.listener ?? '';
    const before = last.get(listener);
    const rank = priorities.get(id) ?? 0;
    if (before !== undefined && before.rank >= rank) return `${before.id} is not asked before ${id}`;
    last.set(listener, { rank, id });
  }
  return undefined;
}

/** What is not ours, as text: it must never change. */
export function foreignText(world: World): string {
  return JSON.stringify(
    [...world.things.values()]
      .filter(({ foreign }) => foreign)
      .map(({ handle, attrs, refs, sets }) => [handle, attrs, refs, [...sets].map(([n, s]) => [n, [...s]])]),
  );
}

/** Objects of ours as observed, without what only time changes: for comparing `advance` with what happened. */
export function factsOf(observed: readonly Observed[]): readonly string[] {
  return observed
    .filter(({ owned }) => owned)
    .map(({ kind, handle, id, serves, attrs, refs, sets }) => {
      const members = Object.entries(sets)
        .filter(([, set]) => set.size > 0)
        .map(([name, set]) => [name, [...set].map(([key, m]) => JSON.stringify([key, m.attrs])).sort()]);
      return JSON.stringify([
        kind,
        handle,
        id,
        [...serves].sort(),
        Object.entries(attrs).sort(),
        Object.entries(refs).sort(),
        members.sort(),
      ]);
    })
    .sort();
}
