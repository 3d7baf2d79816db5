import type { Member, PrintedResource, Resource } from '../model/index.ts';

/** A resource as JSON can hold it: sets as objects, sorted by key so that equal states print equal. */
export function printResource(resource: Resource): PrintedResource {
  const { kind, id, unit, serves, attrs, refs, sets } = resource;
  const printed = Object.entries(sets).map(([name, set]) => {
    const members = [...set].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return [name, Object.fromEntries<Member>(members)] as const;
  });
  return { kind, id, unit, serves, attrs, refs, sets: Object.fromEntries(printed) };
}
