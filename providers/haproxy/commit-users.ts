/** Users of basic authentication that cannot be read: what asks for them answers 503, and nobody gets in. Pure. */
import type { Resource } from '../../src/model/index.ts';
import { type RouteFilter, readFrontend, readRoute } from './attrs.ts';
import type { BadCertificate, Given, Withheld } from './commit-withhold.ts';

/** SHA-256 of the lists of users that resources name. */
export function usersOf(resources: readonly Resource[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const resource of resources)
    for (const filter of filtersOf(resource))
      if (filter.type === 'basicAuth' && filter.users !== undefined) found.add(filter.users);
  return found;
}

export function withholdUsers(given: Given, bad: ReadonlyMap<string, BadCertificate>): Given {
  if (bad.size === 0) return given;
  const withheld: Withheld[] = [];
  const resources = given.resources.map((resource) => {
    const filters = filtersOf(resource);
    const left = filters.map((filter) => {
      const reason = filter.type === 'basicAuth' ? bad.get(filter.users ?? '') : undefined;
      if (filter.type !== 'basicAuth' || reason === undefined) return filter;
      const { kind, id } = resource;
      const message = `users of basic authentication: ${reason.reason}; it answers 503 until then`;
      const retry = { users: filter.users ?? '' };
      withheld.push({ kind, id, code: reason.code, message, whole: false, retry });
      return { type: filter.type, realm: filter.realm };
    });
    return left.every((filter, i) => filter === filters[i])
      ? resource
      : { ...resource, attrs: { ...resource.attrs, filters: left } };
  });
  return { resources, withheld: [...given.withheld, ...withheld] };
}

const none: readonly RouteFilter[] = [];

function filtersOf(resource: Resource): readonly RouteFilter[] {
  if (resource.kind === 'Route') return readRoute(resource).filters ?? none;
  return resource.kind === 'Frontend' ? (readFrontend(resource).filters ?? none) : none;
}
