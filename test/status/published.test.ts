import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';
import { programmedOf } from '../../src/status/programmed.ts';
import { type PublishParts, publishedAddresses } from '../../src/status/published.ts';
import { questionsOf } from '../../src/status/questions-of.ts';

function published(more: Partial<PublishParts> = {}) {
  return publishedAddresses({
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
    service: (path) => (path === 'edge/proxy' ? ['192.0.2.200'] : []),
    ...more,
  });
}
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

describe('the condition Programmed', () => {
  const parts = { balancers: ['edge'], problems: [], failures: [], silent: [] };
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
