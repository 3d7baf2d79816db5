/** What this machine is to announce, out of the merged services of its balancer. Pure; an address that nobody may announce is a problem of its services. */
import {
  type Attrs,
  type ExportedService,
  type FrontGroup,
  type Json,
  type ModelInput,
  type ModelResult,
  type Problem,
  type Resource,
  sameJson,
} from '../../src/model/index.ts';
import { Answered, type Candidacy, candidatesOf, noEndpoint, type Origin } from './candidates.ts';
import { type Members, membersOf } from './members.ts';
import { placeText, unitName } from './names.ts';
import type { Options } from './options.ts';
import { guardedRanges } from './ranges.ts';

/** More ports of an address say no more about whether a proxy serves it. */
const probedPorts = 2;

/** What the last model was made of, of one balancer: the same resource object comes back while it says the same. */
interface Last {
  resources: ReadonlyMap<string, Resource>;
  readonly proxy: Answered;
  readonly nodes: Answered;
}

const known = new WeakMap<Options, Last>();

export function model(input: ModelInput, options: Options): ModelResult {
  const unit = unitName(input.balancer, input.node);
  const members = membersOf(input, options);
  const pools = input.pools ?? [];
  const machines = [...input.nodes.flatMap(({ addresses }) => addresses), ...options.peers.map((one) => one.address)];
  const own = [...addressesOf(input), ...machines];
  const groups = input.groups.filter(({ addresses, listeners }) => addresses.length > 0 && listeners.length > 0);
  const problems: Problem[] = [...misnamed(input, members), ...unnamed(input, members)];
  const last = known.get(options) ?? { resources: new Map(), proxy: new Answered(), nodes: new Answered() };
  known.set(options, last);
  const made = new Map<string, Resource>();
  const make = (kind: string, id: string, serves: readonly string[], attrs: Attrs): Resource => {
    const key = `${unit} ${kind} ${id}`;
    const before = last.resources.get(key);
    const same = before !== undefined && sameJson(before.serves, serves) && sameJson(before.attrs, attrs);
    const resource = same ? before : { kind, id, unit, serves, attrs: Object.freeze(attrs), refs: {}, sets: {} };
    made.set(key, resource);
    return resource;
  };
  const resources: Resource[] = [make('Speaker', input.node, [], speakerAttrs(members, options))];
  for (const { name, ranges } of pools) {
    const guarded = guardedRanges(ranges, own);
    if (guarded.length > 0) resources.push(make('Guard', name, [], { ranges: [...guarded] }));
  }
  const edges = new Set(textsOf(input.environment.edges));
  const context = { input, options, http: servesHttp(input) };
  for (const { group, candidacy } of candidacies(groups, members, context, last)) {
    // Of what has no endpoints its source tells already.
    if (candidacy.nobody !== undefined && candidacy.nobody !== noEndpoint)
      for (const service of group.services)
        problems.push(about(service, 'E_L2_NOBODY', `${candidacy.address} ${candidacy.nobody}`));
    if (edges.has(candidacy.address))
      for (const service of group.services)
        problems.push(about(service, 'E_L2_ADDRESS', `${candidacy.address} ${edge}`));
    const serves = group.services.map(({ id }) => id);
    resources.push(make('Announcement', candidacy.address, serves, announcementAttrs(group, candidacy, context)));
  }
  last.resources = made;
  return { resources, problems };
}

interface Context {
  readonly input: ModelInput;
  readonly options: Options;
  /** Whether HTTP is spoken at any address. */
  readonly http: boolean;
}

interface Candidate {
  readonly group: FrontGroup;
  readonly candidacy: Candidacy;
}

/** Those whose services a proxy of each machine serves, and those that the cluster's own network forwards. */
function candidacies(
  groups: readonly FrontGroup[],
  { speakers }: Members,
  { input, options }: Context,
  last: Last,
): readonly Candidate[] {
  const byAddress = new Map(groups.map((group) => [group.addresses[0] ?? '', group]));
  const former = formerPools(input);
  return (['proxy', 'nodes'] as const).flatMap((forwarding) => {
    const addresses = new Map<string, readonly ExportedService[]>();
    for (const [address, group] of byAddress)
      if (isProxied(group, input) === (forwarding === 'proxy')) addresses.set(address, group.services);
    const question = {
      addresses,
      speakers,
      nodes: input.nodes,
      pools: input.pools ?? [],
      former,
      rules: input.announcements ?? [],
      forwarding,
      ignoreExcludeLabel: options.ignoreExcludeLabel,
    };
    const found = candidatesOf(question, last[forwarding]);
    return found.flatMap((candidacy) => {
      const group = byAddress.get(candidacy.address);
      return group === undefined ? [] : [{ group, candidacy }];
    });
  });
}

