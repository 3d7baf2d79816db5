import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, readAll } from './read-all.ts';

const service = {
  apiVersion: 'v4',
  kind: 'service',
  metadata: {
    name: 'web',
    namespace: 'shop',
    labels: {
      BCSGROUP: 'external, internal',
      BCSBALANCE: 'leastconn',
      'BCS-WEIGHT-blue': '30',
      'BCS-WEIGHT-green': '10',
    },
  },
  spec: {
    selector: { app: 'web' },
    ports: [
      { name: 'http', domainName: 'web.test', path: '/', protocol: 'http', servicePort: 80 },
      { name: 'admin', protocol: 'tcp', servicePort: 9000 },
    ],
  },
};

function group(
  name: string,
  network: string,
  mappings: readonly Record<string, unknown>[],
  change: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    id: `0.${name}`,
    RunAs: 'shop',
    AppID: name,
    Status: 'Running',
    Taskgroup: [
      {
        Network: network,
        Labels: { app: 'web' },
        PortMappings: mappings,
        StatusData: JSON.stringify({ NodeAddress: '10.2.0.1', IPAddress: '172.16.0.5' }),
      },
    ],
    ...change,
  };
}

const mapping = (name: string, ContainerPort: number, HostPort = 0) => ({ Name: name, ContainerPort, HostPort });
const targets = (objects: readonly unknown[], key = '80/http/web.test/') =>
  readAll([service, ...objects]).services[0]?.backends[key]?.targets.map(({ address, port }) => `${address}:${port}`);

test('alone: the service with its fronts, without targets, and that is told', () => {
  const result = readAll([service]);
  const [web] = result.services;
  assert.equal(web?.id, 'shop/web');
  assert.deepEqual(web?.groups, ['external', 'internal']);
  assert.deepEqual(
    web?.fronts.map(({ key }) => key),
    ['80/http', '9000/tcp'],
  );
  assert.equal(web?.backends['9000/tcp']?.balance, 'leastconn');
  assert.deepEqual(codes(result), [
    ['W_NO_TARGETS', 'spec.ports[0]'],
    ['W_NO_TARGETS', 'spec.ports[1]'],
  ]);
});

test('address and port by kind of network', () => {
  assert.deepEqual(targets([group('blue', 'HOST', [mapping('http', 8080, 31_000)])]), ['10.2.0.1:8080']);
  assert.deepEqual(targets([group('blue', 'BRIDGE', [mapping('http', 8080, 31_000)])]), ['10.2.0.1:31000']);
  assert.deepEqual(targets([group('blue', 'BRIDGE', [mapping('http', 8080)])]), ['172.16.0.5:8080']);
  assert.deepEqual(targets([group('blue', 'bcs-cni', [mapping('http', 8080, 31_000)])]), ['172.16.0.5:8080']);
});

test('port names join; other names, namespaces, labels and states do not', () => {
  const ports = [mapping('admin', 9001, 32_000), mapping('http', 8080, 31_000)];
  assert.deepEqual(targets([group('blue', 'BRIDGE', ports)], '9000/tcp'), ['10.2.0.1:32000']);
  const none = (change: Record<string, unknown>) => targets([group('blue', 'BRIDGE', ports, change)]);
  assert.deepEqual(none({ Status: 'Lost' }), ['10.2.0.1:31000']);
  assert.deepEqual(none({ Status: 'Failed' }), []);
  assert.deepEqual(none({ RunAs: 'other' }), []);
  assert.deepEqual(none({ Taskgroup: [{ Labels: { app: 'api' }, PortMappings: ports }] }), []);
});

test('weights come from labels of the service and the name of the application', () => {
  const at = (node: string, name: string) =>
    group(name, 'HOST', [mapping('http', 8080)], {
      Taskgroup: [
        {
          Network: 'HOST',
          Labels: { app: 'web' },
          PortMappings: [mapping('http', 8080)],
          StatusData: JSON.stringify({ NodeAddress: node }),
        },
      ],
    });
  const { services } = readAll([service, at('10.2.0.1', 'blue'), at('10.2.0.2', 'blue'), at('10.2.0.3', 'green')]);
  assert.deepEqual(
    services[0]?.backends['80/http/web.test/']?.targets.map(({ weight }) => weight),
    [15, 15, 10],
  );
});

test('without BCSGROUP it is exported to no group; a broken status is one target less', () => {
  const silent = { ...service, metadata: { ...service.metadata, labels: {} } };
  assert.deepEqual(readAll([silent], ['external']).services, []);
  const broken = group('blue', 'HOST', [mapping('http', 8080)], {
    Taskgroup: [{ Network: 'HOST', Labels: { app: 'web' }, PortMappings: [mapping('http', 8080)], StatusData: '{' }],
  });
  const result = readAll([service, broken]);
  assert.equal(result.services.length, 1);
  assert.ok(codes(result).some(([code]) => code === 'E_ADDRESS'));
});
