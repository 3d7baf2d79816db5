import { mapPath } from './names.ts';
import { word } from './quote.ts';
import { requestEnd } from './route-keys.ts';
import { nowhere, type RouteTable } from './route-table.ts';
import { conditionalLine } from './section-conditions.ts';

/** Which of the machinery a frontend needs. */
export interface Needs {
  readonly table: RouteTable;
  /** Map values have more than one field. */
  readonly fields: boolean;
  /** Some route shares its requests between backends. */
  readonly shares: boolean;
  /** The value for what no route took, where a plain `default_backend` cannot say it. */
  readonly fallback: string | undefined;
}

/**
 * The rules that choose a backend. Only what the routes of this frontend need is written: with exact hosts and plain paths it is one
 * text and one lookup.
 *   txn.h  host, lower case, without port and final dot      txn.q  host (as it was found) + path, what is asked for
 *   txn.r  the value found: backend|profile|rank
 */
export function routeLines(frontend: string, needs: Needs): readonly string[] {
  const { table } = needs;
  if (table.tree.size === 0) return dispatchLines(frontend, needs);
  const named = table.hosts.exact || table.hosts.wildcard;
  return [
    ...(named ? hostLines : []),
    ...lookupLines(frontend, table),
    ...regexLines(frontend, table),
    ...table.conditional.map((route) => conditionalLine(route, asked(table))),
    ...dispatchLines(frontend, needs),
  ];
}

/** A host with a slash could make up the key of another path: refused, as RFC 9112 asks for an invalid Host. */
const hostLines: readonly string[] = [
  'http-request set-var(txn.h) req.fhdr(host),host_only,lower',
  'http-request set-var(txn.h) var(txn.h),rtrim(.) if { var(txn.h) -m end . } !{ var(txn.h) -m end .. }',
  'http-request return status 400 if { var(txn.h) -m sub / }',
];

/** Regular expressions need the text without the end mark, so there it is added at each lookup. */
function ended(table: RouteTable): boolean {
  return table.regex.size === 0;
}

function asked(table: RouteTable): string {
  return ended(table) ? 'var(txn.q)' : `var(txn.q),concat(${requestEnd})`;
}

function lookupLines(frontend: string, table: RouteTable): readonly string[] {
  const { exact, wildcard, every } = table.hosts;
  const end = ended(table) ? requestEnd : '';
  const look = `http-request set-var(txn.r) ${asked(table)},map_beg(${word(mapPath(frontend, 'routes'))})`;
  const missed = 'if !{ var(txn.r) -m found }';
  const lines: string[] = [];
  const ask = (text: string): void => {
    const condition = lines.length === 0 ? '' : ` ${missed}`;
    lines.push(`http-request set-var-fmt(txn.q) ${text}%[path]${end}${condition}`, `${look}${condition}`);
  };
  if (exact) ask('%[var(txn.h)]');
  if (wildcard) ask('*.%[var(txn.h),field(2,.,0)]');
  if (every) ask('');
  return lines;
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

function dispatchLines(frontend: string, { table, fields, shares, fallback }: Needs): readonly string[] {
  const lines: string[] = [];
  if (fallback !== undefined) {
    const none = `!{ var(txn.r) -m found } || { var(txn.r) -m beg -- ${nowhere} }`;
    lines.push(`http-request set-var(txn.r) str(${word(fallback)}) if ${none}`);
  }
  if (shares) {
    lines.push(
      'http-request set-var-fmt(txn.s) %[var(txn.r),field(1,|)]:%[rand(10000),add(10000)] if { var(txn.r) -m beg w_ }',
      // Looked up here and not in use_backend: HAProxy opens maps named there after it has left the directory of the file.
      `http-request set-var(txn.b) var(txn.s),map_beg(${word(mapPath(frontend, 'shares'))}) if { var(txn.s) -m found }`,
      'use_backend %[var(txn.b)] if { var(txn.b) -m found }',
    );
  }
  if (table.tree.size > 0 || fallback !== undefined) {
    lines.push(`use_backend %[var(txn.r)${fields ? ',field(1,|)' : ''}]`);
  }
  return lines;
}
