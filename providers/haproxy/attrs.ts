/**
 * What the attributes of each kind say. The model writes them, the layout reads them back through these schemas, so that a state
 * that was kept in a file is judged like a fresh one.
 */
import { z } from 'zod';
import type { Attrs, Resource } from '../../src/model/index.ts';

const port = z.int().min(1).max(65_535);
const ms = z.int().min(0);
const range = z.strictObject({ from: z.int(), to: z.int() });
const match = z.strictObject({
  name: z.string(),
  type: z.enum(['exact', 'regex', 'present']),
  value: z.string().exactOptional(),
});

const headerFilter = z.strictObject({
  type: z.enum(['requestHeader', 'responseHeader']),
  op: z.enum(['set', 'add', 'remove']),
  name: z.string(),
  value: z.string().exactOptional(),
});
const filter = z.discriminatedUnion('type', [
  headerFilter,
  z.strictObject({ type: z.literal('rewritePrefix'), from: z.string(), to: z.string() }),
  z.strictObject({ type: z.literal('rewriteRegex'), pattern: z.string(), to: z.string() }),
  z.strictObject({ type: z.literal('host'), value: z.string() }),
  z.strictObject({
    type: z.literal('sourceRanges'),
    allow: z.array(z.string()).exactOptional(),
    deny: z.array(z.string()).exactOptional(),
  }),
  z.strictObject({ type: z.literal('bodyLimit'), bytes: z.int().min(0) }),
  /** `scope`: whose requests are counted together. */
  z.strictObject({ type: z.literal('rateLimit'), scope: z.string(), burst: z.int().min(1), windowMs: z.int().min(1) }),
  /** `users`: SHA-256 of their text; absent: nobody gets in. */
  z.strictObject({ type: z.literal('basicAuth'), realm: z.string(), users: z.string().exactOptional() }),
  z.strictObject({
    type: z.literal('cors'),
    origins: z.array(z.string()),
    methods: z.array(z.string()),
    headers: z.array(z.string()),
    exposeHeaders: z.array(z.string()),
    credentials: z.boolean(),
    maxAgeMs: ms.exactOptional(),
  }),
]);

const answer = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('redirect'),
    code: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]),
    scheme: z.enum(['http', 'https']).exactOptional(),
    host: z.string().exactOptional(),
    port: port.exactOptional(),
    path: z.string().exactOptional(),
  }),
  z.strictObject({
    type: z.literal('fixed'),
    status: z.int().min(200).max(599),
    contentType: z.string().exactOptional(),
    body: z.string().exactOptional(),
  }),
]);

/** What happens to a request on its way: part of a Route, and of a Frontend for what no route took. */
const treatment = {
  /** Answers by itself instead of forwarding. */
  answer: answer.exactOptional(),
  filters: z.array(filter).exactOptional(),
  /** CIDRs allowed in; everyone else gets 403. Absent: everyone. */
  ranges: z.array(z.string()).exactOptional(),
  /** CIDRs kept out. */
  denied: z.array(z.string()).exactOptional(),
  /** Only for clients that showed a certificate, on a connection made for this very host. */
  verified: z.literal(true).exactOptional(),
};

export const backendAttrs = z.strictObject({
  mode: z.enum(['http', 'tcp']),
  balance: z.enum(['roundrobin', 'leastconn', 'source', 'uri', 'random']),
  retries: z.int().exactOptional(),
  connectMs: ms.exactOptional(),
  serverMs: ms.exactOptional(),
  queueMs: ms.exactOptional(),
  tunnelMs: ms.exactOptional(),
  check: z
    .strictObject({
      type: z.enum(['tcp', 'http']),
      port: port.exactOptional(),
      /** The check speaks TLS although the traffic does not begin it here. */
      tls: z.literal(true).exactOptional(),
      method: z.string().exactOptional(),
      path: z.string().exactOptional(),
      host: z.string().exactOptional(),
      expect: z.array(range).exactOptional(),
      intervalMs: ms,
      timeoutMs: ms.exactOptional(),
      rise: z.int(),
      fall: z.int(),
    })
    .exactOptional(),
  tls: z
    .strictObject({
      verify: z.boolean(),
      serverName: z.string().exactOptional(),
      /** SHA-256 of the PEM with the authorities; absent: those of the system. */
      ca: z.string().exactOptional(),
    })
    .exactOptional(),
  /** HTTP/2 to the targets. */
  h2: z.literal(true).exactOptional(),
  /** A client stays at its target by a cookie of this name. */
  cookie: z.strictObject({ name: z.string(), maxIdleMs: ms.exactOptional() }).exactOptional(),
  sendProxy: z.enum(['v1', 'v2']).exactOptional(),
  slowStartMs: ms.exactOptional(),
  /** Each request gets a connection of its own. */
  fresh: z.literal(true).exactOptional(),
});

