/** Conditions of listener rules in the API's form, canonical: equal conditions are equal text whatever order they came in. Pure. */
import { canonicalJson, type Json, type MergedRule, type PathMatch } from '../../src/model/index.ts';
import type { Condition } from './rule-options.ts';

/** Values of one rule in all; wildcards of one rule in all. */
export const valuesOfRule = 5;

type Field = Condition['field'];
/** One condition before it is written down: its field, the header's name where there is one, values. */
interface Draft {
  readonly field: Field;
  readonly name?: string;
  readonly regex: boolean;
  readonly values: readonly Json[];
}

/** Drafts of a route at some hosts, or what of it an ALB cannot say. */
export function conditionsOf(
  { route, path }: Pick<MergedRule, 'route' | 'path'>,
  hosts: readonly string[],
  extra: readonly Condition[] = [],
): readonly Draft[] | { readonly unable: string; readonly value: string } {
  const drafts: Draft[] = [];
  const named = hosts.filter((host) => host !== '');
  if (named.length > 0) drafts.push({ field: 'host-header', regex: false, values: named });
  const patterns = pathPatterns(path, route.path === undefined);
  if (typeof patterns === 'string') return { unable: patterns, value: path.value };
  if (path.type === 'regex') drafts.push({ field: 'path-pattern', regex: true, values: [path.value] });
  else if (patterns.length > 0) drafts.push({ field: 'path-pattern', regex: false, values: patterns });
  if ((route.methods ?? []).length > 0)
    drafts.push({ field: 'http-request-method', regex: false, values: route.methods ?? [] });
  for (const { name, type, value = '*' } of route.headers ?? []) {
    const shownValue = type === 'present' ? '*' : type === 'exact' ? escaped(value) : value;
    drafts.push({ field: 'http-header', name, regex: type === 'regex', values: [shownValue] });
  }
  for (const { name, type, value = '*' } of route.query ?? []) {
    if (type === 'regex')
      return {
        unable:
          'an application load balancer compares query parameters by value and wildcard, not by regular expression',
        value: name,
      };
    drafts.push({
      field: 'query-string',
      regex: false,
      values: [{ Key: escaped(name), Value: type === 'present' ? '*' : escaped(value) }],
    });
  }
  if ((route.sourceIps ?? []).length > 0)
    drafts.push({ field: 'source-ip', regex: false, values: route.sourceIps ?? [] });
  for (const one of extra) drafts.push(...draftsOf(one));
  const joined = join(drafts);
  return joined.length > 0 ? joined : [{ field: 'path-pattern', regex: false, values: ['/*'] }];
}

/** `*` and `?` are wildcards everywhere; a backslash takes that from them. */
const escaped = (text: string): string => text.replaceAll(/[*?\\]/g, (sign) => `\\${sign}`);

/** Patterns of a path as Kubernetes means its types; a text: why there are none. `silent`: the path says nothing. */
function pathPatterns({ type, value }: PathMatch, silent: boolean): readonly string[] | string {
  if (type === 'regex' || silent) return [];
  if (type === 'stringPrefix') return [`${value}*`];
  if (/[*?]/.test(value))
    return 'an exact or prefix path must not contain the wildcards * and ?; use the path type ImplementationSpecific';
  if (type === 'exact') return [value];
  return value === '/' ? ['/*'] : [value.replace(/\/$/, ''), `${value.replace(/\/$/, '')}/*`];
}

function draftsOf(condition: Condition): readonly Draft[] {
  const { field } = condition;
  switch (field) {
    case 'query-string':
      return [
        {
          field,
          regex: false,
          values: condition.values.map(({ key, value }) =>
            key === undefined ? { Value: value } : { Key: key, Value: value },
          ),
        },
      ];
    case 'source-ip':
    case 'http-request-method':
      return [{ field, regex: false, values: condition.values }];
    default: {
      const name = field === 'http-header' ? { name: condition.name } : {};
      const found: Draft[] = [];
      if (condition.values !== undefined) found.push({ field, ...name, regex: false, values: condition.values });
      if (condition.regexValues !== undefined)
        found.push({ field, ...name, regex: true, values: condition.regexValues });
      return found;
    }
  }
}

