import { mapPath } from './names.ts';
import { word } from './quote.ts';
import { requestEnd } from './route-keys.ts';
import { nowhere, type RouteTable } from './route-table.ts';
import { climbLines, mayClimb } from './section-climb.ts';
import { conditionalLine } from './section-conditions.ts';

/** What the other lines of a frontend ask of those that choose. */
export interface RouteNeeds {
  /** Rules that only need the host, whether a route is found or not. */
  readonly first?: readonly string[];
  /** Something reads `txn.h` also where a route is found. */
  readonly host?: boolean;
  /** A path that climbs out of its route is refused. */
  readonly climbing?: boolean;
}

/**
 * The rules that choose a backend, the same whatever the routes are, but for regular expressions and conditions: the first wildcard, the
 * first share, another default are map entries and no reload. A host that is named costs one text and one lookup.
 *   txn.h  host, lower case, without port and final dot      txn.u  path
 *   txn.q  host (as it was found) + path, what is asked for, where that is looked for twice
 *   txn.r  the value found: backend|profile|rank
 */
export function routeLines(frontend: string, table: RouteTable, needs: RouteNeeds = {}): readonly string[] {
  const { first = [], host = false, climbing = false } = needs;
  const [exact, ...wider] = lookupLines(frontend, table);
  const careful = [hostLine, ...careLines, ...first];
  const start = !isPlain(table)
    ? [...careful, ...exact]
    : first.length > 0
      ? [...careful, pathLine, ...foundLines(frontend, whole, climbing)]
      : quickLines(frontend, host, climbing);
  return [
    ...start,
    ...wider.flat(),
    ...regexLines(frontend, table),
    ...table.conditional.map((route) => conditionalLine(route, asked(table))),
    ...(climbing ? climbLines(frontend, hostLine) : []),
    ...dispatchLines(frontend),
  ];
}

/** What names of backends begin with, in the order of their number: not a choice, and not `nowhere`. */
const settled = 'b_ sp_ a_';

const missed = 'if !{ var(txn.r) -m found }';
const hostText = 'req.fhdr(host),host_only,lower';
const hostLine = `http-request set-var(txn.h) ${hostText}`;
const pathLine = 'http-request set-var(txn.u) path';
/** Host and path: a text joined by a converter costs a fraction of a formatted one. */
const whole = `var(txn.h),concat(,txn.u,${requestEnd})`;

/** A host with a slash could make up the key of another path: refused, as RFC 9112 asks for an invalid Host. */
const careLines: readonly string[] = [
  'http-request set-var(txn.h) var(txn.h),rtrim(.) if { var(txn.h) -m end . } !{ var(txn.h) -m end .. }',
  'http-request return status 400 if { var(txn.h) -m sub / }',
];

/** The only lookup of most requests; after it no further rule of the section could change what is settled. */
function foundLines(frontend: string, text: string, climbing: boolean): readonly string[] {
  return [
    `http-request set-var(txn.r) ${text},map_beg(${word(mapPath(frontend, 'routes'))})`,
    `http-request allow if { var(txn.r) -m beg ${settled} }${climbing ? ` !${mayClimb}` : ''}`,
  ];
}

/**
 * The way of nearly every request: no care is taken of the host, it is looked for with everything escaped that no name of a host has
 * (a slash above all), so that an odd one is found nowhere. Who is not found is looked at, and looked for once more.
 */
function quickLines(frontend: string, host: boolean, climbing: boolean): readonly string[] {
  const [again = ''] = foundLines(frontend, whole, climbing);
  return [
    ...(host ? [hostLine] : []),
    pathLine,
    ...foundLines(frontend, `${host ? 'var(txn.h)' : hostText},url_enc,concat(,txn.u,${requestEnd})`, climbing),
    ...(host ? [] : [`${hostLine} ${missed}`]),
    ...careLines,
    `${again} ${missed}`,
  ];
}

/** Nothing but the map of routes chooses. */
function isPlain(table: RouteTable): boolean {
  return table.regex.size === 0 && table.conditional.length === 0;
}

/** Regular expressions need the text without the end mark, so there it is added at each lookup. */
function ended(table: RouteTable): boolean {
  return table.regex.size === 0;
}

function asked(table: RouteTable): string {
  return ended(table) ? 'var(txn.q)' : `var(txn.q),concat(${requestEnd})`;
}

/** By host, by its wildcard, for every host: each only where the one before found nothing. */
function lookupLines(frontend: string, table: RouteTable): readonly [readonly string[], ...(readonly string[])[]] {
  const end = ended(table) ? requestEnd : '';
  const look = `http-request set-var(txn.r) ${asked(table)},map_beg(${word(mapPath(frontend, 'routes'))})`;
  const wider = (host: string) => [
    `http-request set-var-fmt(txn.q) ${host}%[path]${end} ${missed}`,
    `${look} ${missed}`,
  ];
  const text = end === '' ? 'var(txn.h),concat(,txn.u)' : whole;
  // Kept where somebody looks for it again: expressions and conditions.
  const exact = [pathLine, `http-request set-var(txn.q) ${text}`, look];
  return [exact, wider('*.%[var(txn.h),field(2,.,0)]'), wider('')];
}

function regexLines(frontend: string, table: RouteTable): readonly string[] {
  if (table.regex.size === 0) return [];
  return [
    // Only hosts that mix kinds of paths carry a rank: the others never pay for expressions.
    'http-request set-var(txn.n) var(txn.r),field(3,|)',
    `http-request set-var(txn.x) var(txn.q),map_reg(${word(mapPath(frontend, 'regex'))}) if { var(txn.n) -m found }`,
    'http-request set-var(txn.r) var(txn.x) if { var(txn.x),field(3,|),sub(txn.n) -m int gt 0 }',
  ];
}

/** What nothing took gets the default of the port; what is a choice is made now. */
function dispatchLines(frontend: string): readonly string[] {
  const none = `!{ var(txn.r) -m found } || { var(txn.r) -m beg -- ${nowhere} }`;
  return [
    `http-request set-var(txn.r) str(${restKey}),map_str(${word(mapPath(frontend, 'rest'))}) if ${none}`,
    'http-request set-var-fmt(txn.s) %[var(txn.r),field(1,|)]:%[rand(10000),add(10000)] if { var(txn.r) -m beg w_ }',
    // Looked up here and not in use_backend: HAProxy opens maps named there after it has left the directory of the file.
    `http-request set-var(txn.b) var(txn.s),map_beg(${word(mapPath(frontend, 'shares'))}) if { var(txn.s) -m found }`,
    'http-request set-var-fmt(txn.r) %[var(txn.b)]|%[var(txn.r),field(2,|)] if { var(txn.b) -m found }',
    'use_backend %[var(txn.r),field(1,|)]',
  ];
}

/** The key of the default of a port in its map. */
export const restKey = 'rest';
