/**
 * The kinds of the builtin relay and the shape of their attributes. A whole-state system in our own process: nothing is immutable,
 * nothing is a slot, the handle of an object is its id, one unit holds everything.
 *
 * Listener  id `<group>|<port>/tcp`. One port; ref `backend` (or set `forward` when weighted): layer 4, or what no route took.
 *           set `certs`: key sha256, attrs { hosts, origin, isDefault }.
 * Route     id `<listener>|<host>|<path type>|<path>|<hash of conditions>`; ref `listener`; ref `backend` or set `forward`, or an action of its own.
 * Backend   id as `backendKey()`. set `targets`: key `address:port` (IPv6 in brackets), attrs { weight }; 0 takes no new connections.
 */
import { z } from 'zod';
import type { KindSpec } from '../../src/model/index.ts';
import { kindWords } from './kind-words.ts';

const timeouts = z.object({
  connectMs: z.number().optional(),
  clientMs: z.number().optional(),
  serverMs: z.number().optional(),
  tunnelMs: z.number().optional(),
});

const nameMatch = z.object({
  name: z.string(),
  type: z.enum(['exact', 'regex', 'present']),
  value: z.string().optional(),
});

const filter = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(['requestHeader', 'responseHeader']),
    op: z.enum(['set', 'add', 'remove']),
    name: z.string(),
    value: z.string().optional(),
  }),
  z.object({ type: z.literal('rewritePrefix'), from: z.string(), to: z.string() }),
  z.object({ type: z.literal('rewriteRegex'), pattern: z.string(), to: z.string() }),
  z.object({ type: z.literal('host'), value: z.string() }),
]);

/** An answer that the relay gives itself. */
const own = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('redirect'),
    code: z.number(),
    scheme: z.string().optional(),
    host: z.string().optional(),
    port: z.number().optional(),
    path: z.string().optional(),
  }),
  z.object({
    type: z.literal('fixed'),
    status: z.number(),
    contentType: z.string().optional(),
    body: z.string().optional(),
  }),
]);

export const listenerAttrs = z.object({
  key: z.string(),
  addresses: z.array(z.string()),
  port: z.number(),
  /** How bytes are read: as they come, or as HTTP requests. */
  mode: z.enum(['tcp', 'http']),
  tls: z.object({ mutual: z.boolean(), caSha256: z.string().optional(), caOrigin: z.string().optional() }).optional(),
  timeouts,
  sourceRanges: z.array(z.string()).optional(),
  maxConnections: z.number().optional(),
  action: own.optional(),
});

export const routeAttrs = z.object({
  key: z.string(),
  host: z.string(),
  path: z.object({ type: z.enum(['exact', 'prefix', 'stringPrefix', 'regex', 'default']), value: z.string() }),
  /** Place among the rules of its host: lower is asked first. */
  rank: z.number(),
  conditions: z.object({
    methods: z.array(z.string()).optional(),
    headers: z.array(nameMatch).optional(),
    query: z.array(nameMatch).optional(),
    sourceIps: z.array(z.string()).optional(),
  }),
  /** Clients outside are refused with 403. */
  sourceRanges: z.array(z.string()).optional(),
  filters: z.array(filter),
  timeouts,
  action: own.optional(),
});

export const backendAttrs = z.object({
  protocol: z.enum(['tcp', 'http', 'https']),
  balance: z.enum(['roundrobin', 'leastconn', 'source', 'uri', 'random']),
  /** TLS to the targets. */
  tls: z
    .object({
      verify: z.boolean(),
      serverName: z.string().optional(),
      caSha256: z.string().optional(),
      caOrigin: z.string().optional(),
    })
    .optional(),
  drainMs: z.number().optional(),
  maxConnections: z.number().optional(),
  check: z
    .object({
      type: z.enum(['tcp', 'http']),
      port: z.number().optional(),
      path: z.string(),
      host: z.string().optional(),
      method: z.string(),
      expect: z.array(z.object({ from: z.number(), to: z.number() })),
      intervalMs: z.number(),
      timeoutMs: z.number(),
      rise: z.number(),
      fall: z.number(),
    })
    .optional(),
});

export const certAttrs = z.object({ hosts: z.array(z.string()), origin: z.string(), isDefault: z.boolean() });
export const weightAttrs = z.object({ weight: z.number() });

export type ListenerAttrs = z.infer<typeof listenerAttrs>;
export type RouteAttrs = z.infer<typeof routeAttrs>;
export type BackendAttrs = z.infer<typeof backendAttrs>;
export type Check = NonNullable<BackendAttrs['check']>;
export type OwnAction = z.infer<typeof own>;

const forward = { batch: 1_000, serving: true, to: 'Backend', weight: 'weight', inCreate: true } as const;

export const kinds: readonly KindSpec[] = [
  {
    kind: 'Backend',
    claim: 'name',
    immutable: [],
    unusedHealth: true,
    refs: {},
    sets: { targets: { batch: 100_000, serving: true, weight: 'weight', inCreate: true } },
    words: kindWords.backend,
  },
  {
    kind: 'Listener',
    claim: 'name',
    immutable: [],
    frontKey: (attrs) => String(attrs.key),
    refs: { backend: { to: 'Backend', serving: true } },
    sets: { certs: { batch: 100_000, inCreate: true }, forward },
    words: kindWords.listener,
  },
  {
    kind: 'Route',
    claim: 'parent',
    immutable: [],
    frontKey: (attrs) => String(attrs.key),
    refs: { listener: { to: 'Listener' }, backend: { to: 'Backend', serving: true } },
    sets: { forward },
    words: kindWords.route,
  },
];
