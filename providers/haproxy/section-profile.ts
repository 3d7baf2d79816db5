/**
 * A profile is what routes ask for besides their target: allowed source ranges and filters. Its name is a hash of its content and
 * travels as the second field of a map value, so that a further host or path with the same wishes is a map entry and no reload.
 */
import type { RouteFilter, Treatment } from './attrs.ts';
import { rangesPath, shortHash } from './names.ts';
import { formatLiteral, literal, regexLiteral, word } from './quote.ts';

export interface Profile {
  readonly name: string;
  readonly ranges: readonly string[] | undefined;
  readonly filters: readonly RouteFilter[];
}

/** The profile of a route; undefined when it asks for nothing. */
export function profileOf(treatment: Treatment): Profile | undefined {
  const { ranges, filters = [] } = treatment;
  if (ranges === undefined && filters.length === 0) return undefined;
  // The letters in front: a pattern of a condition must not begin with a hyphen, and a hash may.
  return { name: `p_${shortHash(JSON.stringify([ranges ?? null, filters]))}`, ranges, filters };
}

/** The path of the map of allowed ranges, when the profile has one. */
export function profileRanges(profile: Profile): string | undefined {
  return profile.ranges === undefined ? undefined : rangesPath(profile.ranges);
}

/**
 * Rules of the section that serves the routes of the profile. Ranges fail closed: who is not found in the map is denied, also when the
 * map is empty. `answer`: the section answers by itself, so there is no request to rewrite.
 */
export function profileLines(profile: Profile, serves: 'forward' | 'answer'): readonly string[] {
  const chosen = `{ var(txn.r),field(2,|) -m str ${word(profile.name)} }`;
  const lines: string[] = [];
  const ranges = profileRanges(profile);
  if (ranges !== undefined) {
    lines.push(`http-request deny deny_status 403 if ${chosen} !{ src,map_ip(${word(ranges)}) -m found }`);
  }
  for (const filter of profile.filters) {
    const line = filterLine(filter, serves);
    if (line !== undefined) lines.push(`${line} if ${chosen}`);
  }
  return lines;
}

function filterLine(filter: RouteFilter, serves: 'forward' | 'answer'): string | undefined {
  if (filter.type === 'responseHeader') {
    return headerLine(serves === 'forward' ? 'http-response' : 'http-after-response', filter);
  }
  if (serves === 'answer') return undefined;
  switch (filter.type) {
    case 'requestHeader':
      return headerLine('http-request', filter);
    case 'host':
      return `http-request set-header Host ${formatLiteral(filter.value)}`;
    case 'rewritePrefix':
      return rewritePrefixLine(filter.from, filter.to);
    case 'rewriteRegex':
      return `http-request replace-path ${literal(filter.pattern)} ${formatLiteral(backreferences(filter.to))}`;
  }
}

function headerLine(
  ruleSet: string,
  filter: Extract<RouteFilter, { readonly type: 'requestHeader' | 'responseHeader' }>,
): string {
  const name = literal(filter.name);
  if (filter.op === 'remove') return `${ruleSet} del-header ${name}`;
  return `${ruleSet} ${filter.op}-header ${name} ${formatLiteral(filter.value ?? '')}`;
}

/** `/from`, `/from/` and `/from/x` become `/to`, `/to/` and `/to/x`; what begins with it otherwise (string prefixes) keeps its rest. */
function rewritePrefixLine(from: string, to: string): string {
  const head = regexLiteral(from.replace(/\/+$/, ''));
  const target = to.replace(/\/+$/, '').replaceAll('\\', '\\\\');
  if (target === '') return `http-request replace-path ${literal(`^${head}/?(.*)$`)} ${formatLiteral('/\\1')}`;
  return `http-request replace-path ${literal(`^${head}(.*)$`)} ${formatLiteral(`${target}\\1`)}`;
}

/** `$1` … `$9` stand for groups of the expression; every other character for itself. */
function backreferences(to: string): string {
  return to.replaceAll('\\', '\\\\').replace(/\$([0-9])/g, '\\$1');
}
