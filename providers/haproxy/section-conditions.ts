import type { RouteAttrs } from './attrs.ts';
import { rangesPath } from './names.ts';
import { aclEquals, aclRegex, fetchName, literal, mapKey, word } from './quote.ts';
import { shadowOf, treeKey } from './route-keys.ts';
import type { Conditional } from './route-table.ts';

/** The rule of a route that asks for more than host and path: it overrides what was found so far when that is not stronger. */
export function conditionalLine({ attrs, value, rank }: Conditional, asked: string): string {
  const conditions = [
    ...pathConditions(attrs, asked),
    ...methodConditions(attrs),
    ...(attrs.headers ?? []).map((match) => matchCondition(`req.fhdr(${fetchName(match.name)})`, match)),
    ...(attrs.query ?? []).map((match) => matchCondition(`urlp(${fetchName(match.name)}),url_dec(1)`, match)),
    ...sourceConditions(attrs),
    `{ var(txn.r),field(3,|) -m int le ${rank} }`,
  ];
  return `http-request set-var(txn.r) str(${word(value)}) if ${conditions.join(' ')}`;
}

/** The maps of source addresses that conditional routes look into. */
export function conditionRanges(attrs: RouteAttrs): readonly string[] {
  return attrs.sourceIps ?? [];
}

function pathConditions({ host, path }: RouteAttrs, asked: string): readonly string[] {
  if (path === undefined) return [];
  if (path.type === 'regex') {
    // What was asked for begins with the host that was found; its first slash begins the path.
    return [`{ ${asked} -m beg -- ${literal(mapKey(`${host}/`))} }`, `{ path ${aclRegex(path.value)} }`];
  }
  const kind = path.type === 'exact' ? 'str' : 'beg';
  const fits = `{ ${asked} -m ${kind} -- ${literal(mapKey(treeKey(host, path)))} }`;
  const shadow = shadowOf(host, path);
  return shadow === undefined ? [fits] : [fits, `!{ ${asked} -m str -- ${literal(mapKey(shadow.key))} }`];
}

function methodConditions({ methods = [] }: RouteAttrs): readonly string[] {
  return methods.length === 0 ? [] : [`{ method ${methods.map(word).join(' ')} }`];
}

function matchCondition(fetch: string, match: NonNullable<RouteAttrs['headers']>[number]): string {
  if (match.type === 'present') return `{ ${fetch} -m found }`;
  const value = match.value ?? '';
  return `{ ${fetch} ${match.type === 'regex' ? aclRegex(value) : aclEquals(value)} }`;
}

function sourceConditions({ sourceIps = [] }: RouteAttrs): readonly string[] {
  return sourceIps.length === 0 ? [] : [`{ src,map_ip(${word(rangesPath(sourceIps))}) -m found }`];
}
