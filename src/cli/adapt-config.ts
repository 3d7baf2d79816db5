import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/index.ts';

/** Parts of a configuration that hold what cannot be handed over: the lock, the listeners, the log. */
const fixed = ['instance', 'stateDir', 'api', 'metrics', 'log'] as const;

export interface Adapted {
  /** What can be used without a restart. */
  readonly config: Config;
  /** Whether that differs from what is in force. */
  readonly changed: boolean;
  /** Settings that wait for a restart. */
  readonly waiting: readonly string[];
  /** Balancers that are no longer driven: what they made goes on as it is. */
  readonly left: readonly string[];
}

/** What of a new configuration a running weir can take. Pure. */
export function adaptConfig(inForce: Config, next: Config): Adapted {
  const { instance, stateDir, api, metrics, log } = inForce;
  const config = { ...next, instance, stateDir, api, metrics, log };
  const same = (name: string, provider: string) =>
    next.balancers.some((balancer) => balancer.name === name && balancer.provider === provider);
  return {
    config,
    changed: !isDeepStrictEqual(config, inForce),
    waiting: fixed.filter((key) => !isDeepStrictEqual(next[key], inForce[key])),
    left: inForce.balancers.flatMap(({ name, provider }) => (same(name, provider) ? [] : [name])),
  };
}
