import type { Json } from '../../model/index.ts';
import type { ClassParams } from './class-params.ts';
import type { IngressReading } from './reading.ts';
import type { Settings } from './settings.ts';

/** Annotations that are settings of the load balancer as they stand. */
const direct = {
  scheme: 'scheme',
  'ip-address-type': 'ipAddressType',
  subnets: 'subnets',
  'load-balancer-name': 'name',
  'load-balancer-attributes': 'attributes',
  tags: 'tags',
  'certificate-arn': 'certificateArns',
  'ssl-policy': 'sslPolicy',
  'ssl-redirect': 'sslRedirectPort',
  'security-groups': 'securityGroups',
  'manage-backend-security-group-rules': 'manageBackendRules',
  'security-group-prefix-lists': 'prefixLists',
  'wafv2-acl-name': 'wafv2Acl',
  'wafv2-acl-arn': 'wafv2Acl',
  'shield-advanced-protection': 'shield',
  'minimum-load-balancer-capacity': 'minimumCapacityUnits',
  'ipam-ipv4-pool-id': 'ipamIpv4Pool',
  'customer-owned-ipv4-pool': 'customerOwnedIpv4Pool',
} as const;

function isDirect(key: string): key is keyof typeof direct {
  return Object.hasOwn(direct, key);
}

/** What an Ingress, or its class, says about its load balancer as a whole. */
export function setApplication(reading: IngressReading, params: ClassParams, settings: Settings): void {
  settings.set(['type'], 'application');
  settings.set(['ruleOrder'], 'declared');
  if (reading.has('wafv2-acl-arn') && reading.has('wafv2-acl-name'))
    reading.refuse('wafv2-acl-name', 'and wafv2-acl-arn cannot both stand; keep one');
  for (const key of Object.keys(direct)) {
    if (isDirect(key)) settings.set([direct[key]], reading.take(key), reading.name(key));
  }
  if (params.subnetTags !== undefined && !reading.has('subnets')) {
    const origin = `IngressClassParams ${params.about?.meta.name ?? ''} spec.subnets.tags`;
    settings.set(['subnetTags'], params.subnetTags, origin);
  }
  for (const { rest, value } of reading.all('listener-attributes.'))
    settings.set(['listeners', rest, 'attributes'], value, reading.name(`listener-attributes.${rest}`));
  for (const { port, ...mutual } of reading.take('mutual-authentication') ?? []) {
    const entries = Object.entries(mutual).flatMap(([key, value]): [string, Json][] =>
      value === undefined ? [] : [[key, value]],
    );
    const path = ['listeners', `HTTPS-${port}`, 'mutualAuthentication'];
    settings.set(path, Object.fromEntries(entries), reading.name('mutual-authentication'));
  }
}
