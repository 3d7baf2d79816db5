import { z } from 'zod';
import { backend, backendFields } from './backend-schema.ts';
import { filter } from './filter-schema.ts';
import { actionFields, rule } from './route-schema.ts';
import { cidr, duration, oneOrMany, port } from './scalars.ts';
import { frontTls } from './tls-schema.ts';

const timeouts = z
  .strictObject({
    connect: duration.optional().describe('To open a connection to a target.'),
    client: duration.optional().describe('Without a byte from the client.'),
    server: duration.optional().describe('Without a byte from the target.'),
    queue: duration.optional().describe('To wait for a free target.'),
    request: duration.optional().describe('To receive the whole request.'),
    keepAlive: duration.optional().describe('Between two requests of a connection.'),
    tunnel: duration.optional().describe('Without a byte in an upgraded connection.'),
  })
  .describe('Time-outs of a front.')
  .meta({ id: 'timeouts' });

/** What any front may have. */
const frontFields = {
  sourceRanges: oneOrMany(cidr).optional().describe('Clients that are let in; default: everyone.'),
  deniedRanges: oneOrMany(cidr).optional().describe('Clients that are kept out, also where `sourceRanges` has them.'),
  filters: z.array(filter).optional().describe('For every route of the port, before those of a route; needs HTTP.'),
  proxyProtocol: z.boolean().optional().describe('Clients speak the PROXY protocol.'),
  timeouts: timeouts.optional(),
  maxConnections: z.number().optional().describe('Concurrent connections accepted.'),
};

const front = z
  .strictObject({
    port: z
      .union([port, z.string().describe('Port, range or protocol: 5432, "8000-8010", "53/udp".')])
      .describe('Listening port, or a range "8000-8010".'),
    protocol: z
      .enum(['tcp', 'udp', 'tcp_udp', 'http', 'https', 'tls', 'quic'])
      .optional()
      .describe('Default: https or http where there are routes (with and without tls), tls with tls, else tcp.'),
    name: z.string().optional().describe('Identity of the port in this service; default port/protocol.'),
    tls: frontTls.optional(),
    http: z.array(rule).optional().describe('Routes, for http, https and quic.'),
    ...actionFields,
    ...frontFields,
  })
  .describe('One listening port.')
  .meta({ id: 'port' });

const http = z.union([
  z.array(rule).describe('Routes on port 80; with `tls` on port 443, and port 80 redirects there.'),
  z
    .strictObject({
      port: z
        .union([port, z.literal(false)])
        .optional()
        .describe('Port of plain HTTP; default 80; false: none.'),
      tlsPort: port.optional().describe('Port of HTTPS, used with `tls`; default 443.'),
      redirect: z
        .boolean()
        .optional()
        .describe('With `tls`, plain HTTP redirects to HTTPS; default true; false: both serve.'),
      rules: z.array(rule).describe('Routes.'),
      default: z.strictObject(actionFields).optional().describe('What no rule took; default: answered with 404.'),
      ...frontFields,
    })
    .describe('Routes with ports and limits.'),
]);

const address = z.union([
  z.string().describe('One address.'),
  z.array(z.string()).describe('Addresses.'),
  z.strictObject({
    pool: z.string().optional().describe('Pool to take addresses from.'),
    list: z.array(z.string()).optional().describe('Addresses asked for.'),
    families: z
      .array(z.enum(['ipv4', 'ipv6', 'IPv4', 'IPv6']))
      .optional()
      .describe('Default: those of `list`, else ipv4. As Kubernetes spells them, too.'),
    familyPolicy: z
      .enum(['require', 'prefer'])
      .optional()
      .describe('Of two families, prefer: the first will do where no pool gives both. Default: require.'),
    shareKey: z.string().optional().describe('Services with the same key may share an address.'),
    backendKey: z.string().optional().describe('Services share only with those of the same key.'),
    held: z.array(z.string()).optional().describe('Addresses it holds already; kept while they fit.'),
  }),
]);

/** One exported service as its owner writes it. */
export const weirServiceSchema = z
  .strictObject({
    kind: z.literal('ExportedService').optional().describe('May be left out.'),
    name: z.string().describe('name or namespace/name.'),
    namespace: z.string().optional().describe('Default: the part before the / of `name`, else default.'),
    labels: z.record(z.string(), z.string()).optional().describe('Free labels.'),
    created: z.string().optional().describe('Date of creation (RFC 3339): of two services in conflict the older wins.'),
    groups: oneOrMany(z.string()).optional().describe('Groups that balancers select by.'),
    class: z.string().optional().describe('Class that balancers select by.'),
    balancers: oneOrMany(z.string()).optional().describe('Balancers that shall take it; default: by groups and class.'),
    bundle: z
      .union([z.string(), z.strictObject({ key: z.string(), order: z.number().optional() })])
      .optional()
      .describe('Services of one bundle share a load balancer; lower order first.'),
    address: address.optional().describe('Addresses to be reachable at.'),
    http: http.optional().describe('HTTP by host and path: the short form of the usual two ports.'),
    ports: z.array(front).optional().describe('Listening ports, written out.'),
    backends: z.record(z.string(), backend).optional().describe('Named groups of targets.'),
    settings: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Settings by provider name; `weir schema --service-settings NAME` prints them.'),
    targets: backendFields.targets.describe(
      'Targets of the only backend; its other fields beside it, or `backends` for all of them.',
    ),
    balance: backendFields.balance,
    affinity: backendFields.affinity,
    check: backendFields.check,
    drain: backendFields.drain,
    tls: frontTls.optional().describe('TLS of `http`.'),
  })
  .describe('An exported service. With `targets` it has one backend, named default.')
  .meta({ id: 'service' });

/** A document: one service, or several under `services`. */
export const weirDocumentSchema = z.union([
  weirServiceSchema,
  z.strictObject({
    kind: z.literal('ExportedServiceList').optional(),
    services: z.array(weirServiceSchema).describe('Services.'),
  }),
]);

export type ServiceForm = z.infer<typeof weirServiceSchema>;
export type FrontForm = z.infer<typeof front>;
export type HttpForm = z.infer<typeof http>;
export type FrontLimits = Pick<
  FrontForm,
  'sourceRanges' | 'deniedRanges' | 'filters' | 'proxyProtocol' | 'timeouts' | 'maxConnections'
>;
