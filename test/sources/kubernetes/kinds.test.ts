import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LocatedObject } from '../../../src/model/index.ts';
import { readObjects } from '../../../src/sources/kubernetes/index.ts';
import { backing, brief, ingress, locate, options, readYaml } from './read-yaml.ts';

const one = (object: unknown): ReturnType<typeof readObjects> =>
  readObjects([{ object, file: 'a.yaml', document: 1, line: 1 }], options);

describe('kinds', () => {
  test('kinds of Kubernetes that do not matter are passed over in silence', () => {
    const kinds = [
      'v1 Pod',
      'v1 Namespace',
      'v1 ServiceAccount',
      'apps/v1 Deployment',
      'batch/v1 Job',
      'networking.k8s.io/v1 NetworkPolicy',
      'rbac.authorization.k8s.io/v1 Role',
      'v1 ConfigMap',
    ];
    const text = kinds
      .map((kind) => `apiVersion: ${kind.split(' ')[0]}\nkind: ${kind.split(' ')[1]}\nmetadata: { name: x }`)
      .join('\n---\n');
    assert.deepEqual(readYaml(text).problems, []);
  });

  test('unknown kinds warn once each, also where the name of the kind is one of ours', () => {
    const foo = 'apiVersion: example.com/v1\nkind: Foo\nmetadata: { name: x }\n---\n';
    const knative = 'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: x }\n';
    const { problems } = readYaml(foo + foo + foo + knative);
    assert.deepEqual(
      problems.map(({ code, source }) => `${code} ${source}`),
      ['W_OBJECT_IGNORED a.yaml#1', 'W_OBJECT_IGNORED a.yaml#4'],
    );
    assert.match(
      problems[0]?.message ?? '',
      /Foo \(example\.com\/v1\) x: this object and 2 more of this kind are not used/,
    );
  });

  const bad: [string, unknown, string][] = [
    ['a number', 42, 'E_OBJECT_KIND '],
    ['null', null, 'E_OBJECT_KIND '],
    ['a list', [], 'E_OBJECT_KIND '],
    ['no kind', { apiVersion: 'v1' }, 'E_OBJECT_KIND kind'],
    ['a hostile kind', { apiVersion: 'v1', kind: 'A\nB' }, 'E_OBJECT_KIND kind'],
    ['no apiVersion', { kind: 'Service', metadata: { name: 'x' } }, 'E_OBJECT_KIND apiVersion'],
    [
      'a version of the future',
      { apiVersion: 'networking.k8s.io/v2', kind: 'Ingress', metadata: { name: 'x' } },
      'E_OBJECT_KIND apiVersion',
    ],
    ['no metadata', { apiVersion: 'v1', kind: 'Service' }, 'E_FIELD_MISSING metadata'],
    ['no name', { apiVersion: 'v1', kind: 'Service', metadata: {} }, 'E_FIELD_MISSING metadata.name'],
    ['.. in the name', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a..b' } }, 'E_NAME metadata.name'],
    ['a path as name', { apiVersion: 'v1', kind: 'Secret', metadata: { name: '../x' } }, 'E_NAME metadata.name'],
    [
      'a dot in the namespace',
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', namespace: 'a.b' } },
      'E_NAME metadata.namespace',
    ],
    ['no spec', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' } }, 'E_FIELD_MISSING spec'],
    [
      'spec of the wrong type',
      { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'a' }, spec: [] },
      'E_FIELD_TYPE spec',
    ],
  ];
  for (const [name, object, problem] of bad) {
    test(`refused: ${name}`, () => {
      const { services, problems } = one(object);
      assert.deepEqual([services, brief(problems)], [[], [problem]]);
    });
  }

  test('a version that is not read names those that are', () => {
    assert.match(
      one({ apiVersion: 'v1beta9', kind: 'Service', metadata: { name: 'x' } }).problems[0]?.message ?? '',
      /write v1$|write v1 \(is/,
    );
  });

  test('two objects of one name: the older is in force, else the first; the other is told', () => {
    const service = (port: number, created = ''): string =>
      `apiVersion: v1\nkind: Service\nmetadata: { name: web${created} }\nspec: { type: LoadBalancer, ports: [{ port: ${port} }] }\n---\n`;
    const first = readYaml(service(80) + service(81));
    assert.deepEqual(
      [first.service('default/web').fronts[0]?.port, first.codes.includes('E_SERVICE_DUPLICATE')],
      [80, true],
    );
    const older = readYaml(
      service(80, ', creationTimestamp: "2026-02-01T00:00:00Z"') +
        service(81, ', creationTimestamp: "2026-01-01T00:00:00Z"'),
    );
    assert.equal(older.service('default/web').fronts[0]?.port, 81);
    assert.equal(older.problems.find(({ code }) => code === 'E_SERVICE_DUPLICATE')?.source, 'a.yaml#1');
  });

  test('the same name in two namespaces is two services', () => {
    const text = backing('web') + backing('web').replaceAll('shop', 'other');
    const exported = text.replaceAll('spec: { ports', 'spec: { type: LoadBalancer, ports');
    assert.deepEqual(
      readYaml(exported).services.map(({ id }) => id),
      ['shop/web', 'other/web'],
    );
  });
});

describe('lists', () => {
  test('List, typed lists without kinds inside, and lists in lists', () => {
    const service = { metadata: { name: 'web' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } };
    const typed = { apiVersion: 'v1', kind: 'ServiceList', items: [service] };
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [typed, { apiVersion: 'v1', kind: 'Service', ...service, metadata: { name: 'api' } }, 7],
    };
    const { services, problems } = one(list);
    assert.deepEqual(
      services.map(({ id }) => id),
      ['default/web', 'default/api'],
    );
    assert.deepEqual(
      problems.filter(({ code }) => code !== 'W_NO_TARGETS').map(({ code, source }) => `${code} ${source}`),
      ['E_OBJECT_KIND a.yaml#3'],
    );
  });

  test('positions of items come from the list', () => {
    const item = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { type: 'LoadBalancer', ports: [{ port: 0 }] },
    };
    const asked: string[] = [];
    const located: LocatedObject = {
      object: { apiVersion: 'v1', kind: 'List', items: [item] },
      file: 'list.yaml',
      document: 1,
      line: 1,
      position: (path) => {
        asked.push(path.join('.'));
        return { line: 10, column: 5 };
      },
    };
    const { problems } = readObjects([located], options);
    assert.ok(asked.includes('items.0.spec.ports.0.port'));
    const { line, column, file } = problems[0] ?? {};
    assert.deepEqual({ line, column, file }, { line: 10, column: 5, file: 'list.yaml' });
  });
});

