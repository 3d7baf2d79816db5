/** Two frontends that share a port: one passes TLS through for its names, the other ends it for the rest. */
import type { Resource } from '../../src/model/index.ts';
import { hostCovers } from '../../src/net/index.ts';
import { readFrontend, readRoute } from './attrs.ts';

/** Frontends whose other half is not there stand alone: they listen for themselves, and hand nothing on. */
export function pairedFrontends(frontends: readonly Resource[]): readonly Resource[] {
  const ids = new Set(frontends.map(({ id }) => id));
  return frontends.map((resource) => {
    const { beside, behind, ...attrs } = readFrontend(resource);
    const other = beside ?? behind;
    if (other === undefined || ids.has(other)) return resource;
    let single = singles.get(resource);
    if (single === undefined) {
      single = { ...resource, attrs };
      singles.set(resource, single);
    }
    return single;
  });
}

const singles = new WeakMap<Resource, Resource>();

/** Hosts of the frontend where TLS ends that a wildcard of the other one covers. */
export function handedHosts(passed: readonly Resource[], ended: readonly Resource[]): readonly string[] {
  const named = new Set(passed.map((route) => readRoute(route).host));
  const wildcards = [...named].filter((host) => host.startsWith('*.'));
  if (wildcards.length === 0) return [];
  const hosts = new Set(ended.map((route) => readRoute(route).host));
  return [...hosts]
    .filter((host) => !named.has(host) && wildcards.some((wildcard) => hostCovers(wildcard, host)))
    .sort();
}
