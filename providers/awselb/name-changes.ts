/** What becomes of the DNS name that clients know, told before it happens. */
import type { ExportedService, Observed } from '../../src/model/index.ts';
import type { Build } from './build.ts';
import { isOwnGroup, type LoadBalancerType, nextName, type Stack } from './names.ts';
import { type Settled, sayerOf } from './settle.ts';
import { tellStranger } from './stranger.ts';
import { nameOf, tell, tellSetting } from './tell.ts';

export interface Place {
  readonly settled: Settled;
  readonly type: LoadBalancerType;
  readonly scheme: string;
  readonly stack: Stack;
  readonly members: readonly ExportedService[];
  readonly unit: string;
  readonly build: Build;
}

/** `kept`: the load balancer that goes on; `old`: one of another type or scheme. */
export function tellNames(kept: Observed | undefined, old: Observed | undefined, place: Place): void {
  const [stranger] = place.build.present.strangers(place.unit);
  if (kept !== undefined) tellOtherName(kept, place);
  else if (stranger !== undefined && old === undefined) tellStranger(stranger, place);
  else if (old !== undefined) tellReplacement(old, place);
  else tellRemade(place);
}

/** Clients that know the old name lose it when the old load balancer goes. */
function tellReplacement(old: Observed, { settled, scheme, type, members, build }: Place): void {
  const [first] = members;
  if (first === undefined) return;
  const [dns = String(old.attrs.Name)] = old.facts.addresses ?? [];
  const from = `${String(old.attrs.Type)}, ${String(old.attrs.Scheme)}`;
  const message = `the load balancer of ${members.map(nameOf).join(', ')} is replaced (${from} → ${type}, ${scheme}): the DNS name ${dns} goes away when the new one serves`;
  const owner = sayerOf(settled, ['scheme'], first);
  const path = settled.scheme === undefined ? ['type'] : ['scheme'];
  build.warn(tellSetting(owner, 'W_NAME_CHANGES', path, scheme, message));
}

/**
 * There was one: the status of a service knows its name, or what hung at it is still there. That of an unfinished create looks the same,
 * and is told in words that are true of it too.
 */
function tellRemade({ settled, members, unit, build }: Place): void {
  const [first] = members;
  if (first === undefined || settled.adopt !== undefined) return;
  // Offline nobody has looked what is there.
  for (const member of build.environment.Searched === true ? members : []) {
    const dns = member.address?.held.find(isOfAws);
    if (dns === undefined) continue;
    const message = `${nameOf(member)} is known by this DNS name and has no load balancer that goes on; the one that is made now has another name: point records at that when it serves`;
    build.warn(tell(member, 'W_NAME_CHANGES', 'status.loadBalancer', dns, message));
    return;
  }
  const left = build.present.inUnit(unit).find(({ kind, id }) => kind === 'TargetGroup' && isOwnGroup(id));
  if (left === undefined) return;
  const message = `target groups of ${members.map(nameOf).join(', ')} are there and the load balancer is not (removed by somebody, or never finished): it is made anew, and if it had a DNS name, that is another one then`;
  build.warn(tell(first, 'W_NAME_CHANGES', 'TargetGroup', String(left.attrs.Name), message));
}

function isOfAws(host: string): boolean {
  return /\.elb\.(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?$/.test(host);
}

/** AWS gives a name once and for all, and so does aws-load-balancer-controller. */
function tellOtherName(kept: Observed, { settled, members, build }: Place): void {
  const { name: wanted, adopt } = settled;
  const has = kept.attrs.Name;
  const [first] = members;
  if (wanted === undefined || adopt !== undefined || first === undefined || typeof has !== 'string') return;
  if (has === wanted || isGeneration(has, wanted)) return;
  const message = `the load balancer is called ${has}, and the name of one that exists cannot be changed; it goes on under that name. Take the setting back, or make another load balancer of this name (a service beside it, then DNS, then delete this one): the DNS name changes with it`;
  const owner = sayerOf(settled, ['name'], first);
  build.warn(tellSetting(owner, 'W_FEATURE', ['name'], wanted, message));
}

/** It was made under this name, beside another one that had it. */
function isGeneration(name: string, wanted: string): boolean {
  const taken = new Set([wanted]);
  for (let generation = 0; generation < 8; generation++) {
    const next = nextName(wanted, (one) => taken.has(one));
    if (next === name) return true;
    taken.add(next);
  }
  return false;
}
