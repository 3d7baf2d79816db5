/** Values that several annotations share. The shapes are the API's, so that a mistake is told at the annotation that holds it. */

import { addressFamily } from '../../net/address.ts';
import { accept, parseAddress, parseCidr } from '../../net/index.ts';
import { list, map, text, type Value, wrong } from './value.ts';

export const arn = text(
  /^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:[\w+=,.@:/*-]{1,1800}$/,
  'an ARN such as arn:aws:acm:eu-west-1:123456789012:certificate/0a1b',
);
export const certificateArn = text(
  /^arn:aws[a-z-]*:(acm|iam):[a-z0-9-]*:\d*:[\w+=,.@:/*-]{1,1800}$/,
  'the ARN of a certificate in ACM or IAM',
);
export const targetGroupArn = text(
  /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]*:\d*:targetgroup\/[\w/-]{1,200}$/,
  'the ARN of a target group',
);
export const idOrName = text(/^[\p{L}\p{N} +\-=._:/@]{1,255}$/u, 'an id or the value of a Name tag');
export const idsOrNames = list(idOrName);
export const securityGroups: Value<readonly string[]> = {
  ...idsOrNames,
  parse: (value) => {
    const parsed = idsOrNames.parse(value);
    return parsed.ok && parsed.value.length > 5 ? wrong('must have at most 5 security groups') : parsed;
  },
};
export const prefixLists = list(text(/^pl-[0-9a-z]+$/, 'a prefix list id such as pl-0a1b2c3d'));
export const allocations = list(text(/^eipalloc-[0-9a-z]+$/, 'an allocation id such as eipalloc-0a1b2c3d'));
export const loadBalancerName = text(
  /^(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/i,
  '1 to 32 letters, digits and hyphens, no hyphen at the ends, and not begin with internal-',
);
export const sslPolicy = text(
  /^ELBSecurityPolicy-[\w-]{1,100}$/,
  'the name of a policy such as ELBSecurityPolicy-TLS13-1-2-2021-06',
);

const attributeKey = text(/^[a-z0-9_]+(\.[A-Za-z0-9_-]+)+$/, 'a key of the API such as idle_timeout.timeout_seconds');
const anything = text(/^\P{C}{0,1024}$/u, 'at most 1024 characters');
export const attributes = map(attributeKey, anything);
export const tags = map(
  text(
    /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/iu,
    'letters, digits, spaces and _.:/=+-@, and not begin with aws:',
  ),
  text(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u, 'letters, digits, spaces and _.:/=+-@'),
);
export const nodeLabels = map(
  text(/^([a-z0-9]([a-z0-9.-]*[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'the key of a label'),
  text(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/, 'the value of a label'),
);

export const cidr: Value<string> = {
  form: 'text',
  says: 'a range such as 10.0.0.0/8 or 2001:db8::/32',
  parse: (value) => {
    const parsed = value.includes('/')
      ? parseCidr(value)
      : wrong('must be a range such as 10.0.0.0/8 or 2001:db8::/32');
    return parsed.ok ? accept(parsed.value.text) : wrong(parsed.reason);
  },
};

function address(family: 'ipv4' | 'ipv6'): Value<string> {
  const says = family === 'ipv4' ? 'an IPv4 address' : 'an IPv6 address';
  return {
    form: 'text',
    says,
    parse: (value) => {
      const parsed = parseAddress(value);
      return parsed.ok && addressFamily(parsed.value) === family ? parsed : wrong(`must be ${says}`);
    },
  };
}
export const ipv4Addresses = list(address('ipv4'));
export const ipv6Addresses = list(address('ipv6'));
export const ipv6Prefixes = list(
  text(/^(auto_assigned|[0-9a-fA-F:]{2,39}\/80)$/, 'auto_assigned or an IPv6 prefix of /80'),
);

/** `CapacityUnits=3000`; 0 takes the reservation away. */
export const capacity: Value<number> = {
  form: 'map',
  says: 'CapacityUnits=N',
  parse: (value) => {
    const units = /^\s*CapacityUnits\s*=\s*(\d{1,7})\s*$/.exec(value)?.[1];
    return units === undefined ? wrong('must be CapacityUnits=N with a whole number') : accept(Number(units));
  },
};

const codePattern = /^\d{1,3}(-\d{1,3})?(,\s*\d{1,3}(-\d{1,3})?)*$/;
/** `200`, `200,202`, `200-399`; for gRPC 0 to 99. */
export const successCodes: Value<string> = {
  form: 'text',
  says: 'codes such as 200,202 or 200-399; 0-99 for gRPC',
  parse: (value) =>
    codePattern.test(value)
      ? accept(value.replace(/\s/g, ''))
      : wrong('must be codes such as 200,202 or 200-399; 0-99 for gRPC'),
};
export const checkPort = text(
  /^(traffic-port|[1-9]\d{0,4}|[a-z0-9-]{1,63})$/,
  'a port number, the name of a port of the Service, or traffic-port',
);
export const checkPath = text(/^\/[\x21-\x7e]{0,1023}$/, 'a path that begins with / and has no spaces');
