import type { Capabilities } from '../../src/model/index.ts';

/** What load balancers of AWS can do. */
export const capabilities: Capabilities = {
  scope: 'shared',
  sharing: 'bundle',
  protocols: ['tcp', 'udp', 'tcp_udp', 'tls', 'http', 'https'],
  protocolHint: 'QUIC is not offered by awselb; use TCP, UDP, TLS, HTTP or HTTPS',
  pathTypes: ['exact', 'prefix', 'stringPrefix', 'regex'],
  balances: ['roundrobin', 'leastconn', 'random'],
  affinities: ['source', 'cookie'],
  features: ['clientCertificates'],
  ipv6: true,
  weights: true,
  writes: 'apply',
  foreign: true,
  health: true,
  lazyHealth: true,
  ownCertificates: true,
  rules: true,
  controllers: ['ingress.k8s.aws/alb'],
};
