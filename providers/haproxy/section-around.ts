import type { RouteAttrs } from './attrs.ts';
import { aclRegex, literal, mapKey, regexLiteral } from './quote.ts';

/** A path behind other guards. */
export type GuardedPath = NonNullable<RouteAttrs['path']>;

/**
 * For a route beside guarded ones: refuses paths that most targets take for one of `paths` although they are written as none, like
 * `/%61dmin`, `//admin`, `/x/../admin` and `/admin;x`. Everything else passes as it came, since `//` and `%2F` mean something to some.
 *   txn.g  the path, decoded
 */
export function aroundLines(paths: readonly GuardedPath[], chosen: string): readonly string[] {
  const refuse = `http-request return status 400 if ${chosen}`;
  return [
    `http-request set-var(txn.g) path,url_dec if ${chosen}`,
    `${refuse} !{ var(txn.g) -m found }`,
    `${refuse} { var(txn.g) ${aclRegex('(?:^|[/\\\\])\\.\\.?(?:[/\\\\;]|$)')} }`,
    // What is written as it is guarded came here by a longer path of its own.
    ...paths.map((path) => `${refuse} { var(txn.g) ${aclRegex(taken(path))} } !{ path ${written(path)} }`),
  ];
}

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
