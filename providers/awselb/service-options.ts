/**
 * `settings.awselb` of a service: what the model has no field for. Where ExportedService has one it counts: ports, protocols,
 * sourceRanges, routes, health (but its protocol HTTPS and gRPC codes), drainMs, affinity, balance, targetKind, localOnly, bundle.
 *
 * Settings of a load balancer must agree within a bundle; the first member that says something sets it, and one that says
 * otherwise is refused by name. Maps and lists that are merged (tags, certificates, listener attributes) say so.
 */
import { z } from 'zod';
import { rule } from './rule-options.ts';
import { backend } from './target-group-options.ts';
import {
  allocationId,
  arn,
  attributes,
  certificateArn,
  idOrName,
  ipAddressType,
  loadBalancerName,
  loadBalancerType,
  prefixListId,
  scheme,
  tags,
  withoutProto,
} from './words.ts';

/** `HTTPS-443`, `TCP-80`: how a listener is named in settings. */
const listenerName = z
  .string()
  .regex(/^(HTTP|HTTPS|TCP|UDP|TLS|TCP_UDP|QUIC|TCP_QUIC)-[1-9]\d{0,4}$/, 'must be PROTOCOL-PORT such as HTTPS-443');

const mutualAuthentication = z
  .strictObject({
    mode: z.enum(['off', 'passthrough', 'verify']),
    trustStore: idOrName.or(arn).optional().describe('ARN or name of the trust store; with mode verify.'),
    ignoreClientCertificateExpiry: z.boolean().optional(),
    advertiseTrustStoreCaNames: z.enum(['on', 'off']).optional(),
  })
  .refine(({ mode, trustStore }) => (mode === 'verify') === (trustStore !== undefined), {
    message: 'mode verify needs a trustStore, and no other mode takes one',
    path: ['trustStore'],
  });

const listener = z.strictObject({
  attributes: attributes
    .optional()
    .describe('Listener attributes, e.g. tcp.idle_timeout.seconds; merged within a bundle.'),
  mutualAuthentication: mutualAuthentication.optional(),
  certificateArns: z
    .array(certificateArn)
    .optional()
    .describe('Certificates of this listener alone; the first is the default.'),
  /** NLB: weighted forward instead of the one target group of the front (actions.PROTO-PORT). */
  forward: z
    .array(
      z.strictObject({
        backend: z.string().optional(),
        targetGroup: idOrName.or(arn).optional(),
        weight: z.int().min(0).max(999),
      }),
    )
    .min(1)
    .max(5)
    .optional()
    .describe('NLB: weighted target groups in place of the one backend of the port.'),
});

