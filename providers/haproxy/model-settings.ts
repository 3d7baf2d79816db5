import type { Attrs, Resource } from '../../src/model/index.ts';
import type { Options } from './options.ts';

/** The Settings of the process: a change of the configuration is a change in the plan like any other. */
export function settingsResource(unit: string, options: Options): Resource {
  const { hardStopAfter, timeouts, retries, alpn, tlsMin, addresses, httpsRedirectPort } = options;
  const attrs: Attrs = {
    hardStopAfter,
    maxOldWorkers: options.maxOldWorkers,
    timeouts: { ...timeouts },
    retries,
    alpn: [...alpn],
    tlsMin,
    addresses: [...addresses],
    httpsRedirectPort,
    forwardedHeaders: options.forwardedHeaders,
    trustedProxies: [...options.trustedProxies],
    ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.group === undefined ? {} : { group: options.group }),
    ...(options.log === undefined ? {} : { log: options.log }),
  };
  return { kind: 'Settings', id: 'settings', unit, serves: [], attrs: Object.freeze(attrs), refs: {}, sets: {} };
}
