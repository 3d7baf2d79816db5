import { addressFamily, contains, parseCidr } from '../../../src/net/index.ts';
import type { Link } from './interfaces.ts';

/** What makes the kernel take an address as its own. */
export type Hold = Route | Parked;

/** A local route on `lo` (AnyIP): every interface takes IPv4 and answers ARP for it. */
export interface Route {
  readonly kind: 'route';
  readonly vip: string;
}

/** The address on an interface, deprecated: never the source of what the machine itself sends. */
export interface Parked {
  readonly kind: 'address';
  readonly vip: string;
  readonly face: string;
  readonly prefix: number;
}

/** An interface that announces, with the sysctls that matter. */
export interface Announcing extends Link {
  /** What applies there: the greater of its own and of `all`. */
  readonly arpIgnore: number;
  readonly ipv6: boolean;
}

export interface Present {
  readonly links: readonly Link[];
  /** Addresses of our local routes. */
  readonly routes: ReadonlySet<string>;
  /** Addresses that we put on interfaces, as `keyOf` says them. */
  readonly ours: ReadonlySet<string>;
}

export interface AcceptancePlan {
  readonly add: readonly Hold[];
  readonly remove: readonly Hold[];
  /** Everything that is wanted, there already or not. */
  readonly wanted: readonly Hold[];
  /** Address → why it cannot be taken here. */
  readonly problems: ReadonlyMap<string, string>;
}

/** Marks our routes and addresses: they are told from those of others without any memory, where the kernel keeps it. */
export const ourProtocol = 119;

export function keyOf(hold: Hold): string {
  return hold.kind === 'route' ? hold.vip : `${hold.vip} ${hold.face}`;
}

/**
 * What to add and take away so that the kernel takes these addresses on these interfaces and nothing of ours is left besides.
 * What others hold is used as it is: addresses that kube-proxy put on `kube-ipvs0`, routes and addresses of an administrator.
 */
export function planAcceptance(
  vips: readonly string[],
  faces: (vip: string) => readonly Announcing[],
  present: Present,
): AcceptancePlan {
  const problems = new Map<string, string>();
  const foreign = new Map<string, Set<string>>();
  for (const { name, addresses } of present.links) {
    for (const { address } of addresses) {
      if (present.ours.has(`${address} ${name}`)) continue;
      foreign.set(address, (foreign.get(address) ?? new Set()).add(name));
    }
  }
  const wanted = vips.flatMap((vip) => {
    const holds = holdsOf(vip, faces(vip), foreign.get(vip) ?? new Set());
    if (typeof holds !== 'string') return holds;
    problems.set(vip, holds);
    return [];
  });
  const keys = new Set(wanted.map(keyOf));
  const there: Hold[] = [
    ...[...present.routes].map((vip): Hold => ({ kind: 'route', vip })),
    ...present.links.flatMap(({ name, addresses }) =>
      addresses
        .map(({ address, prefix }): Hold => ({ kind: 'address', vip: address, face: name, prefix }))
        .filter((hold) => present.ours.has(keyOf(hold))),
    ),
  ];
  const known = new Set(there.map(keyOf));
  return {
    add: wanted.filter((hold) => !known.has(keyOf(hold))),
    remove: there.filter((hold) => !keys.has(keyOf(hold))),
    wanted,
    problems,
  };
}

/** The words of `ip` that make a route of ours. */
export function additionOf({ vip }: Route): string {
  return `route add ${routeWords(vip)}`;
}

/** The words of `ip` that undo it. */
export function removalOf(hold: Hold): string {
  return hold.kind === 'route'
    ? `route del ${routeWords(hold.vip)}`
    : `address del ${hold.vip}/${hold.prefix} dev ${hold.face}`;
}

function routeWords(vip: string): string {
  return `local ${vip} dev lo proto ${ourProtocol}`;
}

/** What holds an address, less what others do already; or why nothing can. */
function holdsOf(vip: string, faces: readonly Announcing[], foreign: ReadonlySet<string>): readonly Hold[] | string {
  if (faces.length === 0) return 'there is no interface to announce it on';
  if (addressFamily(vip) === 'ipv6') {
    const able = faces.filter(({ ipv6 }) => ipv6);
    if (able.length === 0) return `IPv6 is disabled on ${faces.map(({ name }) => name).join(', ')}`;
    return able
      .filter(({ name }) => !foreign.has(name))
      .map(({ name }): Hold => ({ kind: 'address', vip, face: name, prefix: 128 }));
  }
  const holds: Hold[] = [];
  for (const face of faces) {
    if (face.arpIgnore === 0 || foreign.has(face.name)) continue;
    const prefix = prefixFor(vip, face);
    if (typeof prefix === 'string') return prefix;
    holds.push({ kind: 'address', vip, face: face.name, prefix });
  }
  // An address on any interface is local everywhere, which makes a route of ours impossible and needless.
  return holds.length > 0 || foreign.size > 0 ? holds : [{ kind: 'route', vip }];
}

/** How long the prefix of the address must be, so that the kernel answers on this interface; see arp_ignore in the kernel's ip-sysctl. */
function prefixFor(vip: string, { name, arpIgnore, addresses }: Announcing): number | string {
  if (arpIgnore === 1 || arpIgnore === 3) return 32;
  if (arpIgnore !== 2) return `arp_ignore is ${arpIgnore} on ${name}, which answers for no address: set 0, 1 or 2`;
  const subnet = addresses.find(({ address, prefix }) => {
    const range = parseCidr(`${address}/${prefix}`);
    return range.ok && contains(range.value, vip);
  });
  return subnet?.prefix ?? `arp_ignore is 2 on ${name}, which has no address in a subnet with ${vip}: set 0 or 1`;
}
