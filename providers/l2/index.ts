/**
 * Announces virtual addresses on the local network, each from exactly one machine: `model` says who may, `protocol/` decides who does,
 * `kernel/` makes the kernel answer or be silent, in a thread of its own away from the planner. Nothing here forwards traffic.
 */
import { z } from 'zod';
import type { Capabilities, Provider } from '../../src/model/index.ts';
import { kinds } from './kinds.ts';
import { membersOf } from './members.ts';
import { metrics } from './metrics.ts';
import { model } from './model.ts';
import { type Options, options, type ServiceOptions, serviceOptions } from './options.ts';

/** What comes to an address is served by somebody else: whatever a service asks for is no business of who announces it. */
const capabilities: Capabilities = {
  scope: 'instance',
  sharing: 'balancer',
  protocols: ['tcp', 'udp', 'tcp_udp', 'http', 'https', 'tls', 'quic'],
  pathTypes: ['exact', 'prefix', 'stringPrefix', 'regex'],
  balances: ['roundrobin', 'leastconn', 'source', 'uri', 'random'],
  affinities: ['source', 'cookie'],
  features: [
    'deniedRanges',
    'sourceRangeFilter',
    'bodyLimit',
    'rateLimit',
    'cors',
    'basicAuth',
    'sendProxy',
    'sniRoutes',
    'sniBeside',
    'clientCertificates',
  ],
  rules: true,
  controllers: ['metallb.io/layer2'],
  addressed: true,
  ownCertificates: true,
  ipv6: true,
  weights: true,
  writes: 'commit',
  foreign: false,
  health: false,
  whileRunning: true,
};

export const provider: Provider<Options, ServiceOptions> = {
  name: 'l2',
  capabilities,
  options,
  serviceOptions,
  environment: z.strictObject({
    addresses: z
      .array(z.string())
      .default([])
      .describe('Addresses of this machine itself: they are not guarded, whatever pool they lie in.'),
    edges: z
      .array(z.string())
      .default([])
      .describe('The first and the last address of each IPv4 network of this machine: no machine can have them.'),
  }),
  kinds,
  metrics,
  model,
  normalize: (resource) => resource,
  agrees(settings, network) {
    const { peers, witness } = membersOf(network, settings);
    return peers.length > 0 && !witness;
  },
  reserves: ({ peers }) => peers.map(({ address }) => address),
  collides: () =>
    'both announce addresses on this machine, which one balancer does for all of them; take their services into one, by groups or class',
  async open(settings, ctx) {
    const { openSession } = await import('./session.ts');
    return openSession(settings, ctx);
  },
};
