import { type Annotation, entries } from './annotation.ts';
import { cognitoValue, listenPortsValue, mutualValue, oidcValue } from './shapes.ts';
import { bool, choice, int, list, text } from './value.ts';
import {
  arn,
  attributes,
  capacity,
  certificateArn,
  checkPath,
  checkPort,
  cidr,
  idOrName,
  idsOrNames,
  loadBalancerName,
  nodeLabels,
  prefixLists,
  securityGroups,
  sslPolicy,
  successCodes,
  tags,
} from './words.ts';

const onIngress = ['Ingress'] as const;
const onBoth = ['Ingress', 'Service'] as const;
const exclusive = entries(onIngress, 'exclusive');
const merged = entries(onIngress, 'merged');
const own = entries(onIngress, 'own');
const mergedOrService = entries(onBoth, 'merged, service');
const service = entries(onBoth, 'service');
const off = ['false', '0', 'f', 'F', 'FALSE', 'False'];

/** Annotations of Ingresses, and of the Services behind them, without their prefix `alb.ingress.kubernetes.io/`. */
export const ingressTable = {
  'group.name': own(
    'A',
    'bundle.key',
    text(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/, '1 to 63 lower-case letters, digits, - and .'),
    'my-team.shop',
  ),
  'group.order': own('A', 'bundle.order', int(-1000, 1000), '10'),
  scheme: exclusive('A', 'scheme', choice('internal', 'internet-facing'), 'internet-facing'),
  'ip-address-type': exclusive(
    'A',
    'ipAddressType',
    choice('ipv4', 'dualstack', 'dualstack-without-public-ipv4'),
    'dualstack',
  ),
  subnets: exclusive('A', 'subnets', idsOrNames, 'subnet-0a1b2c3d, my-subnet'),
  'load-balancer-name': exclusive('A', 'name', loadBalancerName, 'shop'),
  'load-balancer-attributes': exclusive(
    'A',
    'attributes',
    attributes,
    'idle_timeout.timeout_seconds=120,deletion_protection.enabled=true',
  ),
  tags: mergedOrService('A', 'tags', tags, 'team=shop,env=prod'),
  'listen-ports': merged('A', 'fronts[].port', listenPortsValue, '[{"HTTP": 80}, {"HTTPS": 443}]'),
  'certificate-arn': merged(
    'A',
    'certificateArns',
    list(certificateArn),
    'arn:aws:acm:eu-west-1:123456789012:certificate/0a1b',
  ),
  'ssl-policy': exclusive('A', 'sslPolicy', sslPolicy, 'ELBSecurityPolicy-TLS13-1-2-2021-06'),
  'ssl-redirect': exclusive('A', 'sslRedirectPort', int(1, 65535), '443'),
  'inbound-cidrs': exclusive('A', 'fronts[].sourceRanges', list(cidr), '10.0.0.0/8, 2001:db8::/32'),
  'security-groups': exclusive('A', 'securityGroups', securityGroups, 'sg-0a1b2c3d, my-group'),
  'manage-backend-security-group-rules': exclusive('A', 'manageBackendRules', bool, 'true'),
  'security-group-prefix-lists': exclusive('A', 'prefixLists', prefixLists, 'pl-0a1b2c3d'),
  'target-type': service('A', 'backends[].targetKind', choice('instance', 'ip'), 'ip'),
  'backend-protocol': service('A', 'backends[].protocol', choice('HTTP', 'HTTPS'), 'HTTPS'),
  'backend-protocol-version': service('A', 'backends.KEY.protocolVersion', choice('HTTP1', 'HTTP2', 'GRPC'), 'GRPC'),
  'target-group-attributes': service(
    'A',
    'backends.KEY.attributes',
    attributes,
    'stickiness.enabled=true,deregistration_delay.timeout_seconds=30',
  ),
  'target-node-labels': service('A', 'backends.KEY.nodeLabels', nodeLabels, 'pool=edge'),
  'healthcheck-port': service('A', 'backends[].health.port', checkPort, 'traffic-port'),
  'healthcheck-protocol': service('A', 'backends.KEY.healthCheck.protocol', choice('HTTP', 'HTTPS'), 'HTTPS'),
  'healthcheck-path': service('A', 'backends[].health.path', checkPath, '/ready'),
  'healthcheck-interval-seconds': service('A', 'backends[].health.intervalMs', int(5, 300), '10'),
  'healthcheck-timeout-seconds': service('A', 'backends[].health.timeoutMs', int(2, 120), '4'),
  'healthy-threshold-count': service('A', 'backends[].health.rise', int(2, 10), '3'),
  'unhealthy-threshold-count': service('A', 'backends[].health.fall', int(2, 10), '4'),
  'success-codes': service('A', 'backends[].health.expect', successCodes, '200-299,404'),
  'auth-type': service('B', 'rules.RULE.auth', choice('none', 'oidc', 'cognito'), 'oidc'),
  'auth-idp-oidc': service(
    'B',
    'rules.RULE.auth',
    oidcValue,
    '{"issuer":"https://id.test","authorizationEndpoint":"https://id.test/a","tokenEndpoint":"https://id.test/t","userInfoEndpoint":"https://id.test/u","secretName":"oidc"}',
  ),
  'auth-idp-cognito': service(
    'B',
    'rules.RULE.auth',
    cognitoValue,
    '{"userPoolARN":"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a","userPoolClientID":"c1","userPoolDomain":"shop"}',
  ),
  'auth-scope': service(
    'B',
    'rules.RULE.auth.scope',
    text(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'scopes with single spaces between them'),
    'openid email',
  ),
  'auth-session-cookie': service(
    'B',
    'rules.RULE.auth.sessionCookieName',
    text(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/, 'the name of a cookie'),
    'ShopSession',
  ),
  'auth-session-timeout': service('B', 'rules.RULE.auth.sessionTimeoutSeconds', int(1, 604_800), '3600'),
  'auth-on-unauthenticated-request': service(
    'B',
    'rules.RULE.auth.onUnauthenticatedRequest',
    choice('authenticate', 'allow', 'deny'),
    'deny',
  ),
  'mutual-authentication': exclusive(
    'B',
    'listeners.HTTPS-PORT.mutualAuthentication',
    mutualValue,
    '[{"port": 443, "mode": "verify", "trustStore": "clients"}]',
  ),
  'wafv2-acl-arn': exclusive(
    'B',
    'wafv2Acl',
    text(/^(none|arn:aws[a-z-]*:wafv2:[\w:/-]{1,500})$/, 'the ARN of a web ACL, or none'),
    'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/0a1b',
  ),
  'wafv2-acl-name': exclusive('B', 'wafv2Acl', idOrName, 'shop'),
  'shield-advanced-protection': exclusive('B', 'shield', bool, 'true'),
  'use-regex-path-match': own('B', 'rules.RULE.conditions', bool, 'true'),
  'minimum-load-balancer-capacity': exclusive('C', 'minimumCapacityUnits', capacity, 'CapacityUnits=3000'),
  'ipam-ipv4-pool-id': exclusive(
    'C',
    'ipamIpv4Pool',
    text(/^ipam-pool-[0-9a-z]+$/, 'an id such as ipam-pool-0a1b2c3d'),
    'ipam-pool-0a1b2c3d',
  ),
  'customer-owned-ipv4-pool': exclusive(
    'C',
    'customerOwnedIpv4Pool',
    text(/^ipv4pool-coip-[0-9a-z]+$/, 'an id such as ipv4pool-coip-0a1b2c3d'),
    'ipv4pool-coip-0a1b2c3d',
  ),
  'dry-run-plan': own('C', 'nothing: written by the peer itself', text(/^[\s\S]*$/, 'anything'), '{}'),
  'waf-acl-id': exclusive('B', 'refused', text(/^.*$/, 'a WAF Classic id'), 'x', {
    why: 'names an ACL of WAF Classic, which AWS has ended; use wafv2-acl-arn',
    unless: ['none', ''],
  }),
  'web-acl-id': exclusive('B', 'refused', text(/^.*$/, 'a WAF Classic id'), 'x', {
    why: 'names an ACL of WAF Classic, which AWS has ended; use wafv2-acl-arn',
    unless: ['none', ''],
  }),
  'jwt-validation': own('B', 'refused', text(/^.*$/, 'JSON'), '{}', {
    why: 'is not supported: serving without the check would let everybody in; check the token in the application, or use auth-type',
  }),
  'multi-cluster-target-group': service('B', 'refused', bool, 'true', {
    why: 'is not supported: target groups that several clusters fill; give each cluster its own and share by a weighted action',
    unless: off,
  }),
  'enable-frontend-nlb': exclusive('B', 'refused', bool, 'true', {
    why: 'is not supported: make a Service of class service.k8s.aws/nlb for static addresses, or leave the annotation out',
    unless: off,
  }),
  'create-acm-cert': exclusive('C', 'refused', bool, 'true', {
    why: 'is not supported: request the certificate in ACM and name it in certificate-arn, or let it be found by host',
    unless: off,
  }),
  'acm-pca-arn': exclusive('C', 'refused', arn, 'arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/0a1b', {
    why: 'is not supported: request the certificate in ACM and name it in certificate-arn',
  }),
} satisfies Readonly<Record<string, Annotation>>;

export type IngressKey = keyof typeof ingressTable;
