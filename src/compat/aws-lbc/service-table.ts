import { type Annotation, entries } from './annotation.ts';
import { bool, choice, int, list, text } from './value.ts';
import {
  allocations,
  attributes,
  capacity,
  certificateArn,
  checkPath,
  checkPort,
  cidr,
  idsOrNames,
  ipv4Addresses,
  ipv6Addresses,
  ipv6Prefixes,
  loadBalancerName,
  nodeLabels,
  prefixLists,
  securityGroups,
  sslPolicy,
  successCodes,
  tags,
} from './words.ts';

const service = entries(['Service'], 'own');
const portOrName = text(/^([1-9]\d{0,4}|[a-z0-9]([a-z0-9-]*[a-z0-9])?)$/, 'the number or name of a port');
const off = ['false', '0', 'f', 'F', 'FALSE', 'False'];

/** Annotations of Services that get a network load balancer, without their prefix `service.beta.kubernetes.io/`. */
export const serviceTable = {
  'load-balancer-source-ranges': service('A', 'fronts[].sourceRanges', list(cidr), '10.0.0.0/8'),
  'aws-load-balancer-type': service(
    'A',
    'nothing: whether the peer serves the Service',
    text(/^[a-z][a-z-]{0,40}$/, 'external, nlb-ip; others are of no interest to the peer'),
    'external',
  ),
  'aws-load-balancer-nlb-target-type': service('A', 'backends[].targetKind', choice('instance', 'ip'), 'ip'),
  'aws-load-balancer-scheme': service('A', 'scheme', choice('internal', 'internet-facing'), 'internet-facing'),
  'aws-load-balancer-internal': service('A', 'scheme', bool, 'true'),
  'aws-load-balancer-name': service('A', 'name', loadBalancerName, 'game'),
  'aws-load-balancer-subnets': service('A', 'subnets', idsOrNames, 'subnet-0a1b2c3d, my-subnet'),
  'aws-load-balancer-eip-allocations': service('A', 'eipAllocations', allocations, 'eipalloc-0a1b, eipalloc-0c2d'),
  'aws-load-balancer-private-ipv4-addresses': service(
    'A',
    'privateIpv4Addresses',
    ipv4Addresses,
    '10.0.1.10, 10.0.2.10',
  ),
  'aws-load-balancer-ipv6-addresses': service('A', 'ipv6Addresses', ipv6Addresses, '2001:db8::10'),
  'aws-load-balancer-ip-address-type': service('A', 'ipAddressType', choice('ipv4', 'dualstack'), 'dualstack'),
  'aws-load-balancer-ssl-cert': service(
    'A',
    'certificateArns',
    list(certificateArn),
    'arn:aws:acm:eu-west-1:123456789012:certificate/0a1b',
  ),
  'aws-load-balancer-ssl-ports': service('A', 'fronts[].protocol', list(portOrName), '443, secure'),
  'aws-load-balancer-ssl-negotiation-policy': service(
    'A',
    'sslPolicy',
    sslPolicy,
    'ELBSecurityPolicy-TLS13-1-2-2021-06',
  ),
  'aws-load-balancer-backend-protocol': service(
    'A',
    'backends.KEY.protocol',
    choice('ssl', 'tcp', 'http', 'https'),
    'ssl',
  ),
  'aws-load-balancer-proxy-protocol': service('A', 'targetGroup.proxyProtocol', choice('*'), '*'),
  'aws-load-balancer-proxy-protocol-per-target-group': service(
    'A',
    'backends.KEY.proxyProtocol',
    list(portOrName),
    '443',
  ),
  'aws-load-balancer-healthcheck-protocol': service(
    'A',
    'backends[].health.type',
    choice('TCP', 'HTTP', 'HTTPS', 'tcp', 'http', 'https'),
    'HTTP',
  ),
  'aws-load-balancer-healthcheck-port': service('A', 'backends[].health.port', checkPort, '8080'),
  'aws-load-balancer-healthcheck-path': service('A', 'backends[].health.path', checkPath, '/ready'),
  'aws-load-balancer-healthcheck-interval': service('A', 'backends[].health.intervalMs', int(5, 300), '20'),
  'aws-load-balancer-healthcheck-timeout': service('A', 'backends[].health.timeoutMs', int(2, 120), '6'),
  'aws-load-balancer-healthcheck-healthy-threshold': service('A', 'backends[].health.rise', int(2, 10), '2'),
  'aws-load-balancer-healthcheck-unhealthy-threshold': service('A', 'backends[].health.fall', int(2, 10), '2'),
  'aws-load-balancer-healthcheck-success-codes': service('A', 'backends[].health.expect', successCodes, '200-399'),
  'aws-load-balancer-target-group-attributes': service(
    'A',
    'targetGroup.attributes',
    attributes,
    'preserve_client_ip.enabled=false,deregistration_delay.timeout_seconds.443=30',
  ),
  'aws-load-balancer-attributes': service('A', 'attributes', attributes, 'load_balancing.cross_zone.enabled=true'),
  'aws-load-balancer-access-log-enabled': service('A', 'attributes', bool, 'true'),
  'aws-load-balancer-access-log-s3-bucket-name': service(
    'A',
    'attributes',
    text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'),
    'logs',
  ),
  'aws-load-balancer-access-log-s3-bucket-prefix': service(
    'A',
    'attributes',
    text(/^[\w!.*'()/-]{0,512}$/, 'a prefix of keys'),
    'nlb/shop',
  ),
  'aws-load-balancer-cross-zone-load-balancing-enabled': service('A', 'attributes', bool, 'true'),
  'aws-load-balancer-security-groups': service('A', 'securityGroups', securityGroups, 'sg-0a1b2c3d, my-group'),
  'aws-load-balancer-manage-backend-security-group-rules': service('A', 'manageBackendRules', bool, 'true'),
  'aws-load-balancer-additional-resource-tags': service('A', 'tags', tags, 'team=game,env=prod'),
  'aws-load-balancer-target-node-labels': service('A', 'targetGroup.nodeLabels', nodeLabels, 'pool=edge'),
  'aws-load-balancer-enable-tcp-udp-listener': service('A', 'fronts[].protocol', bool, 'true'),
  'aws-load-balancer-alpn-policy': service(
    'B',
    'alpnPolicy',
    choice('None', 'HTTP1Only', 'HTTP2Only', 'HTTP2Optional', 'HTTP2Preferred'),
    'HTTP2Preferred',
  ),
  'aws-load-balancer-disable-nlb-sg': service('B', 'disableSecurityGroup', bool, 'true'),
  'aws-load-balancer-inbound-sg-rules-on-private-link-traffic': service(
    'B',
    'inboundRulesOnPrivateLink',
    choice('on', 'off'),
    'off',
  ),
  'aws-load-balancer-security-group-prefix-lists': service('B', 'prefixLists', prefixLists, 'pl-0a1b2c3d'),
  'aws-load-balancer-minimum-load-balancer-capacity': service(
    'C',
    'minimumCapacityUnits',
    capacity,
    'CapacityUnits=5500',
  ),
  'aws-load-balancer-enable-prefix-for-ipv6-source-nat': service('C', 'ipv6SourceNat', choice('on', 'off'), 'on'),
  'aws-load-balancer-source-nat-ipv6-prefixes': service('C', 'sourceNatIpv6Prefixes', ipv6Prefixes, 'auto_assigned'),
  'aws-load-balancer-enable-icmp-for-path-mtu-discovery': service(
    'C',
    'icmpForPathMtuDiscovery',
    choice('on', 'off'),
    'on',
  ),
  'aws-load-balancer-multi-cluster-target-group': service('B', 'refused', bool, 'true', {
    why: 'is not supported: target groups that several clusters fill; give each cluster a load balancer of its own',
    unless: off,
  }),
  'aws-load-balancer-eip-allocations-discovery-tags': service('C', 'refused', tags, 'pool=edge', {
    why: 'is not supported; name the addresses in aws-load-balancer-eip-allocations',
  }),
  'aws-load-balancer-quic-enabled-ports': service('C', 'refused', list(portOrName), '443', {
    why: 'is not supported; a UDP port passes QUIC through, without connection ids',
  }),
} satisfies Readonly<Record<string, Annotation>>;

export type ServiceKey = keyof typeof serviceTable;
