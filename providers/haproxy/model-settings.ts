import type { Attrs, Json, Resource } from '../../src/model/index.ts';
import { shortHash } from './names.ts';
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
    ...(options.climbingPaths === 'refuse' ? {} : { climbingPaths: options.climbingPaths }),
    trustedProxies: [...options.trustedProxies],
    ...(options.proxyFrom.length === 0 ? {} : { proxyFrom: [...options.proxyFrom] }),
    ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.group === undefined ? {} : { group: options.group }),
    ...(options.log === undefined ? {} : { log: options.log, logFormat: options.logFormat }),
    // Who reads the statistics is told by a hash of all: no password is in the plan, not even hashed.
    ...(options.stats === undefined ? {} : { stats: shortHash(JSON.stringify(options.stats)) }),
    ...(options.portRange === undefined ? {} : { portRange: options.portRange }),
    ...(options.portSet === undefined ? {} : { portSet: options.portSet }),
    tuning: tuningOf(options),
  };
  return { kind: 'Settings', id: 'settings', unit, serves: [], attrs: Object.freeze(attrs), refs: {}, sets: {} };
}

function tuningOf({ tuning }: Options): Json {
  const { compression, ...rest } = tuning;
  const given = Object.entries(rest).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  return { ...Object.fromEntries(given), ...(compression === undefined ? {} : { compression: [...compression] }) };
}

/** The Frontend where HAProxy itself answers probes. */
export function monitorResource(unit: string, { address, port }: NonNullable<Options['monitor']>): Resource {
  const id = `monitor|${port}/tcp`;
  const attrs = Object.freeze({ key: id, mode: 'http', tls: false, port, addresses: [address], monitor: true });
  return { kind: 'Frontend', id, unit, serves: [], attrs, refs: {}, sets: {} };
}

/** The Frontend of HAProxy's own page of statistics. Who may read it is no part of it. */
export function statsResource(unit: string, { address, port }: NonNullable<Options['stats']>): Resource {
  const id = `stats|${port}/tcp`;
  const attrs = Object.freeze({ key: id, mode: 'http', tls: false, port, addresses: [address], stats: true });
  return { kind: 'Frontend', id, unit, serves: [], attrs, refs: {}, sets: {} };
}
