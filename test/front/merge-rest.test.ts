import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { merge } from '../../src/front/index.ts';
import type { Capabilities, ExportedService } from '../../src/model/index.ts';
import { backend, cert, exact, http, https, prefix, route, service, target, tcp } from './make-service.ts';
import { all, listener } from './merged.ts';

describe('defaults', () => {
  const fallback = (name: string) => ({ type: 'forward', to: [{ backend: name, weight: 1 }] }) as const;

  test('an object without routes takes the rest of the port, before older ones with routes', () => {
    const withRules = service('a/rules', [http([route(['x.example'], prefix('/x'))], { default: fallback('web') })], {
      createdMs: 1,
    });
    const without = service('a/without', [http([], { default: fallback('web') })], { createdMs: 2 });
    const { groups, problems } = merge([withRules, without], all);
    const port = listener(groups, '80/tcp');
    assert.deepEqual(problems, []);
    assert.equal(port?.default?.service.id, 'a/without');
    assert.equal(port?.hosts[0]?.default?.service.id, 'a/rules');
    assert.equal(listener(merge([withRules], all).groups, '80/tcp')?.default?.service.id, 'a/rules');
  });

  test('two objects without routes: the older takes it, the other is told and out', () => {
    const services = [1, 2].map((age) =>
      service(`a/${age}`, [http([], { default: fallback('web') })], { createdMs: age }),
    );
    const { groups, problems } = merge(services, all);
    assert.deepEqual(
      problems.map(({ code, service: id }) => `${code} ${id}`),
      ['E_ROUTE_CONFLICT a/2'],
    );
    assert.deepEqual(
      groups[0]?.services.map(({ id }) => id),
      ['a/1'],
    );
  });

  test('two objects with the same host and a default each', () => {
    const services = ['/a', '/b'].map((path, i) =>
      service(`a/${i}`, [http([route(['x.example'], prefix(path))], { default: fallback('web') })], { createdMs: i }),
    );
    const { groups, problems } = merge(services, all);
    assert.equal(listener(groups, '80/tcp')?.hosts[0]?.default?.service.id, 'a/0');
    assert.deepEqual(
      problems.map(({ field }) => field),
      ['fronts[0].default'],
    );
  });
});

describe('certificates', () => {
  const secure = (id: string, sha: string, names: readonly string[], createdMs: number) =>
    service(id, [https([route([`${sha}.example`])], [cert(sha, names)])], { createdMs });

  test('first wins a host, the first of all is the default', () => {
    const services = [secure('a/b', 'bb', ['y.example', 'x.example'], 2), secure('a/a', 'aa', ['X.example'], 1)];
    const { groups, problems } = merge(services, all);
    assert.deepEqual(
      listener(groups, '443/tcp')?.certs.map(({ cert: { sha256 }, hosts, service: id }) => [
        sha256.slice(0, 2),
        hosts,
        id,
      ]),
      [
        ['aa', ['x.example'], 'a/a'],
        ['bb', ['y.example'], 'a/b'],
      ],
    );
    assert.deepEqual(
      problems.map(({ code, service: id }) => `${code} ${id}`),
      ['W_CERT_HOST a/b'],
    );
  });

  test('the same content twice is one certificate and no conflict', () => {
    const again = service('a/again', [https([route(['again.example'])], [cert('aa', ['x.example', 'z.example'])])], {
      createdMs: 3,
    });
    const { groups, problems } = merge([secure('a/a', 'aa', ['x.example'], 1), again], all);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      listener(groups, '443/tcp')?.certs.map(({ hosts }) => hosts),
      [['x.example', 'z.example']],
    );
  });
});

