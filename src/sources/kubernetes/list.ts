import type { LocatedObject } from '../../model/index.ts';

const maxDepth = 4;

/** The objects inside: a v1 List, a typed list such as ServiceList, or the object itself. Items of a typed list inherit its kind. */
export function flattenList(located: LocatedObject, depth = 0): readonly LocatedObject[] {
  const { object } = located;
  if (typeof object !== 'object' || object === null || !('kind' in object) || !('items' in object)) return [located];
  const { kind, items } = object;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items) || depth >= maxDepth)
    return [located];
  const inherited =
    kind === 'List'
      ? {}
      : { kind: kind.slice(0, -'List'.length), apiVersion: 'apiVersion' in object ? object.apiVersion : undefined };
  return items.flatMap((item: unknown, i) => flattenList(itemOf(located, item, i, inherited), depth + 1));
}

function itemOf(list: LocatedObject, item: unknown, i: number, inherited: object): LocatedObject {
  const position = list.position;
  const typed =
    typeof item === 'object' && item !== null && !Array.isArray(item) && !('kind' in item)
      ? { ...inherited, ...item }
      : item;
  return {
    object: typed,
    file: list.file,
    document: i + 1,
    line: position?.(['items', i])?.line ?? list.line,
    ...(position === undefined ? {} : { position: (path) => position(['items', i, ...path]) }),
  };
}
