import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/kube/index.ts';
import { reachedBy, reachedByAny } from '../../src/status/front-service.ts';
import { programmedOf } from '../../src/status/programmed.ts';
import { type PublishParts, publishedAddresses, unreachedBy } from '../../src/status/published.ts';
import { questionsOf } from '../../src/status/questions-of.ts';

const partsOf = (more: Partial<PublishParts>): PublishParts => {
  return {
    report: {
      addresses: [
        { ip: '192.0.2.2', ports: [443, 80] },
        { host: 'lb.example.test', ports: [53] },
      ],
    },
    fronts: [
      { port: 443, protocol: 'https' },
      { port: 53, protocol: 'tcp_udp' },
    ],
    isIp: (text) => isIP(text) !== 0,
    nodes: (kind) => (kind === 'internal' ? ['10.0.0.2', '10.0.0.1'] : []),
    service: (path) => (path === 'edge/proxy' ? { addresses: ['192.0.2.200'] } : undefined),
    ...more,
  };
};
const published = (more: Partial<PublishParts> = {}) => publishedAddresses(partsOf(more));
const unreached = (more: Partial<PublishParts> = {}) => unreachedBy(partsOf(more));
const names = (more?: Partial<PublishParts>) => published(more).map(({ ip, hostname }) => ip ?? hostname);

