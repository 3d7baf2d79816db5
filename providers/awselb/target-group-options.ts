/** What a target group can be told beyond the model's Backend. */
import { z } from 'zod';
import { auth } from './rule-options.ts';
import { arn, attributes, idOrName } from './words.ts';

/** `200`, `200,202`, `200-299`; gRPC 0 to 99. */
const codes = z
  .string()
  .regex(/^\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*$/, 'must be codes such as 200,202 or 200-399');

const healthCheck = z.strictObject({
  enabled: z.boolean().optional(),
  protocol: z.enum(['TCP', 'HTTP', 'HTTPS']).optional(),
  port: z.union([z.int().min(1).max(65535), z.literal('traffic-port')]).optional(),
  path: z
    .string()
    .regex(/^\/[\x21-\x7e]{0,1023}$/, 'must begin with / and have no spaces')
    .optional(),
  intervalSeconds: z.int().min(5).max(300).optional(),
  timeoutSeconds: z.int().min(2).max(120).optional(),
  healthyThreshold: z.int().min(2).max(10).optional(),
  unhealthyThreshold: z.int().min(2).max(10).optional(),
  successCodes: codes.optional().describe('Matcher.HttpCode, or GrpcCode with protocol version GRPC.'),
});

/** Who is behind a backend, for names and ownership tags that aws-load-balancer-controller would give. */
const identity = z.strictObject({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  /** As the Ingress or Service names it: number or name. */
  port: z.string(),
  targetPort: z.string(),
});

export const backend = z.strictObject({
  protocol: z
    .enum(['TCP', 'UDP', 'TCP_UDP', 'TLS', 'HTTP', 'HTTPS', 'QUIC', 'TCP_QUIC'])
    .optional()
    .describe('Default: from the protocol of the backend.'),
  protocolVersion: z.enum(['HTTP1', 'HTTP2', 'GRPC']).optional(),
  ipAddressType: z.enum(['ipv4', 'ipv6']).optional().describe('Default: that of the targets.'),
  healthCheck: healthCheck.optional().describe('Wins over the health of the backend, field by field.'),
  attributes: attributes
    .optional()
    .describe('Target group attributes; KEY.PORT is for that port alone. What is not named is left as it is.'),
  proxyProtocol: z.boolean().optional().describe('Network: proxy_protocol_v2.enabled.'),
  nodeLabels: z.record(z.string(), z.string()).optional().describe('Instance targets: nodes with all of these labels.'),
  targetGroup: idOrName
    .or(arn)
    .optional()
    .describe('ARN or name of a target group made by somebody else: only its targets are ours (TargetGroupBinding).'),
  auth: auth.optional().describe('Application: who may come in; wins over the one of the service.'),
  identity: identity.optional(),
});

export type BackendOptions = z.infer<typeof backend>;
