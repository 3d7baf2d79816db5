import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { provider } from '../../../providers/haproxy/index.ts';
import { optionsSchema } from '../../../providers/haproxy/options.ts';
import { merge } from '../../../src/front/index.ts';
import type { ExportedService, ModelInput, Node, Resource } from '../../../src/model/index.ts';
import { backend, cert, exact, http, https, prefix, route, service, target, tcp } from '../../front/make-service.ts';
import { build } from './build.ts';

const forward = (...to: readonly (readonly [string, number])[]) =>
  ({ type: 'forward', to: to.map(([name, weight]) => ({ backend: name, weight })) }) as const;
const of = (resources: readonly Resource[], kind: string) => resources.filter((one) => one.kind === kind);
const only = (resources: readonly Resource[], kind: string): Resource => {
  const [one, ...rest] = of(resources, kind);
  assert.ok(one !== undefined && rest.length === 0, `one ${kind}`);
  return one;
};

describe('resources', () => {
  test('of one HTTP service', () => {
    const { resources, problems } = build([service('shop/web', [http([route(['x.example'], prefix('/a'))])])]);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      resources.map(({ kind, id }) => `${kind} ${id}`),
      [
        'Settings settings',
        'Frontend default|80/tcp',
        'Route default|80/tcp|x.example|prefix|/a|',
        'Backend shop/web#web',
      ],
    );
    const one = only(resources, 'Route');
    assert.deepEqual(one.refs, { frontend: 'default|80/tcp', backend: 'shop/web#web' });
    assert.deepEqual(one.serves, ['shop/web']);
    assert.equal(one.unit, 'default@n1');
    assert.deepEqual([...(only(resources, 'Backend').sets.servers ?? [])], [['10.0.0.1:80', { attrs: { weight: 1 } }]]);
  });

  test('shares are a set, one backend is a reference', () => {
    const front = http([route(['x.example'], prefix('/'), { action: forward(['web', 1], ['two', 0]) })]);
    const { resources } = build([service('a/a', [front], { backends: { web: backend(), two: backend() } })]);
    const one = only(resources, 'Route');
    assert.equal(one.refs.backend, undefined);
    assert.deepEqual(
      [...(one.sets.forward ?? [])],
      [
        ['a/a#web', { attrs: { weight: 1 } }],
        ['a/a#two', { attrs: { weight: 0 } }],
      ],
    );
  });

  test('targets that go away serve as long as nothing is ready', () => {
    const weights = (...states: readonly ('ready' | 'draining' | 'gone')[]) => {
      const targets = states.map((state, i) => target(`10.0.0.${i + 1}`, 80, { state, weight: 7 }));
      const { resources } = build([service('a/a', [http([route([])])], { backends: { web: backend({ targets }) } })]);
      const servers = [...(only(resources, 'Backend').sets.servers?.values() ?? [])];
      return servers.filter(({ gone }) => gone !== true).map(({ attrs }) => attrs.weight);
    };
    assert.deepEqual(weights('draining', 'draining', 'gone'), [7, 7]);
    assert.deepEqual(weights('draining', 'ready'), [0, 7]);
  });

  test('targets: draining has weight 0, gone is marked, doubles count once', () => {
    const targets = [
      target('10.0.0.1', 80, { weight: 5 }),
      target('10.0.0.2', 80, { weight: 5, state: 'draining' }),
      target('10.0.0.3', 80, { state: 'gone' }),
      target('2001:DB8::1', 80),
      target('10.0.0.1', 80, { weight: 2, state: 'draining' }),
    ];
    const { resources } = build([service('a/a', [tcp(80)], { backends: { web: backend({ targets }) } })]);
    assert.deepEqual(
      [...(only(resources, 'Backend').sets.servers ?? [])],
      [
        ['10.0.0.1:80', { attrs: { weight: 5 } }],
        ['10.0.0.2:80', { attrs: { weight: 0 } }],
        ['10.0.0.3:80', { attrs: { weight: 0 }, gone: true }],
        ['[2001:db8::1]:80', { attrs: { weight: 1 } }],
      ],
    );
  });

  test('a backend used for TCP and for HTTP is two', () => {
    const { resources } = build([service('a/a', [tcp(81), http([route(['x.example'])])])]);
    assert.deepEqual(
      of(resources, 'Backend')
        .map(({ id, attrs }) => [id, attrs.mode])
        .sort(),
      [
        ['a/a#web', 'http'],
        ['a/a#web|tcp', 'tcp'],
      ],
    );
  });

  test('the default of a host stands only where it is not that of the port', () => {
    const rest = { default: forward(['web', 1]) };
    const rules = service('a/rules', [http([route(['x.example'], exact('/x'))], rest)], { createdMs: 1 });
    assert.equal(of(build([rules]).resources, 'Route').length, 1);
    const without = service('a/without', [http([], rest)], { createdMs: 2 });
    const ids = of(build([rules, without]).resources, 'Route').map(({ id }) => id);
    assert.deepEqual(ids, ['default|80/tcp|x.example|exact|/x|', 'default|80/tcp|x.example|rest||']);
  });

  test('instances are found by their node', () => {
    const one = service('a/a', [tcp(80)], {
      backends: { web: backend({ targetKind: 'instance', nodePort: 30_080, targets: [target('i-1'), target('i-2')] }) },
    });
    const nodes: readonly Node[] = [{ name: 'n', addresses: ['10.9.9.9'], labels: {}, instanceId: 'i-1', ready: true }];
    const { resources, problems } = modelOf([one], { nodes });
    assert.deepEqual([...(only(resources, 'Backend').sets.servers?.keys() ?? [])], ['10.9.9.9:30080']);
    assert.deepEqual(
      problems.map(({ code, value }) => `${code} ${value}`),
      ['E_ADDRESS i-2'],
    );
  });
});