export const serviceOptions = z.strictObject({
  // The load balancer
  type: loadBalancerType.optional().describe('Default: network for TCP, UDP and TLS, application for HTTP and HTTPS.'),
  scheme: scheme
    .optional()
    .describe('Absent: that of the load balancer that exists, else the default of the balancer. A change replaces it.'),
  name: loadBalancerName.optional().describe('Name of the load balancer; counts when it is created.'),
  group: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/, 'must be 1 to 63 lower-case letters, digits, hyphens and dots')
    .optional()
    .describe(
      'Services of the same group share one network load balancer; a port that two of them ask for is refused by name.',
    ),
  adopt: arn
    .or(loadBalancerName)
    .optional()
    .describe(
      'ARN or name of a load balancer made by somebody else that shall serve this service; never replaced without `replaceAdopted`.',
    ),
  replaceAdopted: z
    .boolean()
    .optional()
    .describe('Consent to replace an adopted load balancer when its type or scheme must change.'),
  subnets: z
    .array(idOrName)
    .min(1)
    .optional()
    .describe('Ids or Name tags of subnets, one for each zone; default: discovery by tag.'),
  subnetTags: withoutProto(z.record(z.string(), z.array(z.string()).min(1)))
    .optional()
    .describe('Tag key → allowed values, in place of `subnets`.'),
  eipAllocations: z.array(allocationId).min(1).optional().describe('Network, internet-facing: one for each subnet.'),
  privateIpv4Addresses: z.array(z.ipv4()).min(1).optional().describe('Network, internal: one for each subnet.'),
  ipv6Addresses: z.array(z.ipv6()).min(1).optional().describe('Network, dualstack: one for each subnet.'),
  ipAddressType: ipAddressType.optional().describe('Default: ipv4. Changed in place.'),
  attributes: attributes.optional().describe('Load balancer attributes; what is not named is left as it is.'),
  tags: tags
    .optional()
    .describe("Tags of everything made for the service; merged within a bundle and with the balancer's."),
  securityGroups: z.array(idOrName).min(1).max(5).optional().describe('Ids or names, in place of a managed one.'),
  manageBackendRules: z
    .boolean()
    .optional()
    .describe(
      'Let the load balancer reach nodes and pods by rules in their security groups; default: true unless `securityGroups` is set.',
    ),
  disableSecurityGroup: z.boolean().optional().describe('Network: no security group at all.'),
  prefixLists: z.array(prefixListId).optional().describe('Managed prefix lists allowed in, beside sourceRanges.'),
  inboundRulesOnPrivateLink: z
    .enum(['on', 'off'])
    .optional()
    .describe('Network: EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic.'),
  icmpForPathMtuDiscovery: z
    .enum(['on', 'off'])
    .optional()
    .describe('Network: let ICMP 3/4 in through the managed security group.'),
  minimumCapacityUnits: z.int().min(0).optional().describe('MinimumLoadBalancerCapacity.CapacityUnits; 0: none.'),
  customerOwnedIpv4Pool: z
    .string()
    .regex(/^ipv4pool-coip-[0-9a-z]+$/)
    .optional()
    .describe('On Outposts: the pool of the addresses; cannot be changed.'),
  ipamIpv4Pool: z
    .string()
    .regex(/^ipam-pool-[0-9a-z]+$|^none$/)
    .optional()
    .describe('Application: IpamPools.Ipv4IpamPoolId; none: without.'),
  ipv6SourceNat: z.enum(['on', 'off']).optional().describe('Network: EnablePrefixForIpv6SourceNat.'),
  sourceNatIpv6Prefixes: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Network: one for each subnet, or auto_assigned.'),
  wafv2Acl: arn.or(idOrName).optional().describe('ARN or name of the web ACL; none: without. Absent: left as it is.'),
  shield: z.boolean().optional().describe('Shield Advanced protection. Absent: left as it is.'),
  // Listeners
  certificateArns: z
    .array(certificateArn)
    .optional()
    .describe('The first is the default of every TLS listener; merged within a bundle. Absent: found in ACM by host.'),
  certificateHosts: z
    .array(z.string().min(1).max(253))
    .optional()
    .describe('Hosts to find certificates for in ACM, beside those of the routes (spec.tls of an Ingress).'),
  sslPolicy: z
    .string()
    .regex(/^ELBSecurityPolicy-[\w-]+$/)
    .optional()
    .describe('Default: that of the balancer.'),
  sslRedirectPort: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe(
      'Application: every HTTP listener, of all who share it, redirects to HTTPS at this port and does nothing else.',
    ),
  alpnPolicy: z
    .enum(['None', 'HTTP1Only', 'HTTP2Only', 'HTTP2Optional', 'HTTP2Preferred'])
    .optional()
    .describe('Network, TLS listeners.'),
  listeners: z.record(listenerName, listener).optional().describe('Settings of single listeners, by PROTOCOL-PORT.'),
  // Rules
  ruleOrder: z
    .enum(['specific', 'declared'])
    .optional()
    .describe(
      "specific: exact hosts and long paths first. declared: by bundle order, namespace and name, then in the order written (routes' `order`).",
    ),
  rules: z
    .record(z.string(), rule)
    .optional()
    .describe('By the `rule` of a route: conditions, actions and transforms that a route cannot say.'),
  // Target groups
  targetGroup: backend.optional().describe('For every backend of the service.'),
  backends: z
    .record(z.string(), backend)
    .optional()
    .describe('By key of the backend; wins over `targetGroup` field by field, attributes key by key.'),
});

export type ServiceOptions = z.infer<typeof serviceOptions>;
export type ListenerOptions = z.infer<typeof listener>;
