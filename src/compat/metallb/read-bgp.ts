import { shown } from '../../model/index.ts';
import { bfdProfileSpec, bgpAdvertisementSpec, bgpFields, bgpPeerSpec, communitySpec } from './bgp-spec.ts';
import type { Collector, MetallbObject } from './collect.ts';
import type { BgpAdvertisement, BgpIntent, BgpPeer } from './intent.ts';
import { type LabelledPool, poolsOf } from './read-objects.ts';
import { widestBlock } from './widest-block.ts';
import { communityWords, isCommunity } from './words.ts';

interface Read<T, V> {
  readonly object: T;
  readonly value: V;
}

/** Peers, advertisements, BFD profiles and communities; `each` is called for every object that could be read. */
export function readBgp<T extends MetallbObject>(
  collector: Collector<T>,
  pools: readonly LabelledPool[],
  each: (object: T) => void,
): BgpIntent {
  const communities = readCommunities(collector, each);
  const profiles = collector.of('BFDProfile', bfdProfileSpec, bgpFields.profile).map(({ object, name, value }) => {
    each(object);
    return { name, ...value };
  });
  const peers = collector.of('BGPPeer', bgpPeerSpec, bgpFields.peer).map(({ object, name, value }) => {
    each(object);
    const { bfdProfile } = value;
    if (bfdProfile !== undefined && !profiles.some((profile) => profile.name === bfdProfile)) {
      const reason = 'names a BFDProfile that does not exist';
      collector.tell(object, { code: 'W_FEATURE', path: ['spec', 'bfdProfile'], value: bfdProfile, reason });
    }
    return { object, value: { name, ...value } };
  });
  const advertisements = readAdvertisements(collector, pools, communities, each);
  const sound = advertisements.filter((one, i) => agrees(collector, one, advertisements.slice(0, i)));
  const apart = peers.filter((one, i) => standsApart(collector, one, peers.slice(0, i)));
  for (const { object, value } of apart) {
    const profile = profiles.find(({ name }) => name === value.bfdProfile);
    if (profile?.echo !== true || !announcesV6(value, sound, pools)) continue;
    const reason =
      'has echoMode, and an advertisement announces IPv6 addresses to this peer; echo works with IPv4 only';
    collector.tell(object, { code: 'E_FIELD_VALUE', path: ['spec', 'bfdProfile'], value: profile.name, reason });
  }
  return {
    advertisements: sound.map(({ value }) => value),
    peers: apart.map(({ value }) => value),
    profiles,
    communities,
  };
}

function readCommunities<T extends MetallbObject>(
  collector: Collector<T>,
  each: (object: T) => void,
): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (const { object, value } of collector.of('Community', communitySpec, bgpFields.community)) {
    each(object);
    for (const [i, { name, value: community }] of value.communities.entries()) {
      const at = ['spec', 'communities', i];
      if (!isCommunity(community))
        collector.tell(object, {
          code: 'E_FIELD_VALUE',
          path: [...at, 'value'],
          value: community,
          reason: communityWords,
        });
      else if (aliases.has(name)) {
        const reason = 'is the alias of another community already; give it another name';
        collector.tell(object, { code: 'E_FIELD_VALUE', path: [...at, 'name'], value: name, reason });
      } else aliases.set(name, community);
    }
  }
  return aliases;
}

function readAdvertisements<T extends MetallbObject>(
  collector: Collector<T>,
  pools: readonly LabelledPool[],
  aliases: ReadonlyMap<string, string>,
  each: (object: T) => void,
): readonly Read<T, BgpAdvertisement>[] {
  return collector.of('BGPAdvertisement', bgpAdvertisementSpec, bgpFields.advertisement).flatMap((one) => {
    const { object, name, value } = one;
    each(object);
    const named = poolsOf(collector, object, value, pools);
    const aggregation = { ipv4: value.aggregationLength, ipv6: value.aggregationLengthV6 };
    const meant = pools.filter(({ pool }) => named?.includes(pool.name) !== false);
    let fits = true;
    for (const { pool } of meant)
      for (const entry of pool.ranges) {
        const block = widestBlock(entry);
        if (block === undefined || aggregation[block.family] >= block.prefix) continue;
        fits = false;
        const field = block.family === 'ipv4' ? 'aggregationLength' : 'aggregationLengthV6';
        const reason = `is wider than ${shown(entry)} of pool ${shown(pool.name)}: addresses of others would be announced; write at least ${block.prefix}`;
        collector.tell(object, {
          code: 'E_FIELD_VALUE',
          path: ['spec', field],
          value: aggregation[block.family],
          reason,
        });
      }
    const whole = aggregation.ipv4 === 32 && aggregation.ipv6 === 128;
    if (value.serviceSelectors !== undefined && !whole) {
      fits = false;
      const reason = 'cannot stand beside an aggregation length: several services would be one route';
      collector.tell(object, { code: 'E_FIELD_VALUE', path: ['spec', 'serviceSelectors'], reason });
    }
    const communities = value.communities.flatMap((text, i) => {
      const resolved = aliases.get(text) ?? (isCommunity(text) ? text : undefined);
      if (resolved !== undefined) return [resolved];
      const reason = `is no alias of a Community object, and no value: that ${communityWords}`;
      collector.tell(object, { code: 'W_FEATURE', path: ['spec', 'communities', i], value: text, reason });
      return [];
    });
    if (!fits) return [];
    return [{ object, value: toAdvertisement(name, value, named, communities) }];
  });
}

