/** AWS Elastic Load Balancing v2: application and network load balancers, written and tagged as aws-load-balancer-controller does it. The SDK is loaded in `clients` and the readers, when it is first used; everything else is pure. */
import type { Provider } from '../../src/model/index.ts';
import { callsOf } from './apply.ts';
import { capabilities } from './capabilities.ts';
import { collides } from './collides.ts';
import { environment } from './environment.ts';
import { kinds } from './kinds.ts';
import { metrics } from './metrics.ts';
import { model } from './model.ts';
import { normalize } from './normalize.ts';
import { type Options, options } from './options.ts';
import { ratesOf } from './rates.ts';
import { type ServiceOptions, serviceOptions } from './service-options.ts';
import { openSession, type Wiring } from './session.ts';

export type { Wiring } from './session.ts';

/** The provider over other wires than those to AWS: an account in this process, tries of its own. */
export function awselb(wiring: Wiring = {}): Provider<Options, ServiceOptions> {
  return {
    name: 'awselb',
    capabilities,
    options,
    serviceOptions,
    environment,
    kinds,
    metrics,
    model,
    normalize,
    collides,
    system: ({ clusterName }) => clusterName,
    rates: ratesOf,
    calls: callsOf,
    open: (settings, ctx) => openSession(settings, ctx, wiring),
  };
}

export const provider: Provider<Options, ServiceOptions> = awselb();