/** Host, path, method and source may stand once in a rule: their values are joined. Headers and query parameters hold side by side. */
function join(drafts: readonly Draft[]): readonly Draft[] {
  const joined: Draft[] = [];
  for (const draft of drafts) {
    const once = draft.field !== 'http-header' && draft.field !== 'query-string';
    const at = once ? joined.findIndex(({ field, regex }) => field === draft.field && regex === draft.regex) : -1;
    const before = joined[at];
    if (before === undefined) joined.push(draft);
    else joined[at] = { ...before, values: [...before.values, ...draft.values] };
  }
  return joined.map((draft) => ({ ...draft, values: distinct(draft.values) }));
}

function distinct(values: readonly Json[]): readonly Json[] {
  return [...new Map(values.map((value) => [canonicalJson(value), value])).values()];
}

/**
 * A rule may hold five values in all: one with more becomes several side by side, its longest list cut in two until they fit.
 * Undefined: it has more conditions than that, each of which must hold.
 */
export function splitConditions(drafts: readonly Draft[]): readonly (readonly Draft[])[] | undefined {
  const total = drafts.reduce((sum, { values }) => sum + values.length, 0);
  if (total <= valuesOfRule) return [drafts];
  const longest = drafts.reduce((a, b) => (b.values.length > a.values.length ? b : a));
  if (longest.values.length < 2) return undefined;
  const rest = total - longest.values.length;
  const size = rest < valuesOfRule ? valuesOfRule - rest : Math.ceil(longest.values.length / 2);
  const parts: (readonly Draft[])[] = [];
  for (let at = 0; at < longest.values.length; at += size) {
    const cut = drafts.map((draft) =>
      draft === longest ? { ...draft, values: draft.values.slice(at, at + size) } : draft,
    );
    const split = splitConditions(cut);
    if (split === undefined) return undefined;
    parts.push(...split);
  }
  return parts;
}

/** Wildcards in all values. */
export function wildcardsOf(drafts: readonly Draft[]): number {
  const text = drafts
    .flatMap(({ regex, values }) => (regex ? [] : values.map((value) => canonicalJson(value))))
    .join('');
  return (text.replaceAll(/\\\\./g, '').match(/[*?]/g) ?? []).length;
}

/** As CreateRule takes them. */
export function writeConditions(drafts: readonly Draft[]): readonly Json[] {
  return canonicalConditions(
    drafts.map(({ field, name, regex, values }): Json => {
      const list = { [regex ? 'RegexValues' : 'Values']: values };
      return { Field: field, [configOf[field]]: name === undefined ? list : { HttpHeaderName: name, ...list } };
    }),
  );
}

const configOf: Readonly<Record<Field, string>> = {
  'host-header': 'HostHeaderConfig',
  'path-pattern': 'PathPatternConfig',
  'http-header': 'HttpHeaderConfig',
  'http-request-method': 'HttpRequestMethodConfig',
  'query-string': 'QueryStringConfig',
  'source-ip': 'SourceIpConfig',
};

/** Sorted, and only the `…Config` form (DescribeRules answers the values twice): for what is wanted and for what is read alike. */
export function canonicalConditions(conditions: readonly Json[]): readonly Json[] {
  const sorted = conditions.map((condition): Json => {
    if (typeof condition !== 'object' || condition === null || Array.isArray(condition)) return condition;
    const entries = Object.entries(condition).flatMap(([key, value]): [string, Json][] => {
      if (key === 'Values' || value === undefined || value === null) return [];
      return [[key, key === 'Field' ? value : sortedLists(value)]];
    });
    return Object.fromEntries(entries);
  });
  return sorted.sort((a, b) => compare(canonicalJson(a), canonicalJson(b)));
}

function sortedLists(config: Json): Json {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return config;
  const entries = Object.entries(config).map(([key, value]): [string, Json] => {
    if (!Array.isArray(value))
      return [key, key === 'HttpHeaderName' && typeof value === 'string' ? value.toLowerCase() : value];
    return [key, value.map((one: Json) => one).sort((a, b) => compare(canonicalJson(a), canonicalJson(b)))];
  });
  return Object.fromEntries(entries.filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