/** What this machine was told last says it, over a restart, too. */
function formerPools({ present }: ModelInput): (address: string) => Origin | undefined {
  let told: ReadonlyMap<string, Attrs> | undefined;
  return (address) => {
    told ??= new Map(present.flatMap(({ kind, id, attrs }) => (kind === 'Announcement' ? [[id, attrs]] : [])));
    const { pool, byRule } = told.get(address) ?? {};
    return typeof pool === 'string' ? { name: pool, ...(byRule === true ? { byRule } : {}) } : undefined;
  };
}

/** Outside of a cluster there is nothing that would forward by itself. */
function isProxied({ services }: FrontGroup, { shared, nodes }: ModelInput): boolean {
  return nodes.length === 0 || services.some(({ id }) => shared?.has(id) === true);
}

function announcementAttrs(
  group: FrontGroup,
  { candidates, others, pool }: Candidacy,
  { input, options: { choice, followHealth }, http }: Context,
): Attrs {
  const interfaces = candidates.find(({ node }) => node === input.node)?.interfaces;
  const [first = group.addresses[0]] = group.services[0]?.address?.list ?? [];
  const along = choice === 'metallb' && first !== undefined && first !== group.addresses[0] ? { along: first } : {};
  const follows =
    followHealth === 'always' ||
    (followHealth === 'auto' && group.services.some(({ id }) => input.shared?.has(id) === true));
  const ports = follows ? probedAt(group, http) : [];
  const probe = [...new Set(ports)].slice(0, probedPorts);
  return {
    candidates: tiersOf(candidates),
    ...along,
    ...(pool === undefined ? {} : { pool: pool.name }),
    ...(pool?.byRule === true ? { byRule: true } : {}),
    ...(interfaces === undefined ? {} : { interfaces: [...interfaces] }),
    ...(probe.length === 0 ? {} : { probe }),
    ...(others.length === 0 ? {} : { others: reasonsOf(others) }),
  };
}

/** Many addresses have the same lists: they are turned into attributes once, and two of them compared at a glance. */
function once<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new WeakMap<Key, Value>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}

const tiersOf = once((candidates: Candidacy['candidates']): readonly (readonly string[])[] => {
  const scores = [...new Set(candidates.map(({ score }) => score))];
  return scores.map((score) => candidates.flatMap((one) => (one.score === score ? [one.node] : [])));
});

const reasonsOf = once(
  (others: Candidacy['others']): Readonly<Record<string, string>> =>
    Object.fromEntries(others.map(({ node, reason }) => [node, reason])),
);

function isHttp({ protocol }: FrontGroup['listeners'][number]): boolean {
  return protocol === 'http' || protocol === 'https';
}

function servesHttp({ groups }: ModelInput): boolean {
  return groups.some(({ addresses, listeners }) => addresses.length > 0 && listeners.some(isHttp));
}

/** Ports of HTTP, where there are any at all: a proxy of TCP connects on to a target for each connection. */
function probedAt({ listeners }: FrontGroup, http: boolean): readonly number[] {
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
function addressesOf({ environment }: ModelInput): readonly string[] {
  return textsOf(environment.addresses);
}

function textsOf(list: Json | undefined): readonly string[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

const edge =
  'is the first or the last address of a network of this machine, which no machine can have: take it out of the pool (avoidBuggyIPs: true, where networks are whole /24s), or let the service ask for another one';

/** Others would wait for a machine of another name, and not listen to this one. */
function misnamed(input: ModelInput, { peers }: Members): readonly Problem[] {
  const own = addressesOf(input);
  return peers.flatMap(({ name, address }): readonly Problem[] => {
    if (!own.includes(address)) return [];
    const message = `${address} is an address of this machine, which is called ${input.node} here and ${name} among its peers: set \`instance: ${name}\`, or correct the peer`;
    return [{ code: 'W_L2_PEER', severity: 'warning', source: `balancer/${input.balancer}`, message }];
  });
}

/** One that ends is missing in the list for a moment, too; when nobody is named the list is. */
function unnamed({ balancer }: ModelInput, { peers, lost }: Members): readonly Problem[] {
  if (lost.length === 0 || lost.length < peers.length) return [];
  const message = `the cluster names none of ${lost.join(', ')} any more, which announce with this machine: they are spoken to while they are heard, and no other one can join; look for the Service that \`announcers\` of the source names, its selector and its EndpointSlices`;
  return [{ code: 'W_L2_PEER', severity: 'warning', source: `balancer/${balancer}`, message }];
}

function about({ id, origin }: ExportedService, code: Problem['code'], message: string): Problem {
  const { kind, namespace, name, file, line } = origin;
  return {
    code,
    severity: 'error',
    source: `${kind}/${namespace}/${name}`,
    service: id,
    message,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  };
}
