/** Services in weir's own form that together use every kind of rendering that HAProxy has from us. Certificates and users stand beside them. */
import type { Echo } from '../fakes/echo.ts';

/** File name → text. `one` answers HTTP, and takes whatever TCP brings. */
export function everyFeature({ port }: Echo): Readonly<Record<string, string>> {
  const target = `"127.0.0.1:${port}"`;
  return {
    'treated.yaml': `
name: every/treated
http:
  deniedRanges: [192.0.2.0/24]
  timeouts: { client: 20s, request: 5s, keepAlive: 20s, server: 25s, connect: 2s, queue: 3s, tunnel: 10m }
  rules:
    - { host: login.test, filters: [{ basicAuth: { users: ./users } }] }
    - { host: slow.test, filters: [{ rateLimit: 50 }, { bodyLimit: 10k }] }
    - { host: cors.test, filters: [{ cors: true }, { sourceRanges: { allow: [127.0.0.0/8], deny: [127.9.0.0/16] } }] }
    - { host: heads.test, filters: [{ requestHeaders: { set: { X-A: b } }, responseHeaders: { add: { X-B: c } } }] }
    - { host: host.test, filters: [{ host: inner.test }, { rewritePrefix: { from: /a, to: /b } }] }
    - { host: from.test, path: /in, from: [10.0.0.0/8, "2001:db8::/32"] }
    - { host: when.test, methods: GET, headers: { X-Admin: { regex: "^[a-z]+$" } }, query: { v: "1" } }
    - { host: expressed.test, paths: { "~ ^/u/[0-9]+$": default, "= /x": default, /y: default } }
    - { host: "*.wild.test" }
    - { host: old.test, redirect: { code: 301, scheme: https, host: new.test } }
    - { host: fixed.test, fixed: { status: 200, body: here } }
targets: [${target}]
`,
    'shares.yaml': `
name: every/shares
http:
  - { host: shares.test, to: { a: 95, b: 5 } }
  - { host: nobody.test, from: [10.0.0.0/8], to: empty, filters: [{ sourceRanges: { allow: [10.0.0.0/8] } }] }
backends:
  a: { targets: [${target}], affinity: { type: cookie, cookie: SHOP, timeout: 1h }, check: { http: /healthz } }
  b: { targets: [${target}], balance: leastconn, retries: 1, maxConnections: 50, reuse: never }
  empty: { targets: [] }
`,
    'balanced.yaml': `
name: every/balanced
http:
  - { host: uri.test, to: uri }
  - { host: source.test, to: source }
  - { host: secure.test, to: secure }
backends:
  uri: { targets: [${target}], balance: uri }
  source: { targets: [${target}], affinity: source, sendProxy: v2 }
  secure: { targets: [${target}], protocol: https, tls: { ca: ./ca.pem, serverName: inner.test } }
`,
    // The same port is used in three ways: TLS ends here, clients show certificates, names are passed through.
    'ended.yaml': `
name: every/ended
http: { rules: [{ host: ended.test }, { host: "*.mixed.test" }] }
tls: { certificate: ./ended.pem }
targets: [${target}]
`,
    'mutual.yaml': `
name: every/mutual
http: { port: false, rules: [{ host: mutual.test }] }
tls: { certificate: ./mutual.pem, mode: mutual, ca: ./ca.pem }
targets: [${target}]
`,
    'passed.yaml': `
name: every/passed
ports:
  - { port: 443, protocol: tls, tls: { mode: passthrough, hosts: [passed.test, own.mixed.test] } }
targets: [${target}]
`,
    'passed-alone.yaml': `
name: every/passed-alone
ports:
  - { port: 8443, protocol: tls, sourceRanges: [127.0.0.0/8], tls: { mode: passthrough, hosts: [alone.test] } }
targets: [${target}]
`,
    'ports.yaml': `
name: every/ports
ports:
  - { port: 5432, to: a, sourceRanges: [127.0.0.0/8], deniedRanges: [127.9.0.0/16], maxConnections: 90 }
  - { port: 5433, to: { a: 1, b: 3 } }
  - { port: 5434, to: a, protocol: tls, tls: { certificate: ./ended.pem } }
  - { port: 5435, to: b, protocol: tls, tls: { certificate: ./mutual.pem, mode: mutual, ca: ./ca.pem } }
  - { port: 5436, to: a, proxyProtocol: true }
backends:
  a: { targets: [${target}], check: tcp }
  b: { targets: [${target}], drain: 1m }
`,
  };
}
