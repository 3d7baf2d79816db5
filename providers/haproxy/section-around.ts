import type { RouteAttrs } from './attrs.ts';
import { aclRegex, literal, mapKey, regexLiteral } from './quote.ts';

/** A path behind other guards. `cased`: the route beside it is for another spelling in upper and lower case. */
export type GuardedPath = NonNullable<RouteAttrs['path']> & { readonly cased?: true };

/**
 * For a route beside guarded ones: refuses paths that some targets take for one of `paths` although they are written as none, like
 * `/%61dmin`, `/%2561dmin`, `//admin`, `/Admin`, `/x/../admin` and `/admin;x`. Everything else passes as it came, since `//` and `%2F`
 * mean something to some.
 *   txn.g  the path, decoded      txn.e  the same once more, where that can be done: some targets do so
 */
export function aroundLines(paths: readonly GuardedPath[], chosen: string): readonly string[] {
  const refuse = `http-request return status 400 if ${chosen}`;
  return [
    `http-request set-var(txn.g) path,url_dec if ${chosen}`,
    `${refuse} !{ var(txn.g) -m found }`,
    `http-request set-var(txn.e) var(txn.g),url_dec if ${chosen}`,
    ...['g', 'e'].map((name) => `${refuse} { var(txn.${name}) ${aclRegex(dots)} }`),
    // What is written as it is guarded came here by a longer path of its own.
    ...paths.flatMap((path) => {
      const like = aclRegex(taken(path), path.cased !== true);
      return ['g', 'e'].map((name) => `${refuse} { var(txn.${name}) ${like} } !{ path ${written(path)} }`);
    }),
  ];
}

/** A segment of one or two dots. */
const dots = '(?:^|[/\\\\])\\.\\.?(?:[/\\\\;]|$)';

/** An expression for what a target may take for the path. */
function taken({ type, value }: GuardedPath): string {
  if (type === 'regex') return value;
  const segments = value.split('/').filter((segment) => segment !== '');
  const head = `^[/\\\\]+${segments.map(regexLiteral).join('[/\\\\]+')}`;
  if (type === 'prefix') return `${head}(?:[/\\\\;]|$)`;
  return type === 'exact' ? `${head}(?:;|$)` : head;
}

function written({ type, value }: GuardedPath): string {
  if (type === 'regex') return aclRegex(value);
  if (type === 'prefix') return aclRegex(`^${regexLiteral(value.replace(/\/+$/, ''))}(?:/|$)`);
  return `-m ${type === 'exact' ? 'str' : 'beg'} -- ${literal(mapKey(value))}`;
}