function toAdvertisement(
  name: string,
  spec: ReturnType<typeof bgpAdvertisementSpec.parse>,
  pools: readonly string[] | undefined,
  communities: readonly string[],
): BgpAdvertisement {
  const { localPref, nodeSelectors, serviceSelectors, peers } = spec;
  return {
    name,
    ...(pools === undefined ? {} : { pools }),
    aggregation: { ipv4: spec.aggregationLength, ipv6: spec.aggregationLengthV6 },
    ...(localPref === undefined ? {} : { localPref }),
    communities,
    ...(nodeSelectors === undefined ? {} : { nodeSelectors }),
    ...(serviceSelectors === undefined ? {} : { serviceSelectors }),
    ...(peers === undefined ? {} : { peers }),
  };
}

/** One route has one local preference: advertisements of the same pool and lengths to the same peer say the same. */
function agrees<T extends MetallbObject>(
  collector: Collector<T>,
  { object, value }: Read<T, BgpAdvertisement>,
  before: readonly Read<T, BgpAdvertisement>[],
): boolean {
  const other = before.find(
    ({ value: one }) =>
      (one.localPref ?? 0) !== (value.localPref ?? 0) &&
      one.aggregation.ipv4 === value.aggregation.ipv4 &&
      one.aggregation.ipv6 === value.aggregation.ipv6 &&
      meet(one.pools, value.pools) &&
      meet(one.peers, value.peers) &&
      meet(one.nodeSelectors, value.nodeSelectors),
  );
  if (other === undefined) return true;
  const reason = `differs from that of BGPAdvertisement ${shown(other.value.name)} (${other.value.localPref ?? 0}), which announces the same addresses to the same peers; write the same`;
  collector.tell(object, { code: 'E_FIELD_VALUE', path: ['spec', 'localPref'], value: value.localPref ?? 0, reason });
  return false;
}

/** Whether two lists have something in common; absent: everything. */
function meet(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === undefined || b === undefined || a.some((one) => b.includes(one));
}

/** One node is one router: where no selector tells nodes apart, router id and ASN agree and nobody is a peer twice. */
function standsApart<T extends MetallbObject>(
  collector: Collector<T>,
  { object, value }: Read<T, BgpPeer>,
  before: readonly Read<T, BgpPeer>[],
): boolean {
  for (const { value: one } of before) {
    if (!meet(one.nodeSelectors, value.nodeSelectors)) continue;
    const refuse = (field: string, told: unknown, reason: string): false => {
      collector.tell(object, { code: 'E_FIELD_VALUE', path: ['spec', field], value: told, reason });
      return false;
    };
    const of = `BGPPeer ${shown(one.name)}`;
    if (one.routerId !== value.routerId)
      return refuse('routerID', value.routerId, `differs from that of ${of}; a node has one`);
    if ((one.vrf ?? '') !== (value.vrf ?? '')) continue;
    if (one.asn !== value.asn) return refuse('myASN', value.asn, `differs from that of ${of} in the same VRF`);
    if (JSON.stringify(one.at) !== JSON.stringify(value.at)) continue;
    const at = 'address' in value.at ? value.at.address : value.at.interface;
    return refuse('address' in value.at ? 'peerAddress' : 'interface', at, `is that of ${of} too`);
  }
  return true;
}

function announcesV6(
  { name }: BgpPeer,
  advertisements: readonly Read<unknown, BgpAdvertisement>[],
  pools: readonly LabelledPool[],
): boolean {
  return advertisements.some(
    ({ value }) =>
      value.peers?.includes(name) !== false &&
      pools.some(
        ({ pool }) => value.pools?.includes(pool.name) !== false && pool.ranges.some((entry) => entry.includes(':')),
      ),
  );
}
