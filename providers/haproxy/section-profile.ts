/**
 * A profile is what routes ask for besides their target: who may ask, and filters. Its name is a hash of its content and
 * travels as the second field of a map value, so that a further host or path with the same wishes is a map entry and no reload.
 */
import type { RouteFilter, Treatment } from './attrs.ts';
import { shortHash } from './names.ts';
import { formatLiteral, literal, regexLiteral, word } from './quote.ts';
import { aroundLines, type GuardedPath } from './section-around.ts';
import { verifiedLines } from './section-client.ts';
import { fromRanges, guardLines } from './section-guard.ts';

export interface Profile {
  readonly name: string;
  readonly ranges: readonly string[] | undefined;
  readonly denied: readonly string[] | undefined;
  readonly verified: boolean;
  readonly filters: readonly RouteFilter[];
  /** Paths of the same host that are guarded otherwise. */
  readonly around?: readonly GuardedPath[];
}

/** What the section does with requests; `tcp`: with connections. */
export type Serves = 'forward' | 'answer' | 'tcp';

/** The profile of a route; undefined when it asks for nothing. */
export function profileOf(treatment: Treatment, around?: readonly GuardedPath[]): Profile | undefined {
  const { ranges, denied, filters = [], verified = false } = treatment;
  const plain = ranges === undefined && denied === undefined && filters.length === 0 && !verified;
  if (plain && around === undefined) return undefined;
  // The letters in front: a pattern of a condition must not begin with a hyphen, and a hash may.
  const name = `p_${shortHash(JSON.stringify([ranges ?? null, filters, ...(denied === undefined && !verified ? [] : [denied ?? null, verified]), ...(around === undefined ? [] : [{ around }])]))}`;
  return { name, ranges, denied, filters, verified, ...(around === undefined ? {} : { around }) };
}

/** The lists of source ranges that the rules of a profile look into. */
export function profileRanges({ ranges, denied, filters }: Profile): readonly (readonly string[])[] {
  const own = filters.flatMap((filter) => (filter.type === 'sourceRanges' ? [filter.allow, filter.deny] : []));
  return [ranges, denied, ...own].filter((list) => list !== undefined);
}

/**
 * Rules of the section that serves the routes of the profile: first those that keep requests out, then those that change them.
 * `answer`: the section answers by itself, so there is no request to rewrite.
 */
export function profileLines(profile: Profile, serves: Serves): readonly string[] {
  const chosen = `{ var(txn.r),field(2,|) -m str ${word(profile.name)} }`;
  const { ranges: allow, denied: deny, filters } = profile;
  if (serves === 'tcp') return connectionLines(profile, chosen);
  const access = { type: 'sourceRanges', ...(allow && { allow }), ...(deny && { deny }) } as const;
  const guards = [
    ...(profile.around === undefined ? [] : aroundLines(profile.around, chosen)),
    ...(profile.verified ? verifiedLines(chosen) : []),
    ...[access, ...inOrder(filters)].flatMap((filter) => guardLines(filter, chosen)),
  ];
  const changes = filters.flatMap((filter) => {
    const line = filterLine(filter, serves);
    return line === undefined ? [] : [`${line} if ${chosen}`];
  });
  return [...guards, ...changes];
}

/** Passwords come last: a preflight carries none (Fetch standard), and who asks too often is not worth the work of a check. */
function inOrder(filters: readonly RouteFilter[]): readonly RouteFilter[] {
  return [...filters.filter(({ type }) => type !== 'basicAuth'), ...filters.filter(({ type }) => type === 'basicAuth')];
}

function connectionLines({ ranges, denied }: Profile, chosen: string): readonly string[] {
  const reject = `tcp-request content reject if ${chosen}`;
  return [
    ...(ranges === undefined ? [] : [`${reject} !${fromRanges(ranges)}`]),
    ...(denied === undefined ? [] : [`${reject} ${fromRanges(denied)}`]),
  ];
}

function filterLine(filter: RouteFilter, serves: Serves): string | undefined {
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
    default:
      return undefined;
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
