import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { merge } from '../../src/front/index.ts';
import type { Capabilities, ExportedService, FrontGroup } from '../../src/model/index.ts';
import { backend, cert, exact, http, https, prefix, route, service, target, tcp } from './make-service.ts';

const all: Capabilities = {
  scope: 'instance',
  sharing: 'balancer',
  protocols: ['tcp', 'udp', 'http', 'https', 'tls'],
  pathTypes: ['exact', 'prefix', 'stringPrefix', 'regex'],
  balances: ['roundrobin', 'leastconn', 'source', 'uri', 'random'],
  affinities: ['source', 'cookie'],
  ipv6: true,
  weights: true,
  writes: 'commit',
  foreign: false,
  health: true,
};

/** Codes with the service that is told, in order. */
function told(services: readonly ExportedService[], capabilities = all): readonly string[] {
  return merge(services, capabilities).problems.map(({ code, service: id }) => `${code} ${id}`);
}

function listener(groups: readonly FrontGroup[], key: string) {
  return groups.flatMap((group) => group.listeners).find((one) => one.key === key);
}

function table(services: readonly ExportedService[], key = '80/tcp') {
  const hosts = listener(merge(services, all).groups, key)?.hosts ?? [];
  return hosts.map(({ host, rules }) => [
    host,
    ...rules.map(({ path, service: { id } }) => `${path.type} ${path.value} ${id}`),
  ]);
}

describe('ports', () => {
  const winner = (services: readonly ExportedService[], key: string) =>
    listener(merge(services, all).groups, key)?.fronts.map((front) => front.service.id);

  test('older wins a port; the loser keeps its others', () => {
    const old = service('z/old', [tcp(80)], { createdMs: 1 });
    const young = service('a/young', [tcp(80), tcp(81)], { createdMs: 2 });
    assert.deepEqual(winner([young, old], '80/tcp'), ['z/old']);
    assert.deepEqual(winner([young, old], '81/tcp'), ['a/young']);
    const [problem] = merge([young, old], all).problems;
    assert.equal(problem?.code, 'E_PORT_CONFLICT');
    assert.equal(problem?.field, 'fronts[0].port');
    assert.equal(problem?.value, '80/tcp');
    assert.match(problem?.message ?? '', /TCP for ExportedService z\/old \(older\)/);
  });

  test('without an age a service comes after those with one, by namespace and name', () => {
    const services = ['b/b', 'a/c', 'a/b'].map((id) => service(id, [tcp(80)], { createdMs: undefined }));
    assert.deepEqual(winner(services, '80/tcp'), ['a/b']);
    assert.deepEqual(winner([...services, service('z/z', [tcp(80)], { createdMs: 9 })], '80/tcp'), ['z/z']);
  });

  test('TCP and UDP on one number are two ports, tcp_udp takes both', () => {
    const udp = service('a/udp', [{ ...tcp(53), protocol: 'udp' }], { createdMs: 2 });
    const plain = service('a/tcp', [tcp(53)], { createdMs: 1 });
    assert.deepEqual(told([udp, plain]), []);
    const both = service('a/both', [{ ...tcp(53), protocol: 'tcp_udp' }], { createdMs: 3 });
    assert.deepEqual(told([udp, plain, both]), ['E_PORT_CONFLICT a/both']);
    assert.deepEqual(told([udp, plain, { ...both, origin: { ...both.origin, createdMs: 0 } }]), [
      'E_PORT_CONFLICT a/tcp',
      'E_PORT_CONFLICT a/udp',
    ]);
  });

  test('TCP against HTTP, HTTP against HTTPS, and PROXY against none', () => {
    const first = service('a/http', [http([route([], prefix('/'))])], { createdMs: 1 });
    assert.deepEqual(told([first, service('a/tcp', [tcp(80)], { createdMs: 2 })]), ['E_PORT_CONFLICT a/tcp']);
    const secure = https([route(['x.example'])], [cert('aa', ['x.example'])], { port: 80 });
    assert.deepEqual(told([first, service('a/https', [secure], { createdMs: 2 })]), ['E_PORT_CONFLICT a/https']);
    const proxied = http([route(['x.example'])], { proxyProtocol: true });
    const [problem] = merge([first, service('a/proxied', [proxied], { createdMs: 2 })], all).problems;
    assert.match(problem?.message ?? '', /without the PROXY protocol/);
  });

  test('ranges overlap', () => {
    const range = service('a/range', [{ ...tcp(100), endPort: 200 }], { createdMs: 1 });
    assert.deepEqual(told([range, service('a/in', [tcp(150)], { createdMs: 2 })]), ['E_PORT_CONFLICT a/in']);
    assert.deepEqual(told([range, service('a/out', [tcp(201)], { createdMs: 2 })]), []);
    assert.deepEqual(told([service('a/bad', [{ ...tcp(100), endPort: 99 }])]), ['E_PORT a/bad']);
  });

  test('HTTPS opens with a certificate; without one it only joins', () => {
    const bare = service('a/bare', [https([route(['b.example'])], [])], { createdMs: 1 });
    assert.deepEqual(told([bare]), ['E_CERT_MISSING a/bare']);
    assert.deepEqual(merge([bare], all).groups[0]?.listeners, []);
    const with_ = service('a/with', [https([route(['w.example'])], [cert('aa', ['w.example'])])], { createdMs: 2 });
    assert.deepEqual(told([bare, with_]), []);
    assert.deepEqual(winner([bare, with_], '443/tcp'), ['a/with', 'a/bare']);
  });
});

