/** From the resources of one machine to what its thread is told. Pure. */
import type { Resource } from '../../src/model/index.ts';
import { announcementAttrs, guardAttrs, isLeft, speakerAttrs } from './kinds.ts';
import { orderAsMetallb } from './metallb-order.ts';
import { parsePlace } from './names.ts';
import type { Ranks } from './protocol/events.ts';
import type { NodeId, Vip } from './protocol/messages.ts';
import { type Placement, spreadVips } from './protocol/spread.ts';
import { rangeOf } from './ranges.ts';
import type { Addresses, Peer, SpeakerOptions } from './speaker-words.ts';

/** What the thread gets at its start and cannot change. */
export type Fixed = Pick<
  SpeakerOptions,
  'listen' | 'cluster' | 'interfaces' | 'beatMs' | 'refreshMs' | 'ungated' | 'mode' | 'witness'
>;

export interface Orders {
  readonly fixed: Fixed;
  readonly secretFile: string | undefined;
  readonly peers: readonly Peer[];
  readonly voters: readonly NodeId[];
  readonly addresses: Addresses;
}

/** Undefined: nothing is to be announced and nobody takes part. `owners`: who answers now, as far as it is known. */
export function ordersOf(
  resources: readonly Resource[],
  owner: (vip: Vip) => NodeId | undefined = () => undefined,
): Orders | undefined {
  const speaker = resources.find(({ kind }) => kind === 'Speaker');
  if (speaker === undefined) return undefined;
  const { listen, cluster, peers, voters, interfaces, beatMs, refreshMs, secretFile, ungated, choice, mode, witness } =
    speakerAttrs.parse(speaker.attrs);
  const announcements = resources
    .filter((one) => one.kind === 'Announcement' && !isLeft(one))
    .map(({ id, attrs }) => ({ vip: id, ...announcementAttrs.parse(attrs) }));
  const guards = resources.filter(({ kind }) => kind === 'Guard');
  const ranges = guards.flatMap(({ attrs }) => guardAttrs.parse(attrs).ranges);
  return {
    fixed: {
      listen: parsePlace(listen),
      cluster,
      interfaces: {
        ...(interfaces.include === undefined ? {} : { include: interfaces.include }),
        ...(interfaces.exclude === undefined ? {} : { exclude: interfaces.exclude }),
        ...(interfaces.subnets === undefined ? {} : { subnets: interfaces.subnets }),
      },
      beatMs,
      refreshMs,
      mode,
      ...(witness === undefined ? {} : { witness }),
      ...(ungated === undefined ? {} : { ungated }),
    },
    secretFile,
    peers: Object.entries(peers).map(([name, place]) => ({ name, ...parsePlace(place) })),
    voters,
    addresses: {
      // An address that no pool has any more is kept, and guarded like all.
      pools: [...ranges, ...announcements.map(({ vip }) => vip)].map(rangeOf),
      ranks: [...ranksOf(announcements, owner, choice)],
      bound: announcements.flatMap(({ vip, interfaces: some }) => (some === undefined ? [] : [[vip, some] as const])),
      probes: announcements.flatMap(({ vip, probe = [] }) => probe.map((port) => [vip, port] as const)),
    },
  };
}

interface Asked {
  readonly vip: Vip;
  readonly along?: Vip | undefined;
  readonly candidates: readonly (readonly NodeId[])[];
}

/** Tier after tier; within one the load is spread, and who answers now comes first; or all goes by MetalLB's hash. Either way an address that is answered stays. */
function ranksOf(
  asked: readonly Asked[],
  owner: (vip: Vip) => NodeId | undefined,
  choice: 'spread' | 'metallb',
): Ranks {
  if (choice === 'metallb')
    return new Map(
      asked.map(({ vip, along = vip, candidates }) => [vip, candidates.flatMap((tier) => orderAsMetallb(along, tier))]),
    );
  const depth = Math.max(0, ...asked.map(({ candidates }) => candidates.length));
  const ranks = new Map<Vip, readonly NodeId[]>(asked.map(({ vip }) => [vip, []]));
  for (let tier = 0; tier < depth; tier += 1) {
    const placements = asked.flatMap(({ vip, candidates }): Placement[] => {
      const nodes = candidates[tier];
      return nodes === undefined ? [] : [{ vip, nodes, owner: owner(vip) }];
    });
    for (const [vip, nodes] of spreadVips(placements)) ranks.set(vip, [...(ranks.get(vip) ?? []), ...nodes]);
  }
  return ranks;
}
