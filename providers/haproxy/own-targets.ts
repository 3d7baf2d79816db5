/** Targets that are the balancer itself, or weir: requests to them would come back until nobody else can connect. Pure. */
import type { Own, Resource } from '../../src/model/index.ts';
import { addressFamily, splitAuthority } from '../../src/net/index.ts';
import { readFrontend } from './attrs.ts';
import type { Fault } from './model-problem.ts';
import type { Options } from './options.ts';

/** What is listened on, by port; what each is, for whoever has it as a target. */
type Listening = ReadonlyMap<string, readonly { readonly address: string; readonly what: string }[]>;

interface Seen {
  readonly key: string;
  readonly listening: Listening;
  readonly local: ReadonlySet<string>;
  /** By the servers of a backend: those that are to be left out. */
  readonly found: WeakMap<object, readonly SelfTarget[]>;
}

interface SelfTarget {
  readonly target: string;
  readonly what: string;
}

const last = new WeakMap<Options, Seen>();
const none: readonly SelfTarget[] = [];

export interface OwnTargets {
  /** The backend without them, and what is wrong with it; undefined: nothing is. */
  of(backend: Resource): { readonly resource: Resource; readonly faults: readonly Omit<Fault, 'field'>[] } | undefined;
}

/**
 * Looks at backends beside these frontends. `local`: addresses of this machine, which a wildcard address stands for; `own`: what weir and
 * its other balancers listen on. While all that is the same, a backend that was looked at costs one look-up.
 */
export function ownTargets(
  resources: readonly Resource[],
  options: Options,
  local: readonly string[],
  own: readonly Own[],
): OwnTargets {
  const binds: Own[] = [...own];
  for (const resource of resources) {
    if (resource.kind !== 'Frontend') continue;
    const { port, addresses } = readFrontend(resource);
    for (const address of addresses.length === 0 ? options.addresses : addresses)
      binds.push({ address, port, what: 'this balancer' });
  }
  const seen = seenOf(options, binds, local);
  return {
    of(backend) {
      const { servers } = backend.sets;
      if (servers === undefined || servers.size === 0) return undefined;
      let found = seen.found.get(servers);
      if (found === undefined) {
        found = find(servers.keys(), seen);
        seen.found.set(servers, found);
      }
      if (found.length === 0) return undefined;
      const left = new Map(servers);
      for (const { target } of found) left.delete(target);
      const faults = found.map(({ target, what }) => ({
        code: 'E_TARGET_SELF' as const,
        value: target,
        reason: `names ${target}, where ${what} itself listens, so what is sent there would come back; that target is left out`,
      }));
      return { resource: { ...backend, sets: { ...backend.sets, servers: left } }, faults };
    },
  };
}

function seenOf(options: Options, binds: readonly Own[], local: readonly string[]): Seen {
  const key = JSON.stringify([binds.map(({ address, port, what }) => `${address} ${port} ${what}`).sort(), local]);
  const before = last.get(options);
  if (before?.key === key) return before;
  const listening = new Map<string, { address: string; what: string }[]>();
  for (const { address, port, what } of binds) {
    const held = listening.get(String(port));
    if (held === undefined) listening.set(String(port), [{ address, what }]);
    else held.push({ address, what });
  }
  const seen: Seen = { key, listening, local: new Set(local), found: new WeakMap() };
  last.set(options, seen);
  return seen;
}

function find(targets: Iterable<string>, { listening, local }: Seen): readonly SelfTarget[] {
  const found: SelfTarget[] = [];
  for (const target of targets) {
    const at = listening.get(target.slice(target.lastIndexOf(':') + 1));
    const address = at === undefined ? undefined : splitAuthority(target)?.address;
    if (at === undefined || address === undefined) continue;
    const one = at.find((bind) => reaches(address, bind.address, local));
    if (one !== undefined) found.push({ target, what: one.what });
  }
  return found.length === 0 ? none : found;
}

/** Whether who connects to an address comes to a listener. To the unspecified one the kernel connects as to loopback. */
function reaches(target: string, listener: string, local: ReadonlySet<string>): boolean {
  const address = target === '0.0.0.0' ? '127.0.0.1' : target === '::' ? '::1' : target;
  if (address === listener) return true;
  if (listener === 'localhost') return address === '127.0.0.1' || address === '::1';
  const fourth = addressFamily(address) === 'ipv4';
  if (listener !== (fourth ? '0.0.0.0' : '::')) return false;
  return local.has(address) || (fourth ? address.startsWith('127.') : address === '::1');
}