describe('capabilities', () => {
  const limited: Capabilities = {
    ...all,
    protocols: ['tcp', 'http'],
    protocolHint: 'ask nginx',
    pathTypes: ['prefix'],
    balances: ['roundrobin'],
    affinities: [],
    ipv6: false,
    weights: false,
  };
  const codes = (one: ExportedService) => merge([one], limited).problems.map(({ code, field }) => `${code} ${field}`);

  test('protocol, path type, balance, affinity, family, weights', () => {
    const [problem] = merge([service('a/a', [{ ...tcp(53), protocol: 'udp' }])], limited).problems;
    assert.equal(problem?.message, 'ask nginx');
    assert.deepEqual(codes(service('a/a', [http([route(['x.example'], exact('/'))])])), [
      'E_FEATURE fronts[0].routes[0].path.type',
    ]);
    const using = (web: Parameters<typeof backend>[0]) =>
      service('a/a', [tcp(80)], { backends: { web: backend(web) } });
    assert.deepEqual(codes(using({ balance: 'uri' })), ['E_FEATURE backends["web"].balance']);
    assert.deepEqual(codes(using({ affinity: { type: 'cookie' } })), ['E_FEATURE backends["web"].affinity.type']);
    assert.deepEqual(codes(using({ targets: [target('2001:db8::1')] })), ['E_FEATURE backends["web"].targets']);
    assert.deepEqual(codes(using({ targets: [target('10.0.0.1'), target('10.0.0.2', 80, { weight: 2 })] })), [
      'W_FEATURE backends["web"].targets',
    ]);
  });

  test('what is refused stops its own route only, and claims nothing', () => {
    const bad = route(['x.example'], exact('/a'));
    const one = service('a/a', [http([bad, route(['y.example'], prefix('/a'))])], { createdMs: 1 });
    const { groups } = merge([one], limited);
    assert.deepEqual(
      listener(groups, '80/tcp')?.hosts.map(({ host }) => host),
      ['y.example'],
    );
  });
});

describe('groups', () => {
  test('addresses of their own, each apart', () => {
    const address = { list: ['10.0.0.1', '2001:db8::1'], families: [], held: [] };
    const services = [service('a/own', [tcp(80)], { address }), service('a/shared', [tcp(80)])];
    const { groups, problems } = merge(services, all);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      groups.map(({ key, addresses, services: list }) => [key, addresses, list.length]),
      [
        ['default', [], 1],
        ['10.0.0.1', ['10.0.0.1'], 1],
        ['2001:db8::1', ['2001:db8::1'], 1],
      ],
    );
  });

  test('in a cloud each service or bundle has its own, by the order it states', () => {
    const bundle = (order: number) => ({ bundle: { key: 'shop', order } });
    const services = [
      service('a/late', [http([route(['x.example'])])], { createdMs: 1, ...bundle(2) }),
      service('a/early', [http([route(['x.example'])])], { createdMs: 2, ...bundle(1) }),
      service('a/alone', [http([route(['x.example'])])]),
    ];
    const { groups, problems } = merge(services, { ...all, sharing: 'bundle' });
    assert.deepEqual(groups.map(({ key }) => key).sort(), ['a/alone', 'shop']);
    assert.deepEqual(
      problems.map(({ service: id }) => id),
      ['a/late'],
    );
  });
});

describe('sharing', () => {
  const services = ['a', 'b', 'c'].map((name, i) =>
    service(`x/${name}`, [http([route([`${name}.example`])])], { createdMs: i }),
  );

  test('the same list is the same result', () => {
    assert.equal(merge(services, all), merge(services, all));
  });

  test('an equal list keeps everything; a changed service keeps the other hosts', () => {
    const first = merge(services, all);
    assert.equal(merge([...services].reverse(), all, first).groups, first.groups);
    const [a, , c] = services;
    const changed = service('x/b', [http([route(['b.example'], prefix('/new'))])], { createdMs: 1 });
    assert.ok(a !== undefined && c !== undefined);
    const second = merge([a, changed, c], all, first);
    const hosts = listener(second.groups, '80/tcp')?.hosts ?? [];
    const before = listener(first.groups, '80/tcp')?.hosts ?? [];
    assert.deepEqual(
      hosts.map((host, i) => host === before[i]),
      [true, false, true],
    );
  });
});
