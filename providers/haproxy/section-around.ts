import type { RouteAttrs } from './attrs.ts';
import { bare, brokenParameter, brokenPath, decodeBytes, decoded, dotSegment, merged, oddPath } from './path-forms.ts';
import { aclRegex, literal, mapKey, regexLiteral } from './quote.ts';

/** A path behind other guards. `cased`: the route beside it is for another spelling in upper and lower case. */
export type GuardedPath = NonNullable<RouteAttrs['path']> & { readonly cased?: true };

/**
 * For a route beside guarded ones: refuses paths that some targets take for one of `paths` although they are written as none, like
 * `/%61dmin`, `/%2561dmin`, `//admin`, `/Admin`, `/x/../admin`, `/admin;x` and `/;x/admin`. Everything else passes as it came, since `//`
 * and `%2F` mean something to some. A path with nothing odd in it is compared once for each guard.
 *   txn.f_…  a reading of the path, after what its letters say in turn: d decoded, k without parameters, m slashes merged
 */
export function aroundLines(paths: readonly GuardedPath[], chosen: string): readonly string[] {
  const refuse = `http-request return status 400 if ${chosen}`;
  const known = paths.filter(({ value }) => value !== '/');
  const patterns = known.some(({ type }) => type === 'regex');
  const [once = [], ...others] = readingLines(known, chosen);
  return [
    `${refuse} { path ${aclRegex(brokenPath)} }`,
    ...once,
    `${refuse} { var(txn.f_d) ${aclRegex(`%00|${brokenParameter}`)} }`,
    ...others.flat(),
    // Within an expression a backslash may be meant as a slash, or not.
    `${refuse} { var(txn.f_dd) ${aclRegex(`${dotSegment}|${patterns ? '\\\\' : brokenParameter}`)} }`,
    // What is written as it is guarded came here by a longer path of its own.
    ...known.flatMap((path) =>
      formsOf(path).map(
        ({ sample, like }) =>
          `${refuse} { ${sample} ${aclRegex(like, path.cased !== true)} } !{ path ${written(path)} }`,
      ),
    ),
  ];
}

/** The rules that make the readings which `paths` are compared with, the shortest first. */
function readingLines(paths: readonly GuardedPath[], chosen: string): readonly (readonly string[])[] {
  const wanted = new Set(['d', 'dd', ...paths.flatMap((path) => readingsOf(path))]);
  for (const name of wanted) for (let end = 1; end < name.length; end++) wanted.add(name.slice(0, end));
  const names = [...wanted].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const isSet = (name: string, condition: string): readonly string[] => {
    const from = name.length === 1 ? 'path' : `var(txn.f_${name.slice(0, -1)})`;
    const expression = literal(`${from},${steps[name.slice(-1)] ?? ''}`);
    return [`http-request set-var(txn.f_${name}) ${expression} if ${chosen} ${condition}`];
  };
  const odd = `{ path ${aclRegex(oddPath)} }`;
  const simple = names.filter((name) => name !== 'd' && !isMixed(name));
  return [
    isSet('d', odd),
    ...simple.map((name) => isSet(name, '{ var(txn.f_d) -m found }')),
    ...names.filter(isMixed).map((name) => isSet(name, '{ var(txn.f_dd) -m sub ; }')),
  ];
}

const steps: Readonly<Record<string, string>> = { d: decoded, k: bare, m: merged };

/** Parameters are taken away before something is decoded: another reading only where there are any. */
function isMixed(name: string): boolean {
  return name.includes('kd');
}

/** What takes parameters away at last, and what it is then: enough where a guard says nothing of parameters and escapes. */
const last = ['ddk', 'dkdk', 'kddk', 'kdkdk'];
const all = ['k', 'd', 'dk', 'kd', 'kdk', 'dd', 'dkd', 'kdd', 'kdkd', ...last];

function readingsOf({ type, value }: GuardedPath): readonly string[] {
  const some = type === 'regex' || /[;%]/.test(value) ? [...all, ''] : last;
  return [...some.map((name) => `${name}m`), ...(type === 'regex' ? all : [])];
}

/** Each reading of the path with an expression for those that are guarded. */
function formsOf(path: GuardedPath): readonly { readonly sample: string; readonly like: string }[] {
  const { type, value } = path;
  const read = (like: string) => readingsOf(path).map((name) => ({ sample: `var(txn.f_${name})`, like }));
  if (type === 'regex') return [{ sample: 'path', like: value }, ...read(decodedRegex(value))];
  const once = decodeBytes(value);
  const values = [...new Set([value, once, decodeBytes(once)])];
  const like = values.map((one) => likeOf(type, one.replace(/\/+/g, '/'))).join('|');
  // As it stands: what it is decoded may be another path that is open.
  return [{ sample: 'path', like: likeOf(type, value) }, ...read(like)];
}

/** An expression for paths that a path takes, slashes merged. */
function likeOf(type: 'exact' | 'prefix' | 'stringPrefix' | 'regex', value: string): string {
  if (type === 'prefix') return `^${bytesLiteral(value.replace(/\/+$/, ''))}(?:/|$)`;
  return type === 'exact' ? `^${bytesLiteral(value)}$` : `^${bytesLiteral(value)}`;
}

/** For itself within an expression, whatever its bytes are. */
function bytesLiteral(text: string): string {
  return text.replace(/[^!-~]|[!-~]+/g, (part) =>
    /^[!-~]/.test(part) ? regexLiteral(part) : `\\x${part.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** An expression that takes escapes which stand in it for what they mean, too; to `.` a decoded line break is a character like all. */
function decodedRegex(pattern: string): string {
  const taking = pattern.replace(/(?:\\?\/){2,}|\\.|\[\^?(?:\\.|[^\\\]])*\]|%(?:25)?[0-9A-Fa-f]{2}/g, (token) => {
    if (/^(?:\\?\/){2}/.test(token)) return '(?:/+)';
    if (!token.startsWith('%')) return token;
    const once = decodeBytes(token);
    const readings = [...new Set([token, once, decodeBytes(once)])];
    return readings.length === 1 ? token : `(?:${readings.map(bytesLiteral).join('|')})`;
  });
  return `(?s)${taking}`;
}

function written({ type, value }: GuardedPath): string {
  if (type === 'regex') return aclRegex(value);
  if (type === 'prefix') return aclRegex(`^${regexLiteral(value.replace(/\/+$/, ''))}(?:/|$)`);
  return `-m ${type === 'exact' ? 'str' : 'beg'} -- ${literal(mapKey(value))}`;
}
