/** What tests of merging look at. */
import { merge } from '../../src/front/index.ts';
import type { Capabilities, ExportedService, FrontGroup } from '../../src/model/index.ts';

/** A provider that can do everything. */
export const all: Capabilities = {
  scope: 'instance',
  sharing: 'balancer',
  protocols: ['tcp', 'udp', 'http', 'https', 'tls'],
  pathTypes: ['exact', 'prefix', 'stringPrefix', 'regex'],
  balances: ['roundrobin', 'leastconn', 'source', 'uri', 'random'],
  affinities: ['source', 'cookie'],
  ipv6: true,
  weights: true,
  writes: 'commit',
  foreign: false,
  health: true,
};

/** Codes with the service that is told, in order. */
export function told(services: readonly ExportedService[], capabilities = all): readonly string[] {
  return merge(services, capabilities).problems.map(({ code, service: id }) => `${code} ${id}`);
}

export function listener(groups: readonly FrontGroup[], key: string) {
  return groups.flatMap((group) => group.listeners).find((one) => one.key === key);
}

export function table(services: readonly ExportedService[], key = '80/tcp') {
  const hosts = listener(merge(services, all).groups, key)?.hosts ?? [];
  return hosts.map(({ host, rules }) => [
    host,
    ...rules.map(({ path, service: { id } }) => `${path.type} ${path.value} ${id}`),
  ]);
}