const options = optionsSchema.parse({});

function modelOf(services: readonly ExportedService[], more: Partial<ModelInput> = {}) {
  const { groups } = merge(services, provider.capabilities);
  const input = {
    balancer: 'default',
    node: 'n1',
    groups,
    nodes: [],
    environment: {},
    settings: new Map(),
    present: [],
  };
  return provider.model({ ...input, ...more }, options);
}

describe('bad input', () => {
  const good = service('ok/ok', [http([route(['ok.example'])])], { createdMs: 0 });
  /** What the bad one is told, and proof that the good one is served. */
  function told(bad: ExportedService): readonly string[] {
    const { resources, problems } = build([good, bad]);
    assert.ok(resources.some(({ kind, serves }) => kind === 'Route' && serves[0] === 'ok/ok'));
    for (const problem of problems) assert.equal(problem.service, bad.id);
    return problems.map(({ code, field, value }) => `${code} ${field} ${value}`);
  }

  test('names object, field and value, and stops nobody else', () => {
    const using = (web: Parameters<typeof backend>[0]) =>
      service('a/a', [tcp(81)], { backends: { web: backend(web) } });
    assert.deepEqual(told(using({ targets: [target('010.0.0.1')] })), [
      'E_ADDRESS backends["web"].targets[0] 010.0.0.1',
    ]);
    assert.deepEqual(told(using({ targets: [target('web.example')] })), [
      'E_ADDRESS backends["web"].targets[0] web.example',
    ]);
    assert.deepEqual(told(using({ targets: [target('10.0.0.1', 70_000)] })), [
      'E_PORT backends["web"].targets[0] 70000',
    ]);
    assert.deepEqual(told(using({ health: { type: 'http', path: 'a b' } })), [
      'E_PATH backends["web"].health.path a b',
    ]);
    assert.deepEqual(told(service('a/a', [tcp(0)])), ['E_PORT fronts[0].port 0']);
    assert.deepEqual(told(service('a/a', [tcp(81, { sourceRanges: ['10.0.0.0/33'] })])), [
      'E_ADDRESS fronts[0].sourceRanges[0] 10.0.0.0/33',
    ]);
    assert.deepEqual(told(service('a/a', [http([route(['x y'])])])), ['E_HOST fronts[0].routes[0].hosts x y']);
    assert.deepEqual(told(service('a/a', [http([route(['x.example'], prefix('/a b'))])])), [
      'E_PATH fronts[0].routes[0].path.value /a b',
    ]);
    assert.deepEqual(told(service('a/a', [{ ...tcp(53), protocol: 'udp' }])), ['E_PROTOCOL fronts[0].protocol udp']);
    assert.deepEqual(
      told(
        service('a/a', [
          https([route(['x.example'])], [cert('aa', [])], { tls: { mode: 'mutual', certs: [cert('aa', [])] } }),
        ]),
      ),
      ['E_CERT_MISSING fronts[0].tls.ca (none)'],
    );
    assert.deepEqual(told(service('a/a', [tcp(81)], { address: { list: ['nowhere'], families: [], held: [] } })), [
      'E_ADDRESS address.list nowhere',
    ]);
  });

  test('a range that cannot be read closes the front, it does not open it', () => {
    const { resources } = build([
      good,
      service('a/a', [http([route(['x.example'])], { sourceRanges: ['10.0.0.0/8', 'all'] })]),
    ]);
    assert.ok(!resources.some(({ serves }) => serves.length === 1 && serves[0] === 'a/a'));
  });

  test('a bad target leaves the others', () => {
    const { resources } = build([
      service('a/a', [tcp(81)], { backends: { web: backend({ targets: [target('x'), target('10.0.0.9')] }) } }),
    ]);
    assert.deepEqual([...(only(resources, 'Backend').sets.servers?.keys() ?? [])], ['10.0.0.9:80']);
  });

  test('UDP is refused with the name of a provider that can', () => {
    const { problems } = build([service('a/a', [{ ...tcp(53), protocol: 'udp' }])]);
    assert.match(problems[0]?.message ?? '', /provider nginx/);
  });
});

describe('the same input, the same objects', () => {
  const services = ['a', 'b', 'c'].map((name, i) =>
    service(`x/${name}`, [http([route([`${name}.example`])])], { createdMs: i }),
  );

  test('unchanged services', () => {
    const first = modelOf(services).resources;
    for (const [i, one] of modelOf([...services].reverse()).resources.entries()) assert.equal(one, first[i]);
  });

  test('services read anew with the same content', () => {
    const first = modelOf(services).resources;
    const again = services.map((one) => structuredClone(one));
    for (const [i, one] of modelOf(again).resources.entries()) assert.equal(one, first[i]);
  });

  test('one service with another target changes one resource', () => {
    const first = modelOf(services).resources;
    const [a, b, c] = services;
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    const changed = { ...b, backends: { web: backend({ targets: [target('10.0.0.2')] }) } };
    const second = modelOf([a, changed, c]).resources;
    assert.deepEqual(
      second.filter((one, i) => one !== first[i]).map(({ kind, id }) => `${kind} ${id}`),
      ['Backend x/b#web'],
    );
  });
});
