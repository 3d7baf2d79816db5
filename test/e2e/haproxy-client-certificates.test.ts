/** Client certificates at a real HAProxy: asked for at some hosts of a port, and never got around by another host's connection. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { merge } from '../../src/front/index.ts';
import type { Front } from '../../src/model/index.ts';
import { listen } from '../fakes/listen.ts';
import { backend, cert, https, route, service, target } from '../front/make-service.ts';
import { all } from '../front/merged.ts';
import { type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

const authority = makeCertificate({ names: ['authority.test'], authority: true });
const stranger = makeCertificate({ names: ['stranger.test'], authority: true });
const known = makeCertificate({ names: ['client-7'], issuer: authority });
const unknown = makeCertificate({ names: ['client-7'], issuer: stranger });
const pems: Readonly<Record<string, string>> = {
  aa: makeCertificate({ names: ['*.shop.test', 'open.test'] }).bundlePem,
  ca: authority.certPem,
};
const wild = cert('aa', ['*.shop.test', 'open.test']);

function mutual(hosts: readonly string[], ca = 'ca', more: Partial<Front> = {}): Front {
  const front = https([route(hosts)], [wild], more);
  return { ...front, tls: { mode: 'mutual', certs: [wild], ca: cert(ca, []) } };
}

const server = createServer((asked, response) => response.end(JSON.stringify(asked.headers)));

describe('client certificates', () => {
  let proxy: RunningProxy | undefined;
  before(async () => {
    const backends = { web: backend({ targets: [target('127.0.0.1', await listen(server))] }) };
    proxy = await startProxy(
      [
        service('a/open', [https([route(['open.test', 'open.shop.test'])], [wild])], { backends }),
        service('a/closed', [mutual(['closed.shop.test'])], { backends, createdMs: 2 }),
      ],
      {},
      (sha256) => pems[sha256.slice(0, 2)] ?? '',
    );
  });
  after(async () => {
    await proxy?.stop();
    server.close();
  });

  interface Asked {
    readonly status: string;
    readonly headers: Record<string, string | undefined>;
    readonly resumed: boolean;
    readonly session: Buffer | undefined;
  }
  /** One request; `status` is `refused` when the handshake fails. */
  function ask(servername: string, host: string, more: ConnectionOptions = {}): Promise<Asked> {
    return new Promise((resolve) => {
      let text = '';
      let session: Buffer | undefined;
      let resumed = false;
      const lines = [
        'GET / HTTP/1.1',
        `Host: ${host}`,
        'X-SSL-Client-CN: admin',
        'X-SSL-Client-Other: x',
        'Connection: close',
      ];
      const socket = connect(
        { host: '127.0.0.1', port: proxy?.port ?? 0, servername, rejectUnauthorized: false, ...more },
        () => {
          resumed = socket.isSessionReused();
          socket.write(`${lines.join('\r\n')}\r\n\r\n`);
        },
      );
      socket.on('session', (ticket) => {
        session = ticket;
      });
      socket.on('data', (chunk: Buffer) => {
        text += String(chunk);
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        const [head = '', body = ''] = text.split('\r\n\r\n');
        const status = head.split(' ')[1] ?? 'refused';
        resolve({
          status,
          headers: status === '200' ? JSON.parse(body) : {},
          resumed,
          session,
        });
      });
    });
  }
  const as = (one: typeof known): ConnectionOptions => ({ cert: one.bundlePem, key: one.keyPem });

  test('a client of the authority is let in, and the target is told who it is', async () => {
    const { status, headers } = await ask('closed.shop.test', 'closed.shop.test', as(known));
    assert.equal(status, '200');
    assert.equal(headers['x-ssl-client-verify'], 'SUCCESS');
    assert.equal(headers['x-ssl-client-cn'], 'client-7');
    assert.equal(headers['x-ssl-client-other'], undefined);
    const der = Buffer.from(headers['x-ssl-client-cert'] ?? '', 'base64');
    assert.equal(der.toString('base64'), known.certPem.replace(/-----[A-Z ]+-----|\s/g, ''));
  });
  test('without a certificate, or with one of somebody else, there is no connection', async () => {
    assert.equal((await ask('closed.shop.test', 'closed.shop.test')).status, 'refused');
    assert.equal((await ask('closed.shop.test', 'closed.shop.test', as(unknown))).status, 'refused');
  });
  for (const host of ['open.test', 'open.shop.test']) {
    test(`${host} asks for none, and what a client says of itself is removed`, async () => {
      const { status, headers } = await ask(host, host);
      assert.equal(status, '200');
      assert.equal(headers['x-ssl-client-cn'], undefined);
    });
  }
  for (const who of [undefined, known, unknown]) {
    const name = who === undefined ? 'without a certificate' : who === known ? 'with one' : 'with a wrong one';
    test(`over the connection of another host, ${name}: 421`, async () => {
      const more = who === undefined ? {} : as(who);
      assert.equal((await ask('open.test', 'closed.shop.test', more)).status, '421');
      assert.equal((await ask('unknown.test', 'closed.shop.test', more)).status, '421');
    });
  }
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`${version}: a session of another host, resumed, opens nothing`, async () => {
      const only = { minVersion: version, maxVersion: version };
      const { session } = await ask('open.test', 'open.test', only);
      assert.ok(session !== undefined);
      assert.equal((await ask('open.test', 'open.test', { ...only, session })).resumed, true);
      assert.notEqual((await ask('closed.shop.test', 'closed.shop.test', { ...only, session })).status, '200');
    });
    test(`${version}: a session of its own, resumed, is let in`, async () => {
      const only = { ...as(known), minVersion: version, maxVersion: version };
      const { session } = await ask('closed.shop.test', 'closed.shop.test', only);
      assert.ok(session !== undefined);
      const again = await ask('closed.shop.test', 'closed.shop.test', { ...only, session });
      assert.deepEqual([again.status, again.headers['x-ssl-client-cn']], ['200', 'client-7']);
    });
  }
});

describe('who may ask for client certificates', () => {
  const able = { ...all, features: ['clientCertificates'] } as const;
  const open = service('a/open', [https([route(['open.test'])], [wild])]);
  const problems = (front: Front) =>
    merge([open, service('a/b', [front], { createdMs: 2 })], able).problems.map(
      ({ code, field }) => `${code} ${field}`,
    );
  test('not at a host that an older service serves without', () => {
    assert.deepEqual(problems(mutual(['open.test'])).sort(), ['E_ROUTE_CONFLICT fronts[0].routes[0]']);
    const beside = { ...mutual([]), routes: [route(['open.test'], { type: 'prefix', value: '/admin' })] };
    assert.deepEqual(problems(beside), ['E_ROUTE_CONFLICT fronts[0].tls.mode']);
  });
  test('one authority at a port', () => {
    const two = [
      service('a/a', [mutual(['a.shop.test'])]),
      service('a/b', [mutual(['b.shop.test'], 'cb')], { createdMs: 2 }),
    ];
    assert.deepEqual(
      merge(two, able).problems.map(({ code, field }) => `${code} ${field}`),
      ['E_PORT_CONFLICT fronts[0].port'],
    );
  });
  test('a provider that cannot ask does not serve the front', () => {
    assert.deepEqual(
      merge([service('a/a', [mutual(['a.shop.test'])])], all).problems.map(({ code }) => code),
      ['E_FEATURE'],
    );
  });
});
