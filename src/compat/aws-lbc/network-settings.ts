import type { Json } from '../../model/index.ts';
import type { ServiceReading } from './reading.ts';
import type { Settings } from './settings.ts';

const prefix = 'aws-load-balancer-';

/** Annotations that are settings of the load balancer as they stand. */
const direct = {
  'aws-load-balancer-name': ['name'],
  'aws-load-balancer-subnets': ['subnets'],
  'aws-load-balancer-eip-allocations': ['eipAllocations'],
  'aws-load-balancer-private-ipv4-addresses': ['privateIpv4Addresses'],
  'aws-load-balancer-ipv6-addresses': ['ipv6Addresses'],
  'aws-load-balancer-ip-address-type': ['ipAddressType'],
  'aws-load-balancer-ssl-cert': ['certificateArns'],
  'aws-load-balancer-ssl-negotiation-policy': ['sslPolicy'],
  'aws-load-balancer-alpn-policy': ['alpnPolicy'],
  'aws-load-balancer-security-groups': ['securityGroups'],
  'aws-load-balancer-manage-backend-security-group-rules': ['manageBackendRules'],
  'aws-load-balancer-disable-nlb-sg': ['disableSecurityGroup'],
  'aws-load-balancer-inbound-sg-rules-on-private-link-traffic': ['inboundRulesOnPrivateLink'],
  'aws-load-balancer-security-group-prefix-lists': ['prefixLists'],
  'aws-load-balancer-enable-icmp-for-path-mtu-discovery': ['icmpForPathMtuDiscovery'],
  'aws-load-balancer-minimum-load-balancer-capacity': ['minimumCapacityUnits'],
  'aws-load-balancer-enable-prefix-for-ipv6-source-nat': ['ipv6SourceNat'],
  'aws-load-balancer-source-nat-ipv6-prefixes': ['sourceNatIpv6Prefixes'],
  'aws-load-balancer-additional-resource-tags': ['tags'],
  'aws-load-balancer-target-group-attributes': ['targetGroup', 'attributes'],
  'aws-load-balancer-target-node-labels': ['targetGroup', 'nodeLabels'],
} as const;

/** What a Service says about its load balancer as a whole. Combinations that no load balancer can have are refused. */
export function setNetwork(reading: ServiceReading, settings: Settings): void {
  settings.set(['type'], 'network');
  for (const key of Object.keys(direct)) {
    if (isDirect(key)) settings.set(direct[key], reading.take(key), reading.name(key));
  }
  const scheme = schemeOf(reading);
  settings.set(['scheme'], scheme?.value, scheme?.origin);
  const proxy = reading.take(`${prefix}proxy-protocol`);
  if (proxy === '*') settings.set(['targetGroup', 'proxyProtocol'], true, reading.name(`${prefix}proxy-protocol`));
  setAttributes(reading, settings);
  for (const { rest, value } of reading.all('aws-load-balancer-listener-attributes.'))
    settings.set(['listeners', rest, 'attributes'], value, reading.name(`${prefix}listener-attributes.${rest}`));
  checkAddresses(reading, scheme?.value);
}

function isDirect(key: string): key is keyof typeof direct {
  return Object.hasOwn(direct, key);
}

function schemeOf(reading: ServiceReading): { readonly value: string; readonly origin: string } | undefined {
  const scheme = reading.take(`${prefix}scheme`);
  if (scheme !== undefined) return { value: scheme, origin: reading.name(`${prefix}scheme`) };
  const internal = reading.take(`${prefix}internal`);
  if (internal === undefined) return undefined;
  return { value: internal ? 'internal' : 'internet-facing', origin: reading.name(`${prefix}internal`) };
}

/** Older annotations for single attributes stand below the map that names any of them. */
function setAttributes(reading: ServiceReading, settings: Settings): void {
  const older = {
    'access_logs.s3.enabled': 'aws-load-balancer-access-log-enabled',
    'access_logs.s3.bucket': 'aws-load-balancer-access-log-s3-bucket-name',
    'access_logs.s3.prefix': 'aws-load-balancer-access-log-s3-bucket-prefix',
    'load_balancing.cross_zone.enabled': 'aws-load-balancer-cross-zone-load-balancing-enabled',
  } as const;
  const values: [string, Json, string][] = Object.entries(older).flatMap(([attribute, key]) => {
    const value = reading.take(key);
    return value === undefined ? [] : [[attribute, String(value), reading.name(key)]];
  });
  for (const [attribute, value] of Object.entries(reading.take(`${prefix}attributes`) ?? {}))
    values.push([attribute, value, reading.name(`${prefix}attributes`)]);
  for (const [attribute, value, origin] of values) settings.set(['attributes', attribute], value, origin);
}

function checkAddresses(reading: ServiceReading, scheme: string | undefined): void {
  const subnets = reading.take(`${prefix}subnets`);
  const counted = ['eip-allocations', 'private-ipv4-addresses', 'ipv6-addresses'] as const;
  for (const rest of counted) {
    const given = reading.take(`${prefix}${rest}`);
    if (given === undefined || subnets === undefined || given.length === subnets.length) continue;
    reading.refuse(`${prefix}${rest}`, `must have one value for each of the ${subnets.length} subnets`);
  }
  if (reading.has(`${prefix}eip-allocations`) && scheme === 'internal')
    reading.refuse(
      `${prefix}eip-allocations`,
      'needs scheme internet-facing; an internal load balancer has no public addresses',
    );
  if (reading.has(`${prefix}private-ipv4-addresses`) && scheme === 'internet-facing')
    reading.refuse(`${prefix}private-ipv4-addresses`, 'needs scheme internal');
  if (reading.has(`${prefix}ipv6-addresses`) && reading.take(`${prefix}ip-address-type`) !== 'dualstack')
    reading.refuse(`${prefix}ipv6-addresses`, 'needs aws-load-balancer-ip-address-type dualstack');
  if (reading.take(`${prefix}disable-nlb-sg`) === true && reading.has(`${prefix}security-groups`))
    reading.refuse(`${prefix}disable-nlb-sg`, 'and aws-load-balancer-security-groups cannot both stand; keep one');
}
