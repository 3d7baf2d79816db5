/** The builtin provider: a small relay inside weir itself, TCP, HTTP and HTTPS by host and path, for trying out and for laptops. Only this folder knows how it relays. */

import { z } from 'zod';
import { type Context, type Environment, type Provider, type Session, WeirError } from '../../src/model/index.ts';
import { Relay } from './apply.ts';
import { kinds } from './kinds.ts';
import { model } from './model.ts';
import { unitName } from './names.ts';
import { observe } from './observe.ts';
import { type Options, options, type ServiceOptions, serviceOptions } from './options.ts';
import { report } from './report.ts';

const environment: z.ZodType<Environment> = z.object({});

export const provider: Provider<Options, ServiceOptions> = {
  name: 'builtin',
  capabilities: {
    scope: 'instance',
    sharing: 'balancer',
    protocols: ['tcp', 'http', 'https', 'tls'],
    protocolHint: 'UDP is for providers nginx and ipvs, which this version does not have yet',
    pathTypes: ['exact', 'prefix', 'stringPrefix', 'regex'],
    balances: ['roundrobin', 'leastconn', 'source', 'uri', 'random'],
    affinities: ['source'],
    ipv6: true,
    weights: true,
    writes: 'commit',
    foreign: false,
    health: true,
    whileRunning: true,
  },
  options,
  serviceOptions,
  environment,
  kinds,
  model,
  normalize: (resource) => resource,
  listens: ({ addresses }) => addresses,
  open: async (settings, ctx) => openSession(settings, ctx),
};

function openSession(settings: Options, ctx: Context): Session {
  const unit = unitName(ctx.balancer, ctx.node);
  const relay = new Relay(settings, ctx, (cause) => ctx.changed(unit, cause));
  return {
    discover: async () => ({}),
    observe: async () => observe(relay),
    async commit(_steps, next, signal) {
      signal.throwIfAborted();
      try {
        await relay.commit(next);
      } catch (error) {
        throw error instanceof WeirError
          ? error
          : new WeirError('E_BUG', 'the builtin relay cannot apply its state', { cause: error });
      }
    },
    report: (services, observed) => report(relay, services, observed),
    // A relay in our own process cannot serve on without it: leaving and withdrawing are the same.
    close: () => relay.close(),
  };
}
