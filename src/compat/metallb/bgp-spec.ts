import { z } from 'zod';
import type { BfdProfile, BgpPeer } from './intent.ts';
import { labelSelectors } from './label-selector.ts';
import type { Known } from './read-spec.ts';
import { address, asn, durationMs, ipv4, maybeNames, name } from './words.ts';

/** BGPAdvertisement.spec (v1beta1). Communities are aliases or values: which, all Community objects together tell. */
export const bgpAdvertisementSpec = z.object({
  aggregationLength: z.int().min(1).max(32).default(32),
  aggregationLengthV6: z.int().min(1).max(128).default(128),
  localPref: z.int().min(0).max(4_294_967_295).optional(),
  communities: z.array(name).default([]),
  ipAddressPools: maybeNames,
  ipAddressPoolSelectors: labelSelectors,
  nodeSelectors: labelSelectors,
  serviceSelectors: labelSelectors,
  peers: maybeNames,
});

/** BGPPeer.spec, v1beta2 and v1beta1: the older has fewer fields and the same meaning. */
export const bgpPeerSpec = z
  .object({
    myASN: asn,
    peerASN: z.int().min(0).max(4_294_967_295).optional(),
    dynamicASN: z.enum(['internal', 'external']).optional(),
    localASN: asn.optional(),
    peerAddress: z.string().optional(),
    interface: name.optional(),
    sourceAddress: z.string().optional(),
    peerPort: z.int().min(1).max(16_384).default(179),
    holdTime: durationMs.optional(),
    keepaliveTime: durationMs.optional(),
    connectTime: durationMs.optional(),
    routerID: z.string().optional(),
    nodeSelectors: labelSelectors,
    password: z.string().optional(),
    passwordSecret: z.object({ name: name.optional(), namespace: name.optional() }).optional(),
    bfdProfile: z.string().optional(),
    enableGracefulRestart: z.boolean().default(false),
    ebgpMultiHop: z.boolean().default(false),
    vrf: z.string().optional(),
    disableMP: z.boolean().optional(),
    dualStackAddressFamily: z.boolean().default(false),
  })
  .transform((spec, ctx): Omit<BgpPeer, 'name'> => {
    const refuse = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message });
    const text = (key: 'peerAddress' | 'sourceAddress' | 'routerID', schema: typeof address) => {
      const given = spec[key];
      if (given === undefined || given === '') return undefined;
      const read = schema.safeParse(given);
      if (!read.success) refuse(key, read.error.issues[0]?.message ?? 'is no address');
      return read.data;
    };
    const peerAddress = text('peerAddress', address);
    const sourceAddress = text('sourceAddress', address);
    const routerId = text('routerID', ipv4);
    const numbered = spec.peerASN !== undefined && spec.peerASN !== 0;
    if (numbered === (spec.dynamicASN !== undefined))
      refuse('peerASN', 'or dynamicASN must be given, exactly one of them');
    if ((peerAddress === undefined) === (spec.interface === undefined) && !spec.peerAddress)
      refuse('peerAddress', 'or interface must be given');
    else if (peerAddress !== undefined && spec.interface !== undefined)
      refuse('interface', 'cannot stand beside peerAddress; keep one of them');
    const { holdMs, keepaliveMs } = timesOf(spec.holdTime, spec.keepaliveTime);
    if (holdMs !== 0 && holdMs < 3000) refuse('holdTime', 'must be 0s or at least 3s');
    if (keepaliveMs > holdMs) refuse('keepaliveTime', 'must not be longer than holdTime');
    const connectMs = spec.connectTime;
    if (connectMs !== undefined && (connectMs % 1000 !== 0 || connectMs < 1000 || connectMs > 65_535_000))
      refuse('connectTime', 'must be whole seconds from 1s to 65535s');
    const secret = spec.passwordSecret?.name;
    if (spec.password && secret !== undefined)
      refuse('passwordSecret', 'cannot stand beside password; keep one of them');
    const internal = spec.dynamicASN === 'internal' || (numbered && spec.peerASN === spec.myASN);
    if (internal && spec.ebgpMultiHop) refuse('ebgpMultiHop', 'has no meaning for a peer with the same ASN; remove it');
    if (peerAddress !== undefined && sourceAddress !== undefined && isV6(peerAddress) !== isV6(sourceAddress))
      refuse('sourceAddress', 'must be of the family of peerAddress');
    return {
      asn: spec.myASN,
      ...(spec.localASN === undefined ? {} : { localAsn: spec.localASN }),
      peerAsn: spec.dynamicASN ?? spec.peerASN ?? 'external',
      at: peerAddress === undefined ? { interface: spec.interface ?? '' } : { address: peerAddress },
      port: spec.peerPort,
      ...(sourceAddress === undefined ? {} : { sourceAddress }),
      ...(routerId === undefined ? {} : { routerId }),
      holdMs,
      keepaliveMs,
      ...(connectMs === undefined ? {} : { connectMs }),
      ...(spec.nodeSelectors === undefined ? {} : { nodeSelectors: spec.nodeSelectors }),
      ...(secret === undefined ? {} : { passwordSecret: secret }),
      hasPassword: Boolean(spec.password) || secret !== undefined,
      ...(spec.bfdProfile ? { bfdProfile: spec.bfdProfile } : {}),
      multiHop: spec.ebgpMultiHop,
      gracefulRestart: spec.enableGracefulRestart,
      ...(spec.vrf ? { vrf: spec.vrf } : {}),
      bothFamilies: spec.dualStackAddressFamily,
    };
  });

