/** Shapes that options, service settings and environment share: the API's own ids, ARNs, names and maps. */
import { z } from 'zod';

/** Letters, digits and the signs of an ARN: nothing that could end a text early. */
const arnPattern = /^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:[\w+=,.@:/*-]+$/;

export const arn = z
  .string()
  .max(2048)
  .regex(arnPattern, 'must be an ARN such as arn:aws:acm:eu-west-1:123456789012:certificate/0a1b');
export const certificateArn = z
  .string()
  .max(2048)
  .regex(/^arn:aws[a-z-]*:(acm|iam):[a-z0-9-]*:\d*:[\w+=,.@:/*-]+$/, 'must be the ARN of a certificate in ACM or IAM');
export const vpcId = z.string().regex(/^vpc-[0-9a-z]+$/, 'must be a VPC id such as vpc-0a1b2c3d');
export const subnetId = z.string().regex(/^subnet-[0-9a-z-]+$/, 'must be a subnet id such as subnet-0a1b2c3d');
export const securityGroupId = z.string().regex(/^sg-[0-9a-z-]+$/, 'must be a security group id such as sg-0a1b2c3d');
export const prefixListId = z.string().regex(/^pl-[0-9a-z]+$/, 'must be a prefix list id such as pl-0a1b2c3d');
export const allocationId = z
  .string()
  .regex(/^eipalloc-[0-9a-z]+$/, 'must be an allocation id such as eipalloc-0a1b2c3d');

/** An id, or the value of the tag Name. */
export const idOrName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\p{L}\p{N} +\-=._:/@]+$/u, 'must be an id or the value of a Name tag');

/** EC2 and ELBv2 names: what `CreateLoadBalancer` accepts. */
export const loadBalancerName = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/,
    'must be 1 to 32 letters, digits and hyphens, no hyphen at the ends',
  )
  .refine((text) => !text.toLowerCase().startsWith('internal-'), 'must not begin with internal-');

export const tagKey = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u, 'must be letters, digits, spaces and _.:/=+-@')
  .refine((text) => !text.toLowerCase().startsWith('aws:'), 'must not begin with aws:, which AWS keeps for itself');
export const tagValue = z
  .string()
  .max(256)
  .regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u, 'must be letters, digits, spaces and _.:/=+-@');
/** Records lose this one key without a word: it is refused by name. */
export const withoutProto = <T extends z.ZodType>(record: T) =>
  z.preprocess((given, { addIssue }) => {
    if (typeof given === 'object' && given !== null && Object.hasOwn(given, '__proto__'))
      addIssue({ code: 'custom', message: 'no key can be __proto__; use another one' });
    return given;
  }, record);
export const tags = withoutProto(z.record(tagKey, tagValue));

/** Attributes of a load balancer, target group or listener: the API's keys, values as text. */
export const attributes = z.record(
  z.string().regex(/^[a-z0-9_]+(\.[a-z0-9_-]+)+$/, 'must be a key of the API such as idle_timeout.timeout_seconds'),
  z
    .string()
    .max(1024)
    .regex(/^[\P{C}]*$/u, 'must not contain control characters'),
);

export const scheme = z.enum(['internal', 'internet-facing']);
export const ipAddressType = z.enum(['ipv4', 'dualstack', 'dualstack-without-public-ipv4']);
export const loadBalancerType = z.enum(['application', 'network']);
