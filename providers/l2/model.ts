/** What this machine is to announce, out of the merged services of its balancer. Pure; an address that nobody may announce is a problem of its services. */
import {
  type Attrs,
  canonicalJson,
  type ExportedService,
  type FrontGroup,
  type Json,
  type ModelInput,
  type ModelResult,
  type Problem,
  type Resource,
} from '../../src/model/index.ts';
import { type Candidacy, candidatesOf } from './candidates.ts';
import { type Members, membersOf } from './members.ts';
import { placeText, unitName } from './names.ts';
import type { Options } from './options.ts';
import { guardedRanges } from './ranges.ts';

/** More ports of an address say no more about whether a proxy serves it. */
const probedPorts = 2;

/** The same resource object comes back while it says the same. */
const known = new WeakMap<Options, Map<string, { readonly text: string; readonly resource: Resource }>>();

export function model(input: ModelInput, options: Options): ModelResult {
  const unit = unitName(input.balancer, input.node);
  const members = membersOf(input, options);
  const pools = input.pools ?? [];
  const machines = [...input.nodes.flatMap(({ addresses }) => addresses), ...options.peers.map((one) => one.address)];
  const own = [...addressesOf(input), ...machines];
  const groups = input.groups.filter(({ addresses, listeners }) => addresses.length > 0 && listeners.length > 0);
  const problems: Problem[] = [];
  const memo = known.get(options) ?? new Map();
  known.set(options, memo);
  const made = new Map<string, { readonly text: string; readonly resource: Resource }>();
  const make = (kind: string, id: string, serves: readonly string[], attrs: Attrs): Resource => {
    const key = `${unit} ${kind} ${id}`;
    const text = canonicalJson({ serves: [...serves], attrs: { ...attrs } });
    const before = memo.get(key);
    const entry =
      before?.text === text
        ? before
        : { text, resource: { kind, id, unit, serves, attrs: Object.freeze(attrs), refs: {}, sets: {} } };
    made.set(key, entry);
    return entry.resource;
  };
  const resources: Resource[] = [make('Speaker', input.node, [], speakerAttrs(members, options))];
  for (const { name, ranges } of pools) {
    const guarded = guardedRanges(ranges, own);
    if (guarded.length > 0) resources.push(make('Guard', name, [], { ranges: [...guarded] }));
  }
  for (const { group, candidacy } of candidacies(groups, members, input, options)) {
    if (candidacy.nobody !== undefined)
      for (const service of group.services) problems.push(nobody(service, candidacy.address, candidacy.nobody));
    const serves = group.services.map(({ id }) => id);
    resources.push(
      make('Announcement', candidacy.address, serves, announcementAttrs(group, candidacy, input, options)),
    );
  }
  memo.clear();
  for (const [key, entry] of made) memo.set(key, entry);
  return { resources, problems };
}

interface Candidate {
  readonly group: FrontGroup;
  readonly candidacy: Candidacy;
}

/** Those whose services a proxy of each machine serves, and those that the cluster's own network forwards. */
function candidacies(
  groups: readonly FrontGroup[],
  { speakers }: Members,
  input: ModelInput,
  options: Options,
): readonly Candidate[] {
  const byAddress = new Map(groups.map((group) => [group.addresses[0] ?? '', group]));
  return (['proxy', 'nodes'] as const).flatMap((forwarding) => {
    const addresses = new Map<string, readonly ExportedService[]>();
    for (const [address, group] of byAddress)
      if (isProxied(group, input) === (forwarding === 'proxy')) addresses.set(address, group.services);
    const found = candidatesOf({
      addresses,
      speakers,
      nodes: input.nodes,
      pools: input.pools ?? [],
      rules: input.announcements ?? [],
      forwarding,
      ...(options.ignoreExcludeLabel ? { ignoreExcludeLabel: true } : {}),
    });
    return found.flatMap((candidacy) => {
      const group = byAddress.get(candidacy.address);
      return group === undefined ? [] : [{ group, candidacy }];
    });
  });
}

/** Outside of a cluster there is nothing that would forward by itself. */
function isProxied({ services }: FrontGroup, { shared, nodes }: ModelInput): boolean {
  return nodes.length === 0 || services.some(({ id }) => shared?.has(id) === true);
}

function announcementAttrs(
  group: FrontGroup,
  { candidates, others }: Candidacy,
  input: ModelInput,
  { choice, followHealth }: Options,
): Attrs {
  const scores = [...new Set(candidates.map(({ score }) => score))];
  const tiers = scores.map((score) => candidates.flatMap((one) => (one.score === score ? [one.node] : [])));
  const interfaces = candidates.find(({ node }) => node === input.node)?.interfaces;
  const [first = group.addresses[0]] = group.services[0]?.address?.list ?? [];
  const along = choice === 'metallb' && first !== undefined && first !== group.addresses[0] ? { along: first } : {};
  const follows =
    followHealth === 'always' ||
    (followHealth === 'auto' && group.services.some(({ id }) => input.shared?.has(id) === true));
  const ports = follows ? probedAt(group, input) : [];
  const probe = [...new Set(ports)].slice(0, probedPorts);
  return {
    candidates: tiers,
    ...along,
    ...(interfaces === undefined ? {} : { interfaces: [...interfaces] }),
    ...(probe.length === 0 ? {} : { probe }),
    ...(others.length === 0 ? {} : { others: Object.fromEntries(others.map(({ node, reason }) => [node, reason])) }),
  };
}

/** Ports of HTTP, where there are any at all: a proxy of TCP connects on to a target for each connection. */
function probedAt({ listeners }: FrontGroup, { groups }: ModelInput): readonly number[] {
  const isHttp = ({ protocol }: FrontGroup['listeners'][number]) => protocol === 'http' || protocol === 'https';
  const http = groups.some(({ addresses, listeners: all }) => addresses.length > 0 && all.some(isHttp));
  return listeners.flatMap((listener) => {
    const { protocol, port } = listener;
    const answers = http ? isHttp(listener) : protocol !== 'udp' && protocol !== 'quic';
    return answers ? [port] : [];
  });
}

function speakerAttrs({ listen, peers, voters, mode, witness }: Members, options: Options): Attrs {
  const { cluster, interfaces, beatMs, refreshMs, choice, secretFile, ungated } = options;
  const some: Record<string, Json> = {};
  for (const [key, list] of Object.entries(interfaces)) if (list !== undefined) some[key] = [...list];
  return {
    listen: placeText(listen),
    cluster,
    peers: Object.fromEntries(peers.map((peer) => [peer.name, placeText(peer)])),
    voters: [...voters],
    mode,
    ...(witness ? { witness } : {}),
    interfaces: some,
    beatMs,
    refreshMs,
    choice,
    ...(secretFile === undefined ? {} : { secretFile }),
    ...(ungated ? { ungated: true } : {}),
  };
}

/** Addresses of this machine itself, where somebody has looked. */
function addressesOf({ environment: { addresses } }: ModelInput): readonly string[] {
  return Array.isArray(addresses) ? addresses.filter((one) => typeof one === 'string') : [];
}

function nobody({ id, origin }: ExportedService, address: string, reason: string): Problem {
  const { kind, namespace, name, file, line } = origin;
  return {
    code: 'E_L2_NOBODY',
    severity: 'error',
    source: `${kind}/${namespace}/${name}`,
    service: id,
    message: `${address} ${reason}`,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}
