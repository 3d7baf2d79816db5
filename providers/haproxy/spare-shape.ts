/**
 * Spare backends: empty sections that stand ready, so that a new backend is a few commands and no reload. A spare has the lines of its
 * shape for ever; what may differ from service to service is on the servers or in maps whose key is the name of the section.
 */
import type { Resource } from '../../src/model/index.ts';
import { type BackendAttrs, readBackend } from './attrs.ts';
import type { Section } from './layout.ts';
import { serversOf } from './layout-server.ts';
import { shortHash } from './names.ts';
import { durationMs, type Options } from './options.ts';
import { literal } from './quote.ts';
import { balanceLines, onlySafeRetries, plainExpect } from './section-backend.ts';
import { stickLines } from './spare-cookie.ts';

export interface SpareShape {
  /** Part of the names of its sections. */
  readonly name: string;
  readonly mode: BackendAttrs['mode'];
  readonly balance: BackendAttrs['balance'];
  /** Servers that are checked are checked by an HTTP request. */
  readonly asks: boolean;
  /** Clients stay at their target by a cookie. */
  readonly sticks: boolean;
}

/** The first is what most services are: the option counts its spares. */
export const spareShapes: readonly SpareShape[] = [
  ...(['roundrobin', 'leastconn', 'source', 'uri', 'random'] as const).flatMap((balance) => [
    { name: `http-${balance}`, mode: 'http' as const, balance, asks: false, sticks: false },
    { name: `http-${balance}-check`, mode: 'http' as const, balance, asks: true, sticks: false },
  ]),
  ...(['roundrobin', 'leastconn'] as const).flatMap((balance) => [
    { name: `http-${balance}-cookie`, mode: 'http' as const, balance, asks: false, sticks: true },
    { name: `http-${balance}-cookie-check`, mode: 'http' as const, balance, asks: true, sticks: true },
  ]),
  ...(['roundrobin', 'leastconn', 'source', 'random'] as const).map((balance) => ({
    name: `tcp-${balance}`,
    mode: 'tcp' as const,
    balance,
    asks: false,
    sticks: false,
  })),
];

/** How many spares of a shape shall be free after a reload. */
export function sparesWanted(shape: SpareShape, { spares }: Options): number {
  return shape === spareShapes[0] ? spares : Math.ceil(spares / 4);
}

export function spareName(shape: SpareShape, number: number): string {
  return `sp_${shape.name}_${number}`;
}

const shapes = new Map(spareShapes.map((shape) => [shape.name, shape]));

/**
 * The name of a spare that is made at run time for a backend, where HAProxy can. The same backend gets the same one, so that one that
 * could not be deleted is found again.
 */
export function madeName(shape: SpareShape, own: string): string {
  return `sp_${shape.name}_x${shortHash(own)}`;
}

/** A spare that was made at run time, by its name. */
export function isMade(name: string): boolean {
  return /^sp_[a-z-]+_x[A-Za-z0-9_-]{22}$/.test(name);
}

/** The shape of a spare by its name; undefined: no spare. */
export function shapeOfSpare(name: string): SpareShape | undefined {
  const [, shape = ''] = /^sp_([a-z-]+)_(?:\d+|x[A-Za-z0-9_-]{22})$/.exec(name) ?? [];
  return shapes.get(shape);
}

/** The shape that serves a backend exactly as a section of its own would; undefined: there is none. `bare`: no route asks for a treatment. */
export function shapeFor(resource: Resource, bare: boolean): SpareShape | undefined {
  // What is not named here is not known to fit.
  const { mode, balance, check, cookie, tls, h2, sendProxy, ...known } = readBackend(resource);
  const { slowStartMs, fresh, serverMs, tunnelMs, ...other } = known;
  if (!bare || Object.keys(other).length > 0 || !fitsCheck(mode, check)) return undefined;
  // A file of authorities is read at start only.
  if (tls?.ca !== undefined) return undefined;
  if (mode === 'tcp' && (serverMs !== undefined || tunnelMs !== undefined)) return undefined;
  if (serverMs === 0 || tunnelMs === 0 || !fitsCookie(cookie)) return undefined;
  const kind = mode === 'tcp' && balance === 'uri' ? 'source' : balance;
  return shapes.get(`${mode}-${kind}${cookie ? '-cookie' : ''}${check?.type === 'http' ? '-check' : ''}`);
}

