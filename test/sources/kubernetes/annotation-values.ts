/** What our annotations may say, the Secrets that they name, and what nobody shall get through with. */
import { certificateFor, tlsSecret } from './tls-secret.ts';

/** A good value of every key. */
export const good: Readonly<Record<string, string>> = {
  export: 'true',
  class: 'internal',
  groups: 'external, internal',
  balancers: 'edge',
  bundle: 'shared',
  'bundle-order': '-5',
  pool: 'public',
  addresses: '192.0.2.1,2001:db8::1',
  'share-key': 'k',
  'source-ranges': '10.0.0.1/8',
  'denied-ranges': '192.0.2.0/24, 2001:db8::/32',
  'address-families': 'ipv4, ipv6',
  'backend-key': 'team-a',
  'tls-passthrough': 'false',
  'client-ca-secret': 'clients',
  'auth-secret': 'users',
  'auth-realm': 'Shop (staff)',
  'rate-limit': '0.5',
  'rate-limit-burst': '5',
  'body-limit': '10m',
  'cors-origins': 'https://shop.test, https://*.shop.test:8443',
  'cors-methods': 'get, PUT',
  'cors-headers': 'X-A, X-B',
  'cors-expose-headers': 'X-Total',
  'cors-credentials': 'true',
  'cors-max-age': '10m',
  'request-headers-set': 'X-A: a: b\\nX-C: ',
  'request-headers-add': 'X-D: d',
  'request-headers-remove': 'Cookie, X-E',
  'response-headers-set': 'X-Frame-Options: DENY',
  'response-headers-add': 'X-F: f',
  'response-headers-remove': 'Server',
  'rewrite-prefix': '/api /',
  'rewrite-regex': '^/a b/(.*) /\\\\1',
  'rewrite-host': 'in.test',
  'backend-ca-secret': 'authority',
  'backend-proxy-protocol': 'v2',
  'backend-retries': '5',
  'backend-reuse': 'never',
  protocol: 'http',
  hosts: 'a.test',
  'tls-secret': 'cert',
  'proxy-protocol': 'true',
  'http-port': '8080',
  'https-port': '8443',
  'ssl-redirect': 'false',
  'max-connections': '100',
  'timeout-connect': '1s',
  'timeout-client': '2s',
  'timeout-server': '3s',
  'timeout-queue': '4s',
  'timeout-request': '5s',
  'timeout-keep-alive': '6s',
  'timeout-tunnel': '1h',
  balance: 'leastconn',
  affinity: 'cookie',
  'affinity-cookie': 'SRV',
  'affinity-timeout': '10m',
  drain: '30s',
  'backend-protocol': 'https',
  'backend-tls-verify': 'true',
  'backend-tls-server-name': 'in.test',
  'backend-max-connections': '50',
  'health-check': 'http',
  'health-check-path': '/healthz',
  'health-check-host': 'in.test',
  'health-check-method': 'head',
  'health-check-expect': '200-299, 404',
  'health-check-port': '9000',
  'health-check-interval': '2s',
  'health-check-timeout': '500ms',
  'health-check-rise': '2',
  'health-check-fall': '3',
};

const authority = certificateFor(['Test CA'], { authority: true });
const leaf = certificateFor(['a.test'], { issuer: authority });

export const usersText = `ann:$5$salt$${'a'.repeat(43)}\n`;

const opaque = (name: string, key: string, text: string): string => `
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: shop }
type: Opaque
stringData: { ${key}: ${JSON.stringify(text)} }
---`;

/** The Secrets of `good`: `users`, `authority`, `clients`, `cert`. */
export const secrets =
  opaque('users', 'auth', `# staff\n${usersText}`) +
  opaque('authority', 'ca.crt', authority.certPem) +
  opaque('clients', 'ca.crt', authority.certPem) +
  tlsSecret('cert', leaf.certPem, leaf.keyPem);

/** Texts that were used against proxies before. */
export const hostile: readonly string[] = [
  'a\nbackend evil\n  server x 10.6.6.6:80',
  "a' if TRUE",
  '"; reset',
  '%[env(HOME)]\r\nX: y',
  `\${HOME}`,
  '../../etc/passwd',
  '\u0000',
  '\u202e',
  '__proto__',
  '-f /etc/passwd',
  '} || { always_true',
  'x'.repeat(10_000),
];
