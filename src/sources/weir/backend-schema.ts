import { z } from 'zod';
import { duration, oneOrMany, port, weight } from './scalars.ts';
import { backendTls } from './tls-schema.ts';

export const target = z
  .union([
    z
      .string()
      .describe(
        'address:port such as 10.0.0.1:8080 or [2001:db8::1]:8080; the port may be left out where the backend names one.',
      ),
    z.strictObject({
      address: z.string().describe('IP address, or instance id where `kind` is instance.'),
      port: port.optional().describe("Default: the backend's `port`."),
      weight: weight.optional().describe('Relative share from 0 to 256, default 1; 0 takes no new connections.'),
      state: z.enum(['ready', 'draining', 'gone']).optional().describe('Default ready.'),
      node: z.string().optional().describe('Machine it runs on.'),
      zone: z.string().optional().describe('Zone it runs in.'),
      pod: z.string().optional().describe('Pod it is.'),
    }),
  ])
  .meta({ id: 'target', description: 'Where traffic goes.' });

const targets = z.array(target).describe('Where traffic goes: address:port, or objects with weight and state.');

const expect = oneOrMany(z.union([z.number(), z.string()])).describe(
  'Status codes that count as healthy: 200, "200-399", or a list; default 200-399.',
);

export const check = z
  .union([
    z.literal('tcp').describe('Healthy when a connection opens.'),
    z.strictObject({
      http: z.string().optional().describe('Path to ask for; without it the check opens a connection only.'),
      port: port.optional().describe('Default: the port of the target.'),
      host: z.string().optional().describe('Host header to send.'),
      method: z.string().optional().describe('Request method; default GET.'),
      expect: expect.optional(),
      interval: duration.optional().describe('Time between two checks.'),
      timeout: duration.optional().describe('Time that an answer may take.'),
      rise: z.number().optional().describe('Successes that make it healthy.'),
      fall: z.number().optional().describe('Failures that make it unhealthy.'),
    }),
  ])
  .meta({ id: 'check', description: 'How targets are asked whether they are well.' });

const affinity = z.union([
  z.enum(['source', 'cookie']),
  z.strictObject({
    type: z
      .enum(['source', 'cookie'])
      .describe('source: by client address; cookie: by a cookie that the balancer sets.'),
    cookie: z.string().optional().describe('Name of the cookie.'),
    timeout: duration.optional().describe('How long a client stays with its target.'),
  }),
]);

/** The fields of a backend; a service with only one may write them at its top level. */
export const backendFields = {
  targets: targets.optional(),
  port: port.optional().describe('Port of the targets that name none.'),
  kind: z.enum(['ip', 'instance']).optional().describe('What the addresses of the targets are; default ip.'),
  nodePort: port.optional().describe('Port that serves it on every node.'),
  localOnly: z.boolean().optional().describe('Only nodes that run a target answer (externalTrafficPolicy Local).'),
  protocol: z
    .enum(['tcp', 'udp', 'http', 'https', 'h2c', 'grpc', 'grpcs'])
    .optional()
    .describe('Protocol of the targets; default: http behind http routes, else that of the port.'),
  tls: backendTls.optional().describe('TLS towards the targets.'),
  balance: z
    .enum(['roundrobin', 'leastconn', 'source', 'uri', 'random'])
    .optional()
    .describe('How a target is chosen; default roundrobin.'),
  affinity: affinity.optional().describe('Keeps a client with its target.'),
  check: check.optional().describe('Health check.'),
  drain: duration.optional().describe('How long a removed target keeps its connections.'),
  maxConnections: z
    .number()
    .optional()
    .describe('Concurrent connections for each target; what comes above it waits in a queue (time-out `queue`).'),
  sendProxy: z.enum(['v1', 'v2']).optional().describe('Tells the targets the client by the PROXY protocol.'),
  retries: z
    .number()
    .optional()
    .describe('Attempts to connect elsewhere when a target refuses; any method, as nothing was sent.'),
  reuse: z
    .enum(['safe', 'never'])
    .optional()
    .describe(
      'never: each request gets a connection of its own, so that none meets one that its target is closing. Default safe.',
    ),
};

export const backend = z
  .union([targets, z.strictObject(backendFields)])
  .describe('A list of targets, or an object with more fields.')
  .meta({ id: 'backend' });

export type TargetForm = z.infer<typeof target>;
export type CheckForm = z.infer<typeof check>;
export type BackendFields = z.infer<z.ZodObject<typeof backendFields>>;
export type BackendForm = z.infer<typeof backend>;
