import { mapRegex, regexLiteral } from './quote.ts';

/**
 * The key of a regular expression in the map of all expressions of a frontend. The text asked for is host + path, so the expression is
 * tied to its host in front; `^` in it means the beginning of the path. An expression that is not anchored may fit anywhere in the path.
 */
export function regexKey(host: string, pattern: string): string {
  const head = `^${regexLiteral(host)}`;
  const anchored = pattern.replace(/\\.|\[\^?(?:\\.|[^\\\]])*\]|\^/g, (token) =>
    token === '^' ? `(?<=${head})` : token,
  );
  // Every host fits an empty head: then the path's own slash must come first.
  const start = host === '' ? '^(?=/)' : head;
  return mapRegex(`${start}(?s:.*?)(?:${anchored})`);
}
