import type { Resource, Sliced } from '../../src/model/index.ts';
import { type FrontendAttrs, readCert, readFrontend } from './attrs.ts';
import type { Bind, CrtEntry, MapFile, Section } from './layout.ts';
import { type Lead, leadOf, placeLead, type RoutedFrontend, routedFrontend, type Spares } from './layout-routes.ts';
import { certPath, crtListPath, defaultCertPath, frontendName, mapPath, rangesPath, staplePath } from './names.ts';
import { directoryOf, type Options } from './options.ts';
import { mapKey, mapValue, sniFilter } from './quote.ts';
import { proxyRanges, trustedRanges } from './section-forwarded.ts';
import { bindsOf, httpFrontendLines, sniFrontendLines, tcpFrontendLines } from './section-frontend.ts';
import { profileRanges } from './section-profile.ts';
import { restKey } from './section-routes.ts';
import { handOverName, handOverSection } from './section-sni.ts';
import { monitorLines, statsLines } from './section-stats.ts';
import { type Share, shareEntries } from './shares.ts';

/** One frontend of the layout with everything that it alone needs. */
export interface FrontendPart {
  readonly mode: 'http' | 'tcp';
  /** Clients speak TLS here. */
  readonly tls: boolean;
  readonly section: Section;
  readonly binds: readonly Bind[];
  readonly maps: ReadonlyMap<string, MapFile>;
  readonly certs: ReadonlyMap<string, string>;
  readonly crtLists: ReadonlyMap<string, readonly CrtEntry[]>;
  /** Where its routes and its default lead. */
  readonly leads: readonly Lead[];
  /** The backend that hands its other connections on to a frontend of the process. */
  readonly handOver?: Section;
}

interface Memo {
  readonly handed: string;
  readonly options: Options;
  readonly routes: readonly Resource[];
  readonly spares: Spares;
  readonly part: FrontendPart;
}

const known = new WeakMap<Resource, Memo>();

/** `handed`: hosts that a wildcard here covers and the frontend beside serves. The part of a Frontend and its Routes. The same object while they, the options and the spares are the same. */
export function* frontendPart(
  resource: Resource,
  routes: readonly Resource[],
  options: Options,
  spares: Spares,
  handed: readonly string[] = [],
): Sliced<FrontendPart> {
  const memo = known.get(resource);
  const same = memo?.options === options && memo.spares === spares && memo.handed === handed.join(' ');
  if (memo !== undefined && same && sameList(memo.routes, routes)) return memo.part;
  const attrs = readFrontend(resource);
  const plain = yield* partOf(resource, attrs, routes, options, spares);
  const part = attrs.beside === undefined ? plain : withHandOver(plain, resource.id, attrs.beside, handed, options);
  known.set(resource, { options, routes, spares, handed: handed.join(' '), part });
  return part;
}

function* partOf(
  resource: Resource,
  attrs: FrontendAttrs,
  routes: readonly Resource[],
  options: Options,
  spares: Spares,
): Sliced<FrontendPart> {
  if (attrs.stats === true) return ownPart(resource, attrs, options, statsLines);
  if (attrs.monitor === true) return ownPart(resource, attrs, options, monitorLines);
  const routed = attrs.mode === 'http' || attrs.sni === true;
  return routed
    ? yield* routedPart(resource, attrs, routes, options, spares)
    : tcpPart(resource, attrs, options, spares);
}

/** Names that a wildcard here would take from the frontend beside are led there like a route. */
function withHandOver(
  part: FrontendPart,
  id: string,
  beside: string,
  handed: readonly string[],
  options: Options,
): FrontendPart {
  const ended = frontendName(beside);
  const path = mapPath(frontendName(id), 'routes');
  const entries = new Map(part.maps.get(path)?.entries);
  for (const host of handed) entries.set(mapKey(`${host}/`), mapValue(handOverName(ended)));
  return {
    ...part,
    maps: new Map([...part.maps, [path, { match: 'beg', entries }]]),
    handOver: handOverSection(ended, directoryOf(options)),
  };
}

