import type { FieldPath, LocatedObject } from '../../model/located.ts';

type Place = Omit<LocatedObject, 'object'>;

/**
 * The single objects of one document: elements of an array, items of a List, services of a list of weir's own form; nothing for an empty
 * document. They are numbered on from `place.document`. `lines`: where the elements begin, when that is known.
 */
export function takeApart(value: unknown, place: Place, lines: readonly number[] = []): readonly LocatedObject[] {
  const found: LocatedObject[] = [];
  const walk = (object: unknown, path: FieldPath, line: number): void => {
    if (object === null || object === undefined) return;
    const list = listIn(object);
    if (list !== undefined) {
      const outer = found.length === 0 && lines.length === list.items.length;
      for (const [i, item] of list.items.entries())
        walk(item, [...path, ...list.path, i], outer ? (lines[i] ?? line) : line);
      return;
    }
    found.push(locateInside(object, { ...place, document: place.document + found.length, line }, path));
  };
  walk(value, [], place.line);
  return found;
}

function listIn(object: unknown): { readonly items: readonly unknown[]; readonly path: FieldPath } | undefined {
  if (Array.isArray(object)) return { items: object, path: [] };
  if (typeof object !== 'object' || object === null) return undefined;
  if ('items' in object && 'kind' in object && typeof object.kind === 'string' && object.kind.endsWith('List')) {
    return Array.isArray(object.items) ? { items: object.items, path: ['items'] } : undefined;
  }
  // A list of services with anything beside it is left whole: its reader tells what is wrong with it.
  const bare = Object.keys(object).every((key) => key === 'services' || key === 'kind');
  return bare && 'services' in object && Array.isArray(object.services)
    ? { items: object.services, path: ['services'] }
    : undefined;
}

function locateInside(object: unknown, place: Place, base: FieldPath): LocatedObject {
  const { position } = place;
  if (position === undefined || base.length === 0) return { object, ...place };
  return { object, ...place, position: (path) => position([...base, ...path]) };
}