describe('routes', () => {
  test('same host and path: older wins, the other is told and keeps the rest', () => {
    const old = service('a/old', [http([route(['x.example'], prefix('/a/'))])], { createdMs: 1 });
    const young = service(
      'a/young',
      [http([route(['x.example', 'y.example'], prefix('/a')), route(['x.example'], prefix('/b'))])],
      { createdMs: 2 },
    );
    assert.deepEqual(told([young, old]), ['E_ROUTE_CONFLICT a/young']);
    assert.deepEqual(table([young, old]), [
      ['x.example', 'prefix /a a/old', 'prefix /b a/young'],
      ['y.example', 'prefix /a a/young'],
    ]);
  });

  test('with other conditions both stay; the same conditions in another order conflict', () => {
    const headers = [
      { name: 'A', type: 'exact', value: '1' },
      { name: 'b', type: 'present' },
    ] as const;
    const old = service('a/old', [http([route(['x.example'], prefix('/'))])], { createdMs: 1 });
    const conditional = service('a/cond', [http([route(['x.example'], prefix('/'), { headers })])], { createdMs: 2 });
    assert.deepEqual(told([old, conditional]), []);
    const turned = [
      { name: 'B', type: 'present' },
      { name: 'a', type: 'exact', value: '1' },
    ] as const;
    const again = service('a/again', [http([route(['x.example'], undefined, { headers: turned })])], { createdMs: 3 });
    assert.deepEqual(told([old, conditional, again]), ['E_ROUTE_CONFLICT a/again']);
    assert.deepEqual(table([old, conditional]), [['x.example', 'prefix / a/cond', 'prefix / a/old']]);
  });

  test('match order: longest, exact before regex before prefix before string prefix, more conditions', () => {
    const routes = [
      route(['x.example'], { type: 'stringPrefix', value: '/abc' }),
      route(['x.example'], prefix('/abc')),
      route(['x.example'], { type: 'regex', value: '/abc' }),
      route(['x.example'], exact('/abc')),
      route(['x.example'], prefix('/abcd')),
      route(['x.example'], prefix('/abc'), { methods: ['GET'] }),
    ];
    assert.deepEqual(table([service('a/a', [http(routes)])]), [
      [
        'x.example',
        ...['prefix /abcd', 'exact /abc', 'regex /abc', 'prefix /abc', 'prefix /abc', 'stringPrefix /abc'].map(
          (text) => `${text} a/a`,
        ),
      ],
    ]);
  });

  test('hosts: exact before wildcard before every', () => {
    const routes = [route([], prefix('/')), route(['*.x.example']), route(['A.x.example'])];
    assert.deepEqual(
      table([service('a/a', [http(routes)])]).map(([host]) => host),
      ['a.x.example', '*.x.example', ''],
    );
  });

  test('a service whose only route is lost is out, with its certificates', () => {
    const old = service('a/old', [https([route(['x.example'])], [cert('aa', ['x.example'])])], { createdMs: 1 });
    const young = service('a/young', [https([route(['x.example'])], [cert('bb', ['other.example'])])], {
      createdMs: 2,
    });
    const { groups } = merge([young, old], all);
    assert.deepEqual(
      groups[0]?.services.map(({ id }) => id),
      ['a/old'],
    );
    assert.equal(listener(groups, '443/tcp')?.certs.length, 1);
  });
});

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