function sameList(a: readonly Resource[], b: readonly Resource[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

function* routedPart(
  resource: Resource,
  attrs: FrontendAttrs,
  routes: readonly Resource[],
  options: Options,
  spares: Spares,
): Sliced<FrontendPart> {
  const name = frontendName(resource.id);
  const rest = defaultLead(resource, attrs, options, spares);
  const beside = rest === undefined || attrs.sni === true ? undefined : { resource, treatment: attrs };
  const routed = yield* routedFrontend(routes, options.httpsRedirectPort, spares, beside);
  yield;
  const leads = rest === undefined ? routed.leads : [...routed.leads, rest];
  const lines =
    attrs.sni === true ? sniFrontendLines(name, attrs, options) : httpFrontendLines(name, attrs, routed.table, options);
  const fallback = new Map(rest === undefined ? [] : [[restKey, mapValue(rest.text)]]);
  return {
    ...commonPart(resource, attrs, options),
    section: { head: `frontend ${name}`, lines },
    maps: new Map([
      ...routeMaps(name, routed, leads),
      [mapPath(name, 'rest'), { match: 'str', entries: fallback }],
      ...rangeMaps(routed, leads, options),
    ]),
    leads,
  };
}

/** What HAProxy answers itself. */
function ownPart(resource: Resource, attrs: FrontendAttrs, options: Options, linesOf: typeof statsLines): FrontendPart {
  const name = frontendName(resource.id);
  const lines = linesOf(name, attrs, options);
  return {
    ...commonPart(resource, attrs, options),
    section: { head: `frontend ${name}`, lines },
    maps: new Map(),
    leads: [],
  };
}

function tcpPart(resource: Resource, attrs: FrontendAttrs, options: Options, spares: Spares): FrontendPart {
  const name = frontendName(resource.id);
  const { lead: rest, shares } = tcpLead(resource, attrs, options, spares);
  const maps = new Map<string, MapFile>([
    [mapPath(name, 'shares'), { match: 'beg', entries: new Map(shareEntries('', shares)) }],
  ]);
  for (const ranges of [attrs.ranges, attrs.denied]) {
    if (ranges !== undefined) maps.set(rangesPath(ranges), rangesMap(ranges));
  }
  return {
    ...commonPart(resource, attrs, options),
    section: { head: `frontend ${name}`, lines: tcpFrontendLines(name, attrs, options) },
    maps,
    leads: rest === undefined ? [] : [rest],
  };
}

/** Where the connections of a TCP frontend go, and in which shares. */
export function tcpLead(
  resource: Resource,
  attrs: FrontendAttrs,
  options: Options,
  spares: Spares,
): { readonly lead: Lead | undefined; readonly shares: readonly Share[] } {
  const lead = defaultLead(resource, attrs, options, spares);
  // There is no answer in TCP: a front that leads nowhere has no backend, and its connections are closed.
  const only = lead?.backends[0] === undefined ? [] : [{ backend: lead.target, weight: 1 }];
  return { lead, shares: lead?.shares !== undefined && lead.target.startsWith('w_') ? lead.shares : only };
}

/** Where that leads which no route took; undefined: nowhere. */
function defaultLead(resource: Resource, attrs: FrontendAttrs, options: Options, spares: Spares): Lead | undefined {
  const backend = resource.refs.default;
  const nothing = backend === undefined && attrs.answer === undefined && (resource.sets.forward?.size ?? 0) === 0;
  // In TCP the ranges are a rule of the frontend itself.
  const treatment = attrs.mode === 'tcp' && attrs.sni !== true ? {} : attrs;
  if (nothing) return undefined;
  return placeLead(leadOf(resource, treatment, backend, options.httpsRedirectPort), spares);
}

function commonPart(
  resource: Resource,
  attrs: FrontendAttrs,
  options: Options,
): Pick<FrontendPart, 'mode' | 'tls' | 'binds' | 'certs' | 'crtLists'> {
  const name = frontendName(resource.id);
  const { certs, entries } = attrs.tls
    ? certificates(resource, name, attrs.clientCa)
    : { certs: new Map<string, string>(), entries: [] };
  return {
    mode: attrs.mode,
    tls: attrs.tls,
    binds: attrs.behind === undefined ? bindsOf(name, attrs, options) : [],
    certs,
    crtLists: attrs.tls ? new Map([[crtListPath(name), entries]]) : new Map(),
  };
}

/** A name that no client asks for: the default certificate answers only where no other does, and its own names are listed like all. */
const noName = 'default.weir.invalid';

function certificates(
  resource: Resource,
  frontend: string,
  clientCa: string | undefined,
): { readonly certs: ReadonlyMap<string, string>; readonly entries: readonly CrtEntry[] } {
  const certs = new Map<string, string>();
  const entries: CrtEntry[] = [];
  for (const [sha256, member] of resource.sets.certs ?? []) {
    if (member.gone === true) continue;
    const { hosts: all, verified = [], isDefault, ocsp } = readCert(member.attrs);
    const put = (path: string): void => {
      certs.set(path, sha256);
      if (ocsp !== undefined) certs.set(staplePath(path), ocsp);
    };
    const hosts = all.filter((host) => !verified.includes(host));
    if (isDefault) {
      const path = defaultCertPath(frontend);
      put(path);
      entries.unshift({ cert: path, hosts: [noName] });
    }
    if (hosts.length > 0) {
      put(certPath(sha256));
      entries.push({ cert: certPath(sha256), hosts: hosts.map(sniFilter) });
    }
    // Without the authority these names have the default certificate, and their routes answer 421.
    if (verified.length > 0 && clientCa !== undefined) {
      put(certPath(sha256));
      const options = `verify required ca-file ${certPath(clientCa)}`;
      entries.push({ cert: certPath(sha256), hosts: verified.map(sniFilter), options });
    }
  }
  if (clientCa !== undefined) certs.set(certPath(clientCa), clientCa);
  return { certs, entries };
}

/** The maps that the rules of every frontend with routes look into, empty ones too. */
function* routeMaps(
  name: string,
  { table }: RoutedFrontend,
  leads: readonly Lead[],
): Generator<readonly [string, MapFile]> {
  yield [mapPath(name, 'routes'), { match: 'beg', entries: table.tree }];
  if (table.regex.size > 0) yield [mapPath(name, 'regex'), { match: 'reg', entries: table.regex }];
  const shares = new Map<string, string>();
  for (const { target, shares: list } of leads) {
    if (list === undefined || !target.startsWith('w_')) continue;
    for (const [key, value] of shareEntries(`${target}:`, list)) shares.set(key, value);
  }
  yield [mapPath(name, 'shares'), { match: 'beg', entries: shares }];
}

function* rangeMaps(
  { sourceIps }: RoutedFrontend,
  leads: readonly Lead[],
  options: Options,
): Generator<readonly [string, MapFile]> {
  const trusted = options.forwardedHeaders === 'keep' ? undefined : trustedRanges(options);
  for (const ranges of [trusted, proxyRanges(options)])
    if (ranges !== undefined) yield [rangesPath(ranges), rangesMap(ranges)];
  const profiles = leads.flatMap(({ profile }) => (profile === undefined ? [] : profileRanges(profile)));
  for (const ranges of [...profiles, ...sourceIps]) yield [rangesPath(ranges), rangesMap(ranges)];
}

function rangesMap(ranges: readonly string[]): MapFile {
  return { match: 'ip', entries: new Map(ranges.map((range) => [mapKey(range), '1'])) };
}