function fitsCheck(mode: BackendAttrs['mode'], check: BackendAttrs['check']): boolean {
  if (check === undefined) return true;
  if (check.timeoutMs !== undefined) return false;
  if (check.type === 'tcp') return true;
  const { method = 'GET', expect, path = '/', host = '' } = check;
  return mode === 'http' && method === 'GET' && expect === undefined && isMapText(path) && isMapText(host);
}

/** The name is looked up; how long a client may be away is not. */
function fitsCookie(cookie: BackendAttrs['cookie']): boolean {
  return cookie === undefined || (cookie.maxIdleMs === undefined && /^[A-Za-z0-9_.-]+$/.test(cookie.name));
}

/** Stands in a map and in a command as it is. */
function isMapText(text: string): boolean {
  return /^[A-Za-z0-9_./?&=:~*[\]@+-]*$/.test(text);
}

export const sparePaths = {
  /** Which backend each spare is. */
  owner: 'maps/spares.map',
  server: 'maps/spare-server.map',
  tunnel: 'maps/spare-tunnel.map',
  uri: 'maps/spare-uri.map',
  host: 'maps/spare-host.map',
  cookie: 'maps/spare-cookie.map',
} as const;

/** The section of a spare: empty, or with the servers of the backend that it is now. */
export function spareSection(name: string, shape: SpareShape, options: Options, resource?: Resource): Section {
  const lines = linesOf(shape, options);
  const memo = sections.get(resource ?? lines)?.get(name);
  if (memo?.lines === lines) return memo;
  const servers: Section['servers'] = resource === undefined ? new Map() : serversOf(resource, readBackend(resource));
  const section = { head: `backend ${name}`, lines, from: templateName(shape), servers, dynamic: true };
  const one = sections.get(resource ?? lines) ?? new Map<string, Section>();
  sections.set(resource ?? lines, one.set(name, section));
  return section;
}

/** Where spares have their lines from, also those that are made at run time: settings that nothing else in the file goes by. */
export function templateName(shape: SpareShape): string {
  return `sp_${shape.name}`;
}

/** `base`: the settings of all sections of the mode. */
export function templateSection(shape: SpareShape, options: Options, base: Section): Section {
  return { head: `defaults ${templateName(shape)}`, lines: [...base.lines, ...linesOf(shape, options)] };
}

/** The lines that a section has by referring to that one: `settings` are all lines of it. The way to balance is what a spare says first. */
export function linesFrom(settings: readonly string[]): readonly string[] {
  return settings.slice(settings.findIndex((line) => line.startsWith('balance ')));
}

/** By resource, or by the lines where there is none: the same object while both are the same. */
const sections = new WeakMap<object, Map<string, Section>>();

/** Loads the map that says which spare is which: read by `show map`, never by a request. */
export const ownerSection: Section = {
  head: 'backend a_spares',
  lines: [`http-request set-var(txn.owner) be_name,map_str(${sparePaths.owner})`],
};

const known = new WeakMap<Options, Map<SpareShape, readonly string[]>>();

function linesOf(shape: SpareShape, options: Options): readonly string[] {
  let byShape = known.get(options);
  if (byShape === undefined) {
    byShape = new Map();
    known.set(options, byShape);
  }
  let lines = byShape.get(shape);
  if (lines === undefined) {
    lines = [
      ...balanceLines(shape),
      ...(shape.sticks ? stickLines(sparePaths.cookie) : []),
      ...(shape.mode === 'http' ? timeoutLines(options) : []),
      ...(shape.asks ? checkLines : []),
      ...(shape.mode === 'http' ? [onlySafeRetries] : []),
    ];
    byShape.set(shape, lines);
  }
  return lines;
}

function timeoutLines({ timeouts }: Options): readonly string[] {
  // `map_str_int`: a text as the key, a number as the value.
  const look = (path: string, otherwise: string) => `be_name,map_str_int(${path},${durationMs(otherwise)})`;
  return [
    `http-request set-timeout server ${look(sparePaths.server, timeouts.server)}`,
    `http-request set-timeout tunnel ${look(sparePaths.tunnel, timeouts.tunnel)}`,
  ];
}

const uri = literal(`%[be_name,map_str(${sparePaths.uri},/)]`);
const host = literal(`%[be_name,map_str(${sparePaths.host},health-check)]`);
const checkLines: readonly string[] = [
  'option httpchk',
  `http-check send meth GET uri-lf ${uri} ver HTTP/1.1 hdr Host ${host}`,
  `http-check expect status ${plainExpect}`,
];
