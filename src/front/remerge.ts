import type { Capabilities, ExportedService, FrontGroup, Listener, MergedAction, MergedHost } from '../model/index.ts';
import { admit } from './admit.ts';

/** Which service takes the place of which. */
export type Replaced = ReadonlyMap<ExportedService, ExportedService>;

/**
 * What changes between two lists when services ask for the same as before, and only their targets and settings, on which no conflict
 * depends, are others. Undefined: more than that is different.
 */
export function findReplaced(
  before: readonly ExportedService[],
  now: readonly ExportedService[],
  capabilities: Capabilities,
): Replaced | undefined {
  if (before.length !== now.length) return undefined;
  const replaced = new Map<ExportedService, ExportedService>();
  for (const [i, service] of now.entries()) {
    const old = before[i];
    if (old === service) continue;
    if (old === undefined || !asksTheSame(old, service)) return undefined;
    // Whether a backend can be served decides whether what leads to it claims anything.
    if (admit(old, capabilities).problems.length + admit(service, capabilities).problems.length > 0) return undefined;
    replaced.set(old, service);
  }
  return replaced;
}

function asksTheSame(a: ExportedService, b: ExportedService): boolean {
  return (
    a.id === b.id && a.fronts === b.fronts && a.origin === b.origin && a.address === b.address && a.bundle === b.bundle
  );
}

/** The merged groups with replaced services; what names none of them stays the same object. */
export function replaceServices(groups: readonly FrontGroup[], replaced: Replaced): readonly FrontGroup[] {
  if (replaced.size === 0) return groups;
  return mapChanged(groups, (group) => {
    const services = mapChanged(group.services, (service) => replaced.get(service) ?? service);
    const listeners = mapChanged(group.listeners, (listener) => replaceInListener(listener, replaced));
    return services === group.services && listeners === group.listeners ? group : { ...group, services, listeners };
  });
}

function replaceInListener(listener: Listener, replaced: Replaced): Listener {
  const fronts = mapChanged(listener.fronts, (one) => {
    const service = replaced.get(one.service);
    return service === undefined ? one : { ...one, service };
  });
  const hosts = mapChanged(listener.hosts, (host) => replaceInHost(host, replaced));
  const action = replaceAction(listener.default, replaced);
  const same = fronts === listener.fronts && hosts === listener.hosts && action === listener.default;
  return same ? listener : { ...listener, fronts, hosts, ...(action === undefined ? {} : { default: action }) };
}

function replaceInHost(host: MergedHost, replaced: Replaced): MergedHost {
  const rules = mapChanged(host.rules, (rule) => replaceAction(rule, replaced));
  const action = replaceAction(host.default, replaced);
  const same = rules === host.rules && action === host.default;
  return same ? host : { ...host, rules, ...(action === undefined ? {} : { default: action }) };
}

function replaceAction<T extends MergedAction>(action: T, replaced: Replaced): T;
function replaceAction(action: MergedAction | undefined, replaced: Replaced): MergedAction | undefined;
function replaceAction(action: MergedAction | undefined, replaced: Replaced): MergedAction | undefined {
  const service = action === undefined ? undefined : replaced.get(action.service);
  return action === undefined || service === undefined ? action : { ...action, service };
}

/** The list itself while nothing in it changes. */
function mapChanged<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  let changed: T[] | undefined;
  for (const [i, item] of list.entries()) {
    const made = change(item);
    if (made === item) continue;
    changed ??= [...list];
    changed[i] = made;
  }
  return changed ?? list;
}
