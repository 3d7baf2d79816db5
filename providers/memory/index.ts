/** The memory provider: a cloud in small, for tests, for trying plans out, and to be read by who writes a provider. Nothing here serves real traffic. */

import { z } from 'zod';
import { type Context, type Environment, type Provider, type Session, WeirError } from '../../src/model/index.ts';
import { apply } from './apply.ts';
import { kinds } from './kinds.ts';
import { model } from './model.ts';
import { observe } from './observe.ts';
import { type Options, options, type ServiceOptions, serviceOptions } from './options.ts';
import { report } from './report.ts';
import { memorySystem } from './store.ts';

export { forgetMemorySystem, memorySystem } from './store.ts';
export { answering } from './traffic.ts';

const environment: z.ZodType<Environment> = z.object({});

export const provider: Provider<Options, ServiceOptions> = {
  name: 'memory',
  capabilities: {
    scope: 'shared',
    sharing: 'bundle',
    protocols: ['tcp', 'udp', 'tcp_udp', 'http', 'https', 'tls', 'quic'],
    pathTypes: ['exact', 'prefix', 'stringPrefix', 'regex'],
    balances: ['roundrobin', 'leastconn', 'source', 'uri', 'random'],
    affinities: ['source', 'cookie'],
    ipv6: true,
    weights: true,
    writes: 'apply',
    foreign: true,
    health: true,
  },
  options,
  serviceOptions,
  environment,
  kinds,
  model,
  normalize: (resource) => resource,
  open: async (settings, ctx) => openSession(settings, ctx),
};

function openSession(settings: Options, ctx: Context): Session {
  const system = memorySystem(settings);
  const owner = `weir/${ctx.balancer}`;
  const look = () => {
    const nowMs = ctx.clock.wall();
    const rules = { healthMs: settings.healthMs, drainMs: settings.drainMs, sick: system.sick };
    const seen = settings.readLagMs === 0 ? system.all() : system.seenAt(nowMs - settings.readLagMs);
    return observe(seen, (handle) => system.get(handle), { owner, nowMs, rules });
  };
  let spentMs: number[] = [];
  /** Refuses calls beyond the rate, as an API does, and tells the limiter so that the next ones come slower. */
  const throttle = (rateClass: string): void => {
    if (settings.callsPerSecond === undefined) return;
    const nowMs = ctx.clock.wall();
    spentMs = spentMs.filter((atMs) => atMs > nowMs - 1000);
    if (spentMs.length >= settings.callsPerSecond) {
      ctx.limiter.throttled(rateClass);
      throw new WeirError('E_APPLY', `more than ${settings.callsPerSecond} calls a second: throttled`);
    }
    spentMs.push(nowMs);
  };
  return {
    discover: async () => ({}),
    async observe(scope, signal) {
      signal.throwIfAborted();
      const all = look();
      if (scope === 'all') return all;
      const units = new Set(scope);
      return all.filter((object) => units.has(object.unit));
    },
    async apply(step, signal) {
      signal.throwIfAborted();
      throttle(step.kind);
      return apply(system, step, owner, ctx.clock.wall());
    },
    report,
    // Objects of a cloud serve on without us; what shall go is deleted by a plan.
    close: async () => {},
  };
}
