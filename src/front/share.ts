import type { FrontGroup, Listener, MergedAction, MergedHost } from '../model/index.ts';

/** `now`, with every part that equals its counterpart in `before` replaced by it, so that readers can compare by reference. */
export function shareGroups(now: readonly FrontGroup[], before: readonly FrontGroup[]): readonly FrontGroup[] {
  const known = new Map(before.map((group) => [group.key, group]));
  const shared = now.map((group) => {
    const old = known.get(group.key);
    return old === undefined ? group : shareGroup(group, old);
  });
  return sameItems(shared, before) ? before : shared;
}

function shareGroup(now: FrontGroup, before: FrontGroup): FrontGroup {
  const known = new Map(before.listeners.map((listener) => [listener.key, listener]));
  const shared = now.listeners.map((listener) => {
    const old = known.get(listener.key);
    return old === undefined ? listener : shareListener(listener, old);
  });
  const listeners = sameItems(shared, before.listeners) ? before.listeners : shared;
  const services = sameItems(now.services, before.services) ? before.services : now.services;
  const same =
    listeners === before.listeners && services === before.services && sameItems(now.addresses, before.addresses);
  return same ? before : { ...now, listeners, services };
}

function shareListener(now: Listener, before: Listener): Listener {
  const known = new Map(before.hosts.map((host) => [host.host, host]));
  const shared = now.hosts.map((host) => {
    const old = known.get(host.host);
    return old !== undefined && sameItems(host.rules, old.rules) && sameAction(host.default, old.default) ? old : host;
  });
  const hosts = sameHosts(shared, before.hosts);
  const same =
    hosts === before.hosts &&
    now.protocol === before.protocol &&
    now.endPort === before.endPort &&
    now.beside === before.beside &&
    now.clientCa === before.clientCa &&
    sameAction(now.default, before.default) &&
    sameBy(now.fronts, before.fronts, (a, b) => a.front === b.front && a.service === b.service) &&
    sameBy(now.certs, before.certs, sameCert);
  return same ? before : { ...now, hosts };
}

function sameHosts(now: readonly MergedHost[], before: readonly MergedHost[]): readonly MergedHost[] {
  return sameItems(now, before) ? before : now;
}

function sameCert(a: Listener['certs'][number], b: Listener['certs'][number]): boolean {
  return (
    a.cert === b.cert &&
    a.service === b.service &&
    sameItems(a.hosts, b.hosts) &&
    sameItems(a.verified ?? [], b.verified ?? [])
  );
}

function sameAction(a: MergedAction | undefined, b: MergedAction | undefined): boolean {
  return a === b || (a?.action === b?.action && a?.front === b?.front && a?.service === b?.service);
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return sameBy(a, b, (x, y) => x === y);
}

function sameBy<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const left = a[i];
    const right = b[i];
    if (left === undefined || right === undefined || !same(left, right)) return false;
  }
  return true;
}
