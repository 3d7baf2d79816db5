import type { Resource, ServiceId } from '../../src/model/index.ts';
import type { Thing, World } from './world.ts';

export type Note = (name: string, ready: boolean, front: Thing | undefined) => void;

/** Hosts of a listener that clients ask for. */
const hosts = ['h1', 'h2', 'h3', 'h4'];

/** Who answers for a host: the first rule that takes it, else the listener itself. */
export function noteHosts(world: World, note: Note): void {
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
export function watchedHosts(
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

/** Ids of the groups that a wanted front sends traffic to; undefined for what is no front. */
export function shares({ refs, sets }: Resource): readonly string[] | undefined {
  if (refs.group !== undefined) return [refs.group];
  if (sets.forward === undefined) return undefined;
  return [...sets.forward].filter(([, { attrs }]) => attrs.weight !== 0).map(([id]) => id);
}
