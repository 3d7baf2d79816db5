/** TLS that ends at the targets: several services on one port of a real HAProxy, told apart by the name in the hello. */
import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect, createServer, type Server } from 'node:tls';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { merge } from '../../src/front/index.ts';
import type { ExportedService, Front } from '../../src/model/index.ts';
import { listen } from '../fakes/listen.ts';
import { backend, cert, https, route, service, target } from '../front/make-service.ts';
import { all } from '../front/merged.ts';
import { type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

const names = ['a', 'b', 'wild', 'one', 'two', 'rest'] as const;

/** Speaks TLS with a certificate of its own and says its name. */
function startTarget(name: string): Server {
  const { bundlePem } = makeCertificate({ names: [`${name}.target`] });
  return createServer({ cert: bundlePem, key: bundlePem }, (socket) => socket.end(name));
}

const to = (...shares: readonly (readonly [string, number])[]) =>
  ({ type: 'forward', to: shares.map(([name, weight]) => ({ backend: name, weight })) }) as const;

function passing(hosts: readonly string[], action: ReturnType<typeof to>, more: Partial<Front> = {}): Front {
  const routes = [{ hosts, filters: [], action, order: 0 }];
  return { key: 'tls', port: 443, protocol: 'tls', tls: { mode: 'passthrough', certs: [] }, routes, ...more };
}

describe('TLS passed through', () => {
  const servers = new Map(names.map((name) => [name, startTarget(name)]));
  let proxy: RunningProxy | undefined;
  before(async () => {
    const backends: Record<string, ExportedService['backends'][string]> = {};
    for (const [name, server] of servers)
      backends[name] = backend({ targets: [target('127.0.0.1', await listen(server))], protocol: 'tcp' });
    const { default: _, ...rest } = passing([], to(['rest', 1]));
    proxy = await startProxy([
      service('s/a', [passing(['a.test', 'deep.b.test'], to(['a', 1]))], { backends }),
      service('s/b', [passing(['b.test', 'shared.test'], to(['b', 1]))], { backends }),
      service('s/wild', [passing(['*.b.test'], to(['wild', 1]))], { backends }),
      service('s/shared', [passing(['weighted.test'], to(['one', 1], ['two', 1]))], { backends }),
      service('s/closed', [passing(['closed.test'], to(['a', 1]), { deniedRanges: ['127.0.0.0/8'] })], { backends }),
      service('s/missing', [passing(['missing.test'], to(['nowhere', 1]))], { backends }),
      service('s/rest', [{ ...rest, routes: [], default: to(['rest', 1]) }], { backends }),
    ]);
  });
  after(async () => {
    await proxy?.stop();
    for (const server of servers.values()) server.close();
  });

  /** Who answers, or `closed`. */
  async function ask(servername: string | undefined): Promise<string> {
    const sni = servername === undefined ? {} : { servername };
    const socket = connect({ host: '127.0.0.1', port: proxy?.port ?? 0, rejectUnauthorized: false, ...sni });
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += String(chunk);
    });
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
    return text === '' ? 'closed' : text;
  }

  for (const [name, who] of [
    ['a.test', 'a'],
    ['A.Test', 'a'],
    ['deep.b.test', 'a'],
    ['b.test', 'b'],
    ['x.b.test', 'wild'],
    ['y.x.b.test', 'rest'],
    ['a.test.evil', 'rest'],
    ['unknown.test', 'rest'],
    [undefined, 'rest'],
    ['closed.test', 'closed'],
    ['missing.test', 'closed'],
  ] as const) {
    test(`${name ?? 'no name'} → ${who}`, async () => assert.equal(await ask(name), who));
  }

  test('shares', async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 60 && seen.size < 2; i++) seen.add(await ask('weighted.test'));
    assert.deepEqual([...seen].sort(), ['one', 'two']);
  });

  test('what is no TLS is closed', async () => {
    const socket = connectTcp(proxy?.port ?? 0, '127.0.0.1', () =>
      socket.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'),
    );
    socket.on('error', () => undefined);
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await new Promise((resolve) => socket.once('close', resolve));
    assert.equal(bytes, 0);
  });
});

describe('who shares a port', () => {
  const able = { ...all, features: ['sniRoutes'] } as const;
  const problems = (...services: readonly ExportedService[]) =>
    merge(services, able).problems.map(({ code, service: id, field }) => `${code} ${id} ${field}`);
  const older = service('a/a', [passing(['a.test'], to(['web', 1]))]);
  const { routes: _, ...plain } = passing([], to(['web', 1]));
  const taking: Front = { ...plain, routes: [], default: to(['web', 1]) };

  test('the older service has the name; the younger keeps its others', () => {
    const younger = service('a/b', [passing(['a.test', 'b.test'], to(['web', 1]))], { createdMs: 2 });
    assert.deepEqual(problems(older, younger), ['E_ROUTE_CONFLICT a/b fronts[0].routes[0]']);
  });
  test('one service takes the rest', () => {
    const rest = service('a/b', [taking], { createdMs: 2 });
    assert.deepEqual(problems(older, rest), []);
    assert.deepEqual(problems(older, rest, service('a/c', [taking], { createdMs: 3 })), [
      'E_PORT_CONFLICT a/c fronts[0].port',
    ]);
  });
  test('HTTPS that ends here cannot be beside', () => {
    const ending = service('a/b', [https([route(['b.test'])], [cert('aa', ['b.test'])])], { createdMs: 2 });
    assert.deepEqual(problems(older, ending), ['E_PORT_CONFLICT a/b fronts[0].port']);
  });
  test('a provider that does not read names serves none of them', () => {
    assert.deepEqual(
      merge([older], all).problems.map(({ code }) => code),
      ['E_FEATURE'],
    );
  });
});