describe('addresses that are published', () => {
  it('are those of the balancer, with their ports, in an order of their own', () => {
    assert.deepEqual(published(), [
      {
        ip: '192.0.2.2',
        ports: [
          { port: 80, protocol: 'TCP' },
          { port: 443, protocol: 'TCP' },
        ],
      },
      {
        hostname: 'lb.example.test',
        ports: [
          { port: 53, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
    ]);
  });

  it('are those that the configuration names instead', () => {
    assert.deepEqual(names({ publish: { addresses: ['198.51.100.1', 'a.test'] } }), ['198.51.100.1', 'a.test']);
    assert.deepEqual(names({ publish: { hostname: 'a.test' } }), ['a.test']);
    assert.deepEqual(names({ publish: { nodes: 'internal' } }), ['10.0.0.1', '10.0.0.2']);
    assert.deepEqual(names({ publish: { nodes: 'external' } }), []);
    assert.deepEqual(names({ publish: { service: 'edge/proxy' } }), ['192.0.2.200']);
    assert.deepEqual(names({ publish: { hostname: 'a.test' }, report: { addresses: [] } }), []);
  });

  it('say how packets arrive where they are addresses', () => {
    const modes = published({ publish: { ipMode: 'Proxy' } }).map(({ ipMode }) => ipMode);
    assert.deepEqual(modes, ['Proxy', undefined]);
  });
});

describe('a Service in front', () => {
  const object = (spec: JsonObject, status: JsonObject = {}) =>
    reachedBy({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'proxy', namespace: 'edge' }, spec, status });
  const ports = [{ port: 8000, targetPort: 80 }, { port: 443 }];
  const inside = { clusterIP: '10.96.0.7', ports };

  it('is reached where its status says, or at its own addresses, and leads to ports of what is behind it', () => {
    const loadBalancer = { ingress: [{ ip: '192.0.2.7' }, { hostname: 'lb.test' }] };
    assert.deepEqual(object({ ...inside, type: 'LoadBalancer', externalIPs: ['192.0.2.8'] }, { loadBalancer }), {
      addresses: ['192.0.2.7', 'lb.test', '192.0.2.8'],
      ports: [80, 443],
    });
    for (const type of ['ClusterIP', 'NodePort'])
      assert.deepEqual(object({ ...inside, type }).addresses, ['10.96.0.7'], type);
    assert.deepEqual(object({ ...inside, type: 'LoadBalancer' }).addresses, [], 'a balancer may still be made for it');
    assert.deepEqual(object({ clusterIP: 'None', ports: [{ port: 80, targetPort: 'http' }] }), { addresses: [] });
  });

  it('of several clusters is each of them', () => {
    assert.equal(reachedByAny([]), undefined);
    const [east, west] = [
      { addresses: ['192.0.2.1'], ports: [80] },
      { addresses: ['192.0.2.2', '192.0.2.1'], ports: [443] },
    ];
    assert.deepEqual(reachedByAny([east, west]), { addresses: ['192.0.2.1', '192.0.2.2'], ports: [80, 443] });
    assert.equal(reachedByAny([east, { addresses: [] }])?.ports, undefined);
  });

  it('is told no port that it does not lead to; who is not reached by it is told why', () => {
    const publish = { service: 'edge/proxy' };
    const why = (reached: ReturnType<typeof object> | undefined) => {
      const parts = { publish, service: () => reached };
      return [published(parts).map((one) => one.ports.map(({ port }) => port)), unreached(parts)];
    };
    const addresses = ['192.0.2.7'];
    const front = 'Service edge/proxy, by which it is reached,';
    assert.deepEqual(why({ addresses }), [[[53, 53, 80, 443]], []]);
    assert.deepEqual(why({ addresses, ports: [80, 443] }), [
      [[80, 443]],
      [`${front} does not lead to port 53: add it there`],
    ]);
    assert.deepEqual(why({ addresses, ports: [8080] }), [
      [],
      [`${front} does not lead to port 53, 80, 443: add it there`],
    ]);
    assert.deepEqual(why({ addresses: [], ports: [80, 443] }), [[], [`${front} has no address yet`]]);
    assert.deepEqual(why(undefined), [[], [`${front} is not there, or weir may not see it`]]);
    assert.deepEqual(unreached({ publish: { nodes: 'external' } }), ['no node that is ready has an external address']);
    assert.deepEqual(unreached({ publish: { nodes: 'internal' } }), []);
    assert.deepEqual(unreached({ publish: { hostname: 'a.test' } }), []);
    assert.deepEqual(unreached(), []);
  });
});

describe('the condition Programmed', () => {
  const parts = { balancers: ['edge'], problems: [], failures: [], silent: [], unreached: [], unread: [] };
  const report = (status: boolean, reason = 'Programmed', message = '') => [
    { balancer: 'edge', conditions: [{ type: 'Programmed', status, reason, message }] },
  ];
  const told = (more: Partial<Parameters<typeof programmedOf>[0]>) => {
    const { status, reason } = programmedOf({ ...parts, reports: report(true), ...more });
    return `${status} ${reason}`;
  };

  it('says the worst', () => {
    assert.equal(told({}), 'true Programmed');
    assert.equal(told({ balancers: [] }), 'false NoBalancer');
    assert.equal(told({ reports: [] }), 'false Pending');
    assert.equal(told({ reports: report(false, 'E_PORT_TAKEN', 'x') }), 'false PORT_TAKEN');
    assert.equal(told({ failures: [{ code: 'E_CLOUD_QUOTA', message: 'x' }] }), 'false CLOUD_QUOTA');
    assert.equal(told({ silent: ['192.0.2.1:80'] }), 'false NotAnswering');
    assert.equal(told({ unreached: ['no way'] }), 'false NotReachable');
    assert.equal(told({ unread: [{ balancer: 'edge', message: 'x' }], reports: [] }), 'false Pending');
    const problem = { code: 'E_FIELD_VALUE', severity: 'error', message: 'x' } as const;
    assert.equal(told({ problems: [problem], silent: ['192.0.2.1:80'] }), 'false FIELD_VALUE');
    assert.equal(told({ problems: [{ ...problem, code: 'W_NO_TARGETS', severity: 'warning' }] }), 'true Programmed');
  });
});

describe('what a proxy is asked', () => {
  const action = { type: 'fixed', status: 200 } as const;
  const route = { hosts: ['*.shop.test'], filters: [], action, order: 0 };
  const front = { key: 'a', port: 80, routes: [] };
  const ask = (more: object) =>
    questionsOf(
      { fronts: [{ ...front, protocol: 'http', ...more }] },
      { addresses: [{ ip: '192.0.2.1', ports: [80, 81] }] },
    );

  it('is its first route, in a way that changes nothing', () => {
    const path = { type: 'prefix', value: '/a b' } as const;
    assert.deepEqual(ask({ routes: [{ ...route, path }] }), [
      { address: '192.0.2.1', port: 80, kind: 'http', host: 'weir-probe.shop.test', path: '/a%20b' },
    ]);
    assert.equal(ask({ routes: [{ ...route, path: { type: 'regex', value: '^/x.*' } }] })[0]?.path, undefined);
  });

  it('is no more than the protocol can answer', () => {
    const kinds = (more: object) => ask(more).map(({ kind }) => kind);
    assert.deepEqual(kinds({ protocol: 'tcp' }), ['tcp']);
    assert.deepEqual(kinds({ protocol: 'udp' }), []);
    assert.deepEqual(kinds({ proxyProtocol: true }), ['tcp']);
    assert.deepEqual(kinds({ protocol: 'tls', tls: { mode: 'passthrough', certs: [] } }), ['tcp']);
    assert.deepEqual(kinds({ protocol: 'tls', tls: { mode: 'terminate', certs: [] } }), ['tls']);
    assert.deepEqual(kinds({ protocol: 'https', tls: { mode: 'mutual', certs: [] } }), ['tls']);
    assert.deepEqual(kinds({ protocol: 'https', tls: { mode: 'terminate', certs: [] } }), ['https']);
  });
});
