import type { Json } from '../../model/index.ts';
import { ownPrefix } from '../../model/prefix.ts';
import {
  accept,
  type Parsed,
  parseAddress,
  parseCidr,
  parseCookieName,
  parseDuration,
  parseHost,
  parseMethod,
  parseName,
  parsePath,
  parsePort,
} from '../../net/index.ts';
import { AnnotationReader } from './annotation-reader.ts';
import type { AnnotatedKind } from './annotation-table.ts';
import { choiceOf, listOf, parseSettings, parseStatusRange, parseSwitch, wholeNumber } from './annotation-value.ts';
import type { Field } from './field.ts';
import { readFilterValues } from './filter-values.ts';
import { parseClassName, parseObjectName } from './metadata.ts';
import { parsePortProtocols } from './port-protocols.ts';

export type OwnAnnotations = ReturnType<typeof readValues> & {
  /** A value that decides about exposure cannot be read: the object must not be served. */
  readonly refused: boolean;
  readonly settings: Readonly<Record<string, Json>>;
  readonly settingsOrigin: Readonly<Record<string, string>>;
};

/** What objects without annotations of ours share: most have none, and there are thousands. */
const bare = new Map<AnnotatedKind, OwnAnnotations>();

/** Reads `metadata.annotations` with our prefix into typed values; wrong ones are noted at the field. */
export function readOwnAnnotations(annotations: Field, kind: AnnotatedKind): OwnAnnotations {
  const { value } = annotations;
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  const isBare = isRecord ? !Object.keys(value).some((key) => key.startsWith(ownPrefix)) : !annotations.present;
  if (!isBare) return readNamed(annotations, kind);
  const known = bare.get(kind) ?? readNamed(annotations.at(''), kind);
  bare.set(kind, known);
  return known;
}

function readNamed(annotations: Field, kind: AnnotatedKind): OwnAnnotations {
  const reader = new AnnotationReader(annotations, kind);
  const values = readValues(reader);
  const settings: [string, Json][] = [];
  const origins: [string, string][] = [];
  for (const { provider, name, field } of reader.settings()) {
    const parsed = parseName(provider).ok
      ? parseSettings(typeof field.value === 'string' ? field.value : '')
      : undefined;
    if (parsed?.ok === true) {
      settings.push([provider, parsed.value]);
      origins.push([provider, name]);
    } else reader.refuse(field, parsed?.reason ?? 'must name a provider after the dot');
  }
  reader.tellUnknown();
  return {
    ...values,
    refused: reader.refused,
    settings: Object.fromEntries(settings),
    settingsOrigin: Object.fromEntries(origins),
  };
}

function parseRange(text: string): Parsed<string> {
  const range = parseCidr(text);
  return range.ok ? accept(range.value.text) : range;
}

function readValues(reader: AnnotationReader) {
  const duration = (text: string): Parsed<number> => parseDuration(text, 1);
  const count = wholeNumber(1, 10_000_000);
  return {
    export: reader.take('export', parseSwitch),
    class: reader.take('class', parseClassName),
    groups: reader.take('groups', listOf(parseName)),
    balancers: reader.take('balancers', listOf(parseName)),
    bundle: reader.take('bundle', parseName),
    bundleOrder: reader.take('bundle-order', wholeNumber(-1000, 1000)),
    pool: reader.take('pool', parseName),
    addresses: reader.take('addresses', listOf(parseAddress)),
    shareKey: reader.take('share-key', parseName),
    sourceRanges: reader.take('source-ranges', listOf(parseRange)),
    deniedRanges: reader.take('denied-ranges', listOf(parseRange)),
    addressFamilies: reader.take('address-families', listOf(choiceOf('ipv4', 'ipv6'))),
    backendKey: reader.take('backend-key', parseName),
    protocol: reader.take('protocol', parsePortProtocols),
    hosts: reader.take('hosts', listOf(parseHost)),
    tlsSecret: reader.take('tls-secret', parseObjectName),
    tlsPassthrough: reader.take('tls-passthrough', parseSwitch),
    clientCaSecret: reader.take('client-ca-secret', parseObjectName),
    ...readFilterValues(reader),
    proxyProtocol: reader.take('proxy-protocol', parseSwitch),
    httpPort: reader.take('http-port', parsePort),
    httpsPort: reader.take('https-port', parsePort),
    sslRedirect: reader.take('ssl-redirect', parseSwitch),
    maxConnections: reader.take('max-connections', count),
    connectMs: reader.take('timeout-connect', duration),
    clientMs: reader.take('timeout-client', duration),
    serverMs: reader.take('timeout-server', duration),
    queueMs: reader.take('timeout-queue', duration),
    requestMs: reader.take('timeout-request', duration),
    keepAliveMs: reader.take('timeout-keep-alive', duration),
    tunnelMs: reader.take('timeout-tunnel', duration),
    balance: reader.take('balance', choiceOf('roundrobin', 'leastconn', 'source', 'uri', 'random')),
    affinity: reader.take('affinity', choiceOf('none', 'source', 'cookie')),
    affinityCookie: reader.take('affinity-cookie', parseCookieName),
    affinityTimeoutMs: reader.take('affinity-timeout', duration),
    drainMs: reader.take('drain', parseDuration),
    backendProtocol: reader.take('backend-protocol', choiceOf('http', 'https', 'h2c', 'grpc', 'grpcs')),
    backendTlsVerify: reader.take('backend-tls-verify', parseSwitch),
    backendTlsServerName: reader.take('backend-tls-server-name', (text) => parseHost(text, { wildcard: false })),
    backendMaxConnections: reader.take('backend-max-connections', count),
    backendCaSecret: reader.take('backend-ca-secret', parseObjectName),
    backendSendProxy: reader.take('backend-proxy-protocol', choiceOf('v1', 'v2')),
    backendRetries: reader.take('backend-retries', wholeNumber(0, 100)),
    backendReuse: reader.take('backend-reuse', choiceOf('safe', 'never')),
    healthCheck: reader.take('health-check', choiceOf('tcp', 'http', 'none')),
    healthPath: reader.take('health-check-path', (text) => parsePath(text, 'stringPrefix')),
    healthHost: reader.take('health-check-host', (text) => parseHost(text, { wildcard: false, address: true })),
    healthMethod: reader.take('health-check-method', parseMethod),
    healthExpect: reader.take('health-check-expect', listOf(parseStatusRange)),
    healthPort: reader.take('health-check-port', parsePort),
    healthIntervalMs: reader.take('health-check-interval', duration),
    healthTimeoutMs: reader.take('health-check-timeout', duration),
    healthRise: reader.take('health-check-rise', wholeNumber(1, 100)),
    healthFall: reader.take('health-check-fall', wholeNumber(1, 100)),
  };
}
