import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { merge } from '../../src/front/index.ts';
import type { ExportedService } from '../../src/model/index.ts';
import { cert, exact, http, https, prefix, route, service, tcp } from './make-service.ts';
import { all, listener, table, told } from './merged.ts';

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
    assert.match(problem?.message ?? '', /TCP for ExportedService z\/old \(older: created [-0-9T:.]+Z\)/);
  });

  test('without an age a service comes after those with one, by namespace and name', () => {
    const services = ['b/b', 'a/c', 'a/b'].map((id) => service(id, [tcp(80)], { createdMs: undefined }));
    assert.deepEqual(winner(services, '80/tcp'), ['a/b']);
    const ids = ['1', '2'].map((id, i) => ({ ...service(`a/${2 - i}`, [tcp(80)], { createdMs: undefined }), id }));
    assert.deepEqual(winner(ids, '80/tcp'), ['2'], 'the name counts before the id');
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
