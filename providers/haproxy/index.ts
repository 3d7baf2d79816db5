/** HAProxy of our own. The pure half (model → layout → text) touches nothing; the driving half (session) never decides what to serve. */
import { z } from 'zod';
import type { Capabilities, Provider } from '../../src/model/index.ts';
import { turn } from '../../src/model/turns.ts';
import { kinds } from './kinds.ts';
import { metrics } from './metrics.ts';
import { model, modelSliced } from './model.ts';
import { normalize } from './normalize.ts';
import { type Options, optionsSchema, type ServiceOptions, serviceOptionsSchema } from './options.ts';
import { render } from './render.ts';

const capabilities: Capabilities = {
  scope: 'instance',
  sharing: 'balancer',
  protocols: ['tcp', 'http', 'https', 'tls'],
  protocolHint: 'HAProxy serves no UDP and no QUIC; UDP is for provider nginx, which this version does not have yet',
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
  ipv6: true,
  weights: true,
  writes: 'commit',
  foreign: false,
  health: true,
};

export const provider: Provider<Options, ServiceOptions> = {
  name: 'haproxy',
  capabilities,
  options: optionsSchema,
  serviceOptions: serviceOptionsSchema,
  // What the installed program can do decides how to write, not what: it is not discovered before the model is made.
  environment: z.strictObject({
    addresses: z
      .array(z.string())
      .default([])
      .describe('Addresses of this machine: what is no target of its own balancer.'),
  }),
  kinds,
  metrics,
  model,
  modelSliced,
  normalize,
  listens: ({ addresses }) => addresses,
  render,
  async open(options, ctx) {
    // Part by part: much else is to be done at a start.
    for (const load of [() => import('./process.ts'), () => import('./commit.ts')]) {
      await load();
      await turn(ctx);
    }
    const { openSession } = await import('./session.ts');
    return openSession(options, ctx);
  },
};
