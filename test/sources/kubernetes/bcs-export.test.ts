import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LocatedObject } from '../../../src/model/index.ts';
import { readObjects } from '../../../src/sources/kubernetes/index.ts';
import { brief, options } from './read-yaml.ts';

interface Parts {
  readonly annotation?: unknown;
  readonly labels?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly object[];
  readonly metadata?: object;
}

function read({
  annotation,
  labels = {},
  ports = [{ name: 'db', port: 6379 }],
  metadata = {},
}: Parts): ReturnType<typeof readObjects> {
  const annotations = annotation === undefined ? {} : { annotations: { 'bcs-loadbalance.bk': annotation } };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cart', namespace: 'shop', labels, ...annotations, ...metadata },
    spec: { type: 'ClusterIP', ports },
  };
  const names = ports.flatMap((port) => ('name' in port ? [port.name] : ['']));
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'cart', namespace: 'shop' },
    subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: names.map((name) => ({ name, port: 8080 })) }],
  };
  const located = (object: unknown): LocatedObject => ({ object, file: '', document: 1, line: 1 });
  return readObjects([located(service), located(endpoints)], options);
}

const json = '{"BCSVHost": "www.cart.test", "BCSGROUP": ["external", "exporter"]}';
const fronts = ({ services }: ReturnType<typeof readObjects>): string[] =>
  services.flatMap((service) =>
    service.fronts.map(
      ({ key, protocol, routes }) => `${key} ${protocol} ${routes.flatMap(({ hosts }) => hosts).join()}`,
    ),
  );

describe('BCS form of a Kubernetes Service', () => {
  test('annotation with JSON: groups, host, 80 is http', () => {
    const result = read({
      annotation: json,
      ports: [
        { name: 'web', port: 80 },
        { name: 'db', port: 6379 },
      ],
    });
    assert.deepEqual(result.problems, []);
    assert.deepEqual(result.services[0]?.groups, ['external', 'exporter']);
    assert.deepEqual(fronts(result), ['web http www.cart.test', 'db tcp ']);
  });

  test('the form as BCS documents it: `annotation`, protocol http, numbers as labels', () => {
    const result = read({
      metadata: { labels: { bcs_appid: 1 }, annotation: { 'bcs-loadbalance.bk': json } },
      ports: [
        { name: 'port-cart', port: 6666, protocol: 'TCP', targetPort: 6666 },
        { name: 'www.example.com', port: 8080, protocol: 'http', targetPort: 80 },
      ],
    });
    assert.deepEqual(result.problems, []);
    assert.deepEqual(fronts(result), ['port-cart tcp ', 'www.example.com http www.cart.test']);
  });

  test('labels in place of JSON; the host is the name of the Service by default', () => {
    const result = read({ annotation: 'true', labels: { BCSGROUP: 'external' }, ports: [{ port: 80 }] });
    assert.deepEqual([result.services[0]?.groups, fronts(result)], [['external'], ['80/tcp http cart']]);
    const named = read({ annotation: '', labels: { BCSVHost: 'v.test' }, ports: [{ port: 80 }] });
    assert.deepEqual(fronts(named), ['80/tcp http v.test']);
  });

  test('names in any case; what the JSON does not say annotations and labels beside it do', () => {
    const told = (parts: Parts) => {
      const result = read({ ports: [{ port: 80 }], ...parts });
      return [result.services[0]?.groups, fronts(result), brief(result.problems)];
    };
    assert.deepEqual(told({ annotation: '{"bcsvhost": "a.test", "BcsGroup": "x"}' }), [
      ['x'],
      ['80/tcp http a.test'],
      [],
    ]);
    const annotations = { 'bcs-loadbalance.bk': 'external', BCSVHost: 'b.test' };
    const beside = { metadata: { annotations }, labels: { BCSGroup: 'x' } };
    assert.deepEqual(told(beside), [['x'], ['80/tcp http b.test'], []]);
    const labels = { 'bcs-loadbalance.bk': 'external', bcsgroup: 'x' };
    assert.deepEqual(told({ metadata: { labels } }), [['x'], ['80/tcp http cart'], []]);
  });

  test('a key that is not known is told with its likely spelling, and stops nothing', () => {
    const result = read({ annotation: '{"BCSVHosts": "a.test", "BCSGROUP": ["x"]}', ports: [{ port: 80 }] });
    assert.deepEqual(fronts(result), ['80/tcp http cart']);
    assert.match(
      result.problems.map(({ severity, message }) => `${severity} ${message}`).join(),
      /^warning .*BCSVHosts.*did you mean "BCSVHost"/,
    );
  });

  test('443 is https and needs a certificate', () => {
    const result = read({
      annotation: json,
      ports: [
        { name: 'tls', port: 443 },
        { name: 'db', port: 1 },
      ],
    });
    assert.deepEqual([fronts(result), brief(result.problems)], [['db tcp '], ['E_CERT_MISSING spec.ports[0]']]);
  });

  test('a second http port is told and served', () => {
    const result = read({
      annotation: json,
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 8080, protocol: 'HTTP' },
      ],
    });
    assert.deepEqual(fronts(result), ['a http www.cart.test', 'b http www.cart.test']);
    assert.deepEqual(
      result.problems.map(({ code, severity, field }) => `${code} ${severity} ${field}`),
      ['W_FEATURE warning spec.ports[1]'],
    );
  });

  const refused: [unknown, string][] = [
    ['{"BCSVHost": ', 'E_ANNOTATION_VALUE'],
    ['{"BCSVHost": "a b"}', 'E_HOST'],
    ['{"BCSVHost": 7}', 'E_FIELD_TYPE'],
    ['{"BCSGROUP": ["a b"]}', 'E_NAME'],
    ['{"BCSGROUP": {"a": 1}}', 'E_FIELD_TYPE'],
    [['external'], 'E_FIELD_TYPE'],
  ];
  for (const [annotation, code] of refused) {
    test(`not served: ${JSON.stringify(annotation)}`, () => {
      const { services, problems } = read({ annotation });
      assert.deepEqual([services, problems.map((problem) => problem.code)], [[], [code]]);
    });
  }

  test('without the annotation a ClusterIP Service is not exported', () => {
    assert.deepEqual(read({ labels: { BCSGROUP: 'external' } }).services, []);
  });
});