export const serverAttrs = z.strictObject({
  weight: z.int().min(0).max(256),
  maxConnections: z.int().min(1).exactOptional(),
});

export const frontendAttrs = z.strictObject({
  key: z.string(),
  mode: z.enum(['http', 'tcp']),
  tls: z.boolean(),
  port,
  /** Empty: the balancer's own addresses. */
  addresses: z.array(z.string()),
  /** They are listened on before this machine has them: another balancer brings and takes them. */
  brought: z.literal(true).exactOptional(),
  acceptProxy: z.literal(true).exactOptional(),
  /** HAProxy's own page of statistics. */
  stats: z.literal(true).exactOptional(),
  /** HAProxy's own answer to probes. */
  monitor: z.literal(true).exactOptional(),
  /** SHA-256 of the PEM with the authorities of client certificates. */
  clientCa: z.string().exactOptional(),
  /** TLS is passed through, to where its routes lead by the name in the client's hello. */
  sni: z.literal(true).exactOptional(),
  /** Id of the Frontend that gets the connections whose name no route has. */
  beside: z.string().exactOptional(),
  /** Id of the Frontend that listens, and hands on what is for this one. */
  behind: z.string().exactOptional(),
  maxConnections: z.int().min(1).exactOptional(),
  clientMs: ms.exactOptional(),
  requestMs: ms.exactOptional(),
  keepAliveMs: ms.exactOptional(),
  ...treatment,
});

export const certAttrs = z.strictObject({
  hosts: z.array(z.string()),
  /** Those of the hosts whose clients must show a certificate. */
  verified: z.array(z.string()).exactOptional(),
  isDefault: z.boolean(),
  /** SHA-256 of the OCSP response to staple (base64). */
  ocsp: z.string().exactOptional(),
});

export const shareAttrs = z.strictObject({ weight: z.number().min(0) });

export const routeAttrs = z.strictObject({
  key: z.string(),
  /** Lower case, `*.one.label`, or empty for every host. */
  host: z.string(),
  /** Absent: what no other route of this host took. */
  path: z
    .strictObject({ type: z.enum(['exact', 'prefix', 'stringPrefix', 'regex']), value: z.string() })
    .exactOptional(),
  methods: z.array(z.string()).exactOptional(),
  headers: z.array(match).exactOptional(),
  query: z.array(match).exactOptional(),
  sourceIps: z.array(z.string()).exactOptional(),
  /** Orders regular expressions and conditional routes that are otherwise equal; the smaller text goes first. */
  tie: z.string().exactOptional(),
  ...treatment,
});

export type BackendAttrs = z.infer<typeof backendAttrs>;
export type ServerAttrs = z.infer<typeof serverAttrs>;
export type FrontendAttrs = z.infer<typeof frontendAttrs>;
export type RouteAttrs = z.infer<typeof routeAttrs>;
export type RouteFilter = z.infer<typeof filter>;
export type Answer = z.infer<typeof answer>;
export type Treatment = Pick<RouteAttrs, 'answer' | 'filters' | 'ranges' | 'denied' | 'verified'>;

/** Reads attributes through a schema once for each attributes object. */
function reader<T>(schema: z.ZodType<T>): (attrs: Attrs) => T {
  const known = new WeakMap<Attrs, T>();
  return (attrs) => {
    let value = known.get(attrs);
    if (value === undefined) {
      value = schema.parse(attrs);
      if (typeof value === 'object' && value !== null) known.set(attrs, value);
    }
    return value;
  };
}

const readBackendAttrs = reader(backendAttrs);
const readFrontendAttrs = reader(frontendAttrs);
const readRouteAttrs = reader(routeAttrs);
export const readServer: (attrs: Attrs) => ServerAttrs = reader(serverAttrs);
export const readCert: (attrs: Attrs) => z.infer<typeof certAttrs> = reader(certAttrs);
export const readShare: (attrs: Attrs) => z.infer<typeof shareAttrs> = reader(shareAttrs);

export function readBackend(resource: Resource): BackendAttrs {
  return readBackendAttrs(resource.attrs);
}

export function readFrontend(resource: Resource): FrontendAttrs {
  return readFrontendAttrs(resource.attrs);
}

export function readRoute(resource: Resource): RouteAttrs {
  return readRouteAttrs(resource.attrs);
}
