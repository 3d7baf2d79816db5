/** Our own annotations (prefix `weir-lb.dev/`): what each is for and where it counts. The reader and the reference docs use this table. */
export type AnnotatedKind = 'Service' | 'Ingress';

export interface AnnotationEntry {
  readonly on: readonly AnnotatedKind[];
  /** What it may say. */
  readonly value: string;
  /**
   * A value that cannot be read takes the whole object out of service: the key says where something is exposed or to whom, and guessing
   * would open what its owner meant to close. Other keys fall back to their default.
   */
  readonly strict?: true;
}

const both: readonly AnnotatedKind[] = ['Service', 'Ingress'];
const service: readonly AnnotatedKind[] = ['Service'];
const ingress: readonly AnnotatedKind[] = ['Ingress'];
const headers = 'Name: value, one a line';
const duration = 'duration such as 500ms, 30s or 5m';

const table = {
  export: { on: both, value: 'true exports a Service of any type, false keeps the object out', strict: true },
  class: { on: service, value: 'class name, where spec.loadBalancerClass cannot stand', strict: true },
  groups: { on: both, value: 'names of groups, comma separated', strict: true },
  balancers: { on: both, value: 'names of balancers, comma separated', strict: true },
  bundle: { on: both, value: 'name; services of one bundle share a load balancer', strict: true },
  'bundle-order': { on: both, value: 'whole number from -1000 to 1000; lower comes first in the bundle' },
  pool: { on: both, value: 'name of an address pool', strict: true },
  addresses: { on: both, value: 'addresses asked for, comma separated', strict: true },
  'share-key': { on: both, value: 'name; services with the same one may share an address', strict: true },
  'source-ranges': { on: both, value: 'CIDRs allowed in, comma separated', strict: true },
  'denied-ranges': {
    on: both,
    value: 'CIDRs kept out, comma separated, also where source-ranges has them',
    strict: true,
  },
  'address-families': { on: both, value: 'ipv4, ipv6 or both, comma separated', strict: true },
  'backend-key': { on: both, value: 'name; services share an address only with those of the same one', strict: true },
  protocol: {
    on: service,
    value: 'tcp, udp, http, https or tls for all ports, or PORT=PROTOCOL, comma separated',
    strict: true,
  },
  hosts: { on: service, value: 'host names of http, https and tls ports, comma separated', strict: true },
  'tls-secret': { on: service, value: 'name of the Secret with the certificate of https and tls ports', strict: true },
  'tls-passthrough': {
    on: ingress,
    value: 'true passes TLS of the hosts on to the targets, by the name in the hello; one backend for each host',
    strict: true,
  },
  'client-ca-secret': {
    on: both,
    value: 'name of the Secret whose ca.crt clients must have a certificate of (https and tls)',
    strict: true,
  },
  'auth-secret': {
    on: both,
    value:
      'name of the Secret whose key auth has one name:hash a line (htpasswd -B); nobody gets in while it cannot be read',
    strict: true,
  },
  'auth-realm': { on: both, value: 'what the browser shows with auth-secret, default the name of the object' },
  'rate-limit': {
    on: both,
    value: 'requests per second of a client address, may be a fraction; 429 above',
    strict: true,
  },
  'rate-limit-burst': {
    on: both,
    value: 'whole number from 1; requests at once, default those of a second',
    strict: true,
  },
  'body-limit': {
    on: both,
    value: 'largest request body, such as 65536, 512k, 10m or 1g; 413 above, 411 for chunked ones of any length',
    strict: true,
  },
  'cors-origins': {
    on: both,
    value: 'https://shop.test, https://*.shop.test or *, comma separated: whose scripts may ask',
  },
  'cors-methods': { on: both, value: 'methods, comma separated, default GET, PUT, POST, DELETE, PATCH, OPTIONS' },
  'cors-headers': { on: both, value: 'request headers, comma separated, default those that the browser asks for' },
  'cors-expose-headers': { on: both, value: 'answer headers that scripts may read, comma separated' },
  'cors-credentials': { on: both, value: 'true lets scripts send cookies and authentication' },
  'cors-max-age': { on: both, value: `${duration}: how long a browser keeps the answer of a preflight` },
  'request-headers-set': { on: both, value: headers, strict: true },
  'request-headers-add': { on: both, value: headers, strict: true },
  'request-headers-remove': { on: both, value: 'names of headers, comma separated', strict: true },
  'response-headers-set': { on: both, value: headers, strict: true },
  'response-headers-add': { on: both, value: headers, strict: true },
  'response-headers-remove': { on: both, value: 'names of headers, comma separated', strict: true },
  'rewrite-prefix': {
    on: both,
    value: 'two paths with a space between: what the path begins with, and what shall stand there',
    strict: true,
  },
  'rewrite-regex': { on: both, value: 'expression, space, new path with \\1 to \\9 for its groups', strict: true },
  'rewrite-host': { on: both, value: 'host name that the targets see', strict: true },
  'proxy-protocol': { on: both, value: 'true or false: clients speak the PROXY protocol', strict: true },
  'http-port': { on: ingress, value: 'port of the http front, default 80', strict: true },
  'https-port': { on: ingress, value: 'port of the https front, default 443', strict: true },
  'ssl-redirect': { on: ingress, value: 'true redirects http to https for hosts with a certificate', strict: true },
  'max-connections': { on: both, value: 'whole number from 1; concurrent connections of a front' },
  'timeout-connect': { on: both, value: duration },
  'timeout-client': { on: both, value: duration },
  'timeout-server': { on: both, value: duration },
  'timeout-queue': { on: both, value: duration },
  'timeout-request': { on: both, value: duration },
  'timeout-keep-alive': { on: both, value: duration },
  'timeout-tunnel': { on: both, value: duration },
  balance: { on: both, value: 'roundrobin, leastconn, source, uri or random' },
  affinity: { on: both, value: 'none, source or cookie' },
  'affinity-cookie': { on: both, value: 'name of the cookie' },
  'affinity-timeout': { on: both, value: duration },
  drain: { on: both, value: `${duration}: how long a removed target keeps its connections` },
  'backend-protocol': { on: both, value: 'http, https, h2c, grpc or grpcs' },
  'backend-tls-verify': { on: both, value: 'true checks the certificate of the targets', strict: true },
  'backend-tls-server-name': { on: both, value: 'host name sent to and expected of the targets', strict: true },
  'backend-ca-secret': {
    on: both,
    value: 'name of the Secret whose ca.crt the targets have a certificate of',
    strict: true,
  },
  'backend-max-connections': { on: both, value: 'whole number from 1; concurrent connections of a target' },
  'backend-proxy-protocol': {
    on: both,
    value: 'v1 or v2: targets are told the client by the PROXY protocol',
    strict: true,
  },
  'backend-retries': { on: both, value: 'whole number from 0 to 100; attempts to connect elsewhere' },
  'backend-reuse': { on: both, value: 'safe or never: never gives each request a connection of its own' },
  'health-check': { on: both, value: 'tcp, http or none' },
  'health-check-path': { on: both, value: 'path; makes it an http check' },
  'health-check-host': { on: both, value: 'host name sent by an http check' },
  'health-check-method': { on: both, value: 'request method of an http check' },
  'health-check-expect': { on: both, value: 'status codes and ranges, such as 200-299,404' },
  'health-check-port': { on: both, value: 'port, default the port of the target' },
  'health-check-interval': { on: both, value: duration },
  'health-check-timeout': { on: both, value: duration },
  'health-check-rise': { on: both, value: 'whole number from 1 to 100' },
  'health-check-fall': { on: both, value: 'whole number from 1 to 100' },
} as const satisfies Readonly<Record<string, AnnotationEntry>>;

export type AnnotationKey = keyof typeof table;
export const annotationTable: Readonly<Record<AnnotationKey, AnnotationEntry>> = table;

/** `weir-lb.dev/settings.<provider>`: JSON settings of one provider, checked by that provider. */
export const settingsKey = 'settings.';
