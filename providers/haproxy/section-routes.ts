import { mapPath } from './names.ts';
import { word } from './quote.ts';
import { requestEnd } from './route-keys.ts';
import { nowhere, type RouteTable } from './route-table.ts';
import { conditionalLine } from './section-conditions.ts';

/**
 * The rules that choose a backend, the same whatever the routes are, but for regular expressions and conditions: the first wildcard, the
 * first share, another default are map entries and no reload. A host that is named costs one text and one lookup.
 * `first`: rules that only need the host.
 *   txn.h  host, lower case, without port and final dot      txn.u  path
 *   txn.q  host (as it was found) + path, what is asked for, where that is looked for twice
 *   txn.r  the value found: backend|profile|rank
 */
export function routeLines(frontend: string, table: RouteTable, first: readonly string[] = []): readonly string[] {
  const plain = isPlain(table);
  const [exact, ...wider] = lookupLines(frontend, table);
  return [
    ...hostLines,
    ...first,
    ...(exact ?? []),
    // No further rule of this section could change it.
    ...(plain ? [`http-request allow if { var(txn.r) -m beg ${settled} }`] : []),
    ...wider.flat(),
    ...regexLines(frontend, table),
    ...table.conditional.map((route) => conditionalLine(route, asked(table))),
    ...dispatchLines(frontend),
  ];
}

/** What names of backends begin with, in the order of their number: not a choice, and not `nowhere`. */
const settled = 'b_ sp_ a_';

/** A host with a slash could make up the key of another path: refused, as RFC 9112 asks for an invalid Host. */
const hostLines: readonly string[] = [
  'http-request set-var(txn.h) req.fhdr(host),host_only,lower',
  'http-request set-var(txn.h) var(txn.h),rtrim(.) if { var(txn.h) -m end . } !{ var(txn.h) -m end .. }',
  'http-request return status 400 if { var(txn.h) -m sub / }',
];

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
function lookupLines(frontend: string, table: RouteTable): readonly (readonly string[])[] {
  const end = ended(table) ? requestEnd : '';
  const look = `http-request set-var(txn.r) ${asked(table)},map_beg(${word(mapPath(frontend, 'routes'))})`;
  const missed = 'if !{ var(txn.r) -m found }';
  const wider = (host: string) => [
    `http-request set-var-fmt(txn.q) ${host}%[path]${end} ${missed}`,
    `${look} ${missed}`,
  ];
  // The way of nearly every request: a text joined by a converter costs a fraction of a formatted one.
  const text = `var(txn.h),concat(,txn.u${end === '' ? '' : `,${end}`})`;
  // Kept where somebody looks for it again: expressions and conditions, or else the next lookups, which write it anew.
  const once = `http-request set-var(txn.r) ${text},map_beg(${word(mapPath(frontend, 'routes'))})`;
  const exact = [
    'http-request set-var(txn.u) path',
    ...(isPlain(table) ? [once] : [`http-request set-var(txn.q) ${text}`, look]),
  ];
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