describe('nodes', () => {
  const node = (text: string): ReturnType<typeof readYaml> => readYaml(`apiVersion: v1\nkind: Node\n${text}`);

  test('addresses, zone, instance id, readiness', () => {
    const { nodes, problems } = node(`metadata: { name: n1, labels: { topology.kubernetes.io/zone: eu-1a, app: x } }
spec: { providerID: "aws:///eu-1a/i-0123456789abcdef0" }
status:
  addresses: [{ type: ExternalIP, address: 192.0.2.1 }, { type: InternalIP, address: 10.0.0.1 }, { type: InternalIP, address: "2001:db8::1" }, { type: Hostname, address: n1 }]
  conditions: [{ type: DiskPressure, status: "True" }, { type: Ready, status: "True" }]`);
    assert.deepEqual(problems, []);
    assert.deepEqual(nodes, [
      {
        name: 'n1',
        addresses: ['10.0.0.1', '2001:db8::1'],
        labels: { 'topology.kubernetes.io/zone': 'eu-1a', app: 'x' },
        zone: 'eu-1a',
        instanceId: 'i-0123456789abcdef0',
        ready: true,
      },
    ]);
  });

  const instances: [string, string | undefined][] = [
    ['qcloud:///100003/ins-abc', 'ins-abc'],
    ['gce://project/europe-west1-b/node-1', 'node-1'],
    ['kind://docker/kind/kind-worker', 'kind-worker'],
    ['aws:///eu-1a/i-1;rm', undefined],
    ['i-1', undefined],
  ];
  for (const [providerId, instanceId] of instances) {
    test(providerId, () => {
      const { nodes, problems } = node(`metadata: { name: n1 }\nspec: { providerID: "${providerId}" }`);
      assert.equal(nodes[0]?.instanceId, instanceId);
      assert.equal(problems.length, instanceId === undefined ? 1 : 0);
    });
  }

  const states: [string, string, boolean, boolean | undefined][] = [
    ['no conditions', 'metadata: { name: n1 }', true, undefined],
    [
      'not ready',
      'metadata: { name: n1 }\nstatus: { conditions: [{ type: Ready, status: Unknown }] }',
      false,
      undefined,
    ],
    [
      'exclusion label, whatever its value',
      'metadata: { name: n1, labels: { node.kubernetes.io/exclude-from-external-load-balancers: "" } }',
      true,
      true,
    ],
    [
      'about to be deleted',
      'metadata: { name: n1 }\nspec: { taints: [{ key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule }] }',
      true,
      true,
    ],
  ];
  for (const [name, text, ready, excluded] of states) {
    test(name, () => {
      const [found] = node(text).nodes;
      assert.deepEqual([found?.ready, found?.excluded], [ready, excluded]);
    });
  }

  test('a loopback address of a node is refused', () => {
    const { nodes, codes } = node(
      'metadata: { name: n1 }\nstatus: { addresses: [{ type: InternalIP, address: 127.0.0.1 }, { type: InternalIP, address: 10.0.0.1 }] }',
    );
    assert.deepEqual([nodes[0]?.addresses, codes], [['10.0.0.1'], ['E_ADDRESS_FORBIDDEN']]);
  });
});

test('what is wrong with a slice is told once where its Service is exported, else at each Ingress that uses it', () => {
  const bad = backing('web').replace('[10.0.0.1]', '[10.0.0.1, 127.0.0.1]');
  const front = ingress('  defaultBackend: { service: { name: web, port: { number: 80 } } }');
  const services = (text: string): (string | undefined)[] =>
    readObjects(locate(text), options).problems.map(({ service }) => service);
  assert.deepEqual(services(bad + front), ['ingress/shop/front']);
  assert.deepEqual(services(bad.replace('spec: { ports', 'spec: { type: LoadBalancer, ports') + front), ['shop/web']);
  assert.deepEqual(services(bad), [undefined]);
});