const isV6 = (text: string): boolean => text.includes(':');

/** Where one is missing it follows from the other: a third, or three times. */
function timesOf(
  hold: number | undefined,
  keepalive: number | undefined,
): { readonly holdMs: number; readonly keepaliveMs: number } {
  if (hold === undefined && keepalive === undefined) return { holdMs: 90_000, keepaliveMs: 30_000 };
  const holdMs = hold ?? (keepalive ?? 0) * 3;
  return { holdMs, keepaliveMs: keepalive ?? Math.floor(holdMs / 3) };
}

const intervalMs = z.int().min(10).max(60_000).optional();

/** BFDProfile.spec (v1beta1). */
export const bfdProfileSpec = z
  .object({
    receiveInterval: intervalMs,
    transmitInterval: intervalMs,
    detectMultiplier: z.int().min(2).max(255).optional(),
    echoInterval: intervalMs,
    echoMode: z.boolean().default(false),
    passiveMode: z.boolean().default(false),
    minimumTtl: z.int().min(1).max(254).optional(),
  })
  .transform(
    (spec): Omit<BfdProfile, 'name'> => ({
      ...(spec.receiveInterval === undefined ? {} : { receiveMs: spec.receiveInterval }),
      ...(spec.transmitInterval === undefined ? {} : { transmitMs: spec.transmitInterval }),
      ...(spec.detectMultiplier === undefined ? {} : { multiplier: spec.detectMultiplier }),
      ...(spec.echoInterval === undefined ? {} : { echoMs: spec.echoInterval }),
      echo: spec.echoMode,
      passive: spec.passiveMode,
      ...(spec.minimumTtl === undefined ? {} : { minimumTtl: spec.minimumTtl }),
    }),
  );

/** Community.spec (v1beta1). */
export const communitySpec = z.object({
  communities: z.array(z.object({ name, value: z.string() })).default([]),
});

const all = (...keys: readonly string[]): Known => Object.fromEntries(keys.map((key) => [key, true]));

export const bgpFields = {
  advertisement: all(...Object.keys(bgpAdvertisementSpec.shape)),
  peer: all(...Object.keys(bgpPeerSpec.in.shape)),
  profile: all(...Object.keys(bfdProfileSpec.in.shape)),
  community: { communities: { name: true, value: true } } satisfies Known,
};
