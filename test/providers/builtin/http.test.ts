import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { makeCertificate } from '../../../src/cli/demo/certificate.ts';
import type { Route } from '../../../src/model/index.ts';
import { backend, freePort, frontOf, get, group, httpGroup, openRelay, service, to, webTarget } from './rig.ts';

const route: Route = { hosts: [], filters: [], action: { type: 'forward', to: [] }, order: 0 };

describe('builtin HTTP', () => {
  it('chooses by host (exact, one-label wildcard, any) and by path, longest first', async (t) => {
    const port = await freePort();
    const [web, api, wild, any] = await Promise.all(['web', 'api', 'wild', 'any'].map((name) => webTarget(t, name)));
    const shop = service(
      'test/shop',
      { port },
      {
        web: backend([web?.port ?? 0]),
        api: backend([api?.port ?? 0]),
        wild: backend([wild?.port ?? 0]),
        any: backend([any?.port ?? 0]),
      },
    );
    const { apply } = await openRelay(t);
    await apply(
      group(shop, [
        {
          host: 'shop.test',
          rules: [
            { ...to(shop, 'api'), path: { type: 'prefix', value: '/api' }, route },
            { ...to(shop, 'web'), path: { type: 'prefix', value: '/' }, route },
          ],
        },
        { host: '*.shop.test', rules: [{ ...to(shop, 'wild'), path: { type: 'exact', value: '/only' }, route }] },
        { host: '', rules: [{ ...to(shop, 'any'), path: { type: 'regex', value: '^/v[0-9]+/' }, route }] },
      ]),
    );
    const ask = async (host: string, path: string) => {
      const got = await get(port, path, { host });
      return got.target ?? got.status;
    };
    assert.equal(await ask('shop.test', '/'), 'web');
    assert.equal(await ask('SHOP.test:8080', '/api'), 'api');
    assert.equal(await ask('shop.test', '/api/x?y=1'), 'api');
    assert.equal(await ask('shop.test', '/apis'), 'web');
    assert.equal(await ask('a.shop.test', '/only'), 'wild');
    assert.equal(await ask('a.shop.test', '/only/more'), 404);
    assert.equal(await ask('a.b.shop.test', '/only'), 404);
    assert.equal(await ask('other.test', '/v12/x'), 'any');
    assert.equal(await ask('other.test', '/vx/'), 404);
  });

  it('tells the target who asked, believes nothing of the client, and passes the rest', async (t) => {
    const port = await freePort();
    const { port: target } = await webTarget(t, 'one');
    const { apply } = await openRelay(t);
    await apply(httpGroup(port, backend([target])));
    const got = await get(port, '/a%20b?c=d', {
      host: 'x.test',
      headers: {
        'X-Forwarded-For': '9.9.9.9',
        'X-Forwarded-Proto': 'https',
        Connection: 'x-secret',
        'X-Secret': '1',
        'X-Other': '2',
      },
    });
    const seen = JSON.parse(got.body);
    assert.equal(seen.url, '/a%20b?c=d');
    assert.equal(seen.headers.host, 'x.test');
    assert.equal(seen.headers['x-forwarded-for'], '9.9.9.9, 127.0.0.1');
    assert.equal(seen.headers['x-forwarded-proto'], 'http');
    assert.equal(seen.headers['x-forwarded-port'], String(port));
    assert.equal(seen.headers['x-secret'], undefined, 'named in Connection: for the next hop only');
    assert.equal(seen.headers['x-other'], '2');
  });

  it('applies conditions, filters, redirects and fixed answers', async (t) => {
    const port = await freePort();
    const { port: target } = await webTarget(t, 'one');
    const from = service('test/web', { port }, { main: backend([target]) });
    const filters: Route['filters'] = [
      { type: 'rewritePrefix', from: '/old', to: '/new' },
      { type: 'requestHeader', op: 'set', name: 'X-Set', value: 'yes' },
      { type: 'responseHeader', op: 'add', name: 'X-Answer', value: '42' },
      { type: 'host', value: 'inner.test' },
    ];
    const own = { service: from, front: frontOf(from) };
    const { apply } = await openRelay(t);
    await apply(
      group(from, [
        {
          host: '',
          rules: [
            {
              ...own,
              action: { type: 'redirect', code: 301, scheme: 'https', host: 'new.test' },
              path: { type: 'prefix', value: '/moved' },
              route,
            },
            {
              ...own,
              action: { type: 'fixed', status: 418, body: 'tea' },
              path: { type: 'exact', value: '/tea' },
              route,
            },
            {
              ...to(from, 'main'),
              path: { type: 'prefix', value: '/old' },
              route: { ...route, filters, methods: ['GET'], headers: [{ name: 'X-Kind', type: 'exact', value: 'a' }] },
            },
          ],
        },
      ]),
    );
    const moved = await get(port, '/moved/x?y=1');
    assert.deepEqual([moved.status, moved.headers.location], [301, 'https://new.test/moved/x?y=1']);
    assert.deepEqual(await get(port, '/tea').then(({ status, body }) => [status, body]), [418, 'tea']);
    assert.equal((await get(port, '/old/x')).status, 404);
    assert.equal((await get(port, '/old/x', { method: 'POST', headers: { 'X-Kind': 'a' } })).status, 404);
    const got = await get(port, '/old/x', { headers: { 'X-Kind': 'a' } });
    const seen = JSON.parse(got.body);
    assert.deepEqual(
      [seen.url, seen.headers['x-set'], seen.headers.host, got.headers['x-answer']],
      ['/new/x', 'yes', 'inner.test', '42'],
    );
  });

  it('keeps shares by weight between backends and between targets', async (t) => {
    const port = await freePort();
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => webTarget(t, name)));
    const from = service(
      'test/web',
      { port },
      {
        blue: backend([
          { port: a?.port ?? 0, weight: 3 },
          { port: b?.port ?? 0, weight: 1 },
          { port: c?.port ?? 0, weight: 0 },
        ]),
        green: backend([c?.port ?? 0]),
      },
    );
    const { apply } = await openRelay(t);
    await apply(group(from, [{ host: '', rules: [], default: to(from, ['blue', 4], ['green', 1]) }]));
    const counts: Record<string, number> = {};
    for (let i = 0; i < 50; i++) {
      const { target = '' } = await get(port);
      counts[target] = (counts[target] ?? 0) + 1;
    }
    assert.deepEqual(counts, { a: 30, b: 10, c: 10 });
  });

  it('streams bodies both ways without waiting for their end', async (t) => {
    const port = await freePort();
    const { port: target } = await webTarget(t, 'stream', (request, response) => void request.pipe(response));
    const { apply } = await openRelay(t);
    await apply(httpGroup(port, backend([target])));
    const client = connect(port, '127.0.0.1');
    t.after(() => client.destroy());
    client.setEncoding('latin1');
    let seen = '';
    client.on('data', (data) => {
      seen += data;
    });
    client.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
    while (!seen.includes('first')) await once(client, 'data');
    client.write('6\r\nsecond\r\n0\r\n\r\n');
    while (!seen.includes('0\r\n\r\n')) await once(client, 'data');
    assert.match(seen, /^HTTP\/1\.1 200 [\s\S]*first[\s\S]*second/);
  });

  it('does not let a body of unknown length become a second request', async (t) => {
    const port = await freePort();
    const urls: string[] = [];
    const { port: target } = await webTarget(t, 'one', (request, response) => {
      urls.push(request.url ?? '');
      request.resume().on('end', () => response.end('ok'));
    });
    const { apply } = await openRelay(t);
    await apply(httpGroup(port, backend([target])));
    const hidden = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n';
    const got = await get(port, '/outer', { method: 'GET', headers: { 'Transfer-Encoding': 'chunked' }, body: hidden });
    assert.equal(got.status, 200);
    assert.deepEqual(urls, ['/outer']);
  });

  it('passes protocol switches through (WebSocket) and declined ones back', async (t) => {
    const port = await freePort();
    const { port: target, server } = await webTarget(t, 'one');
    server.on('upgrade', (request, socket) => {
      if (request.url === '/no') {
        socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
        return;
      }
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
      );
      socket.on('data', (data: Buffer) => socket.write(`echo ${data}`));
      socket.on('end', () => socket.end());
    });
    const { apply } = await openRelay(t);
    await apply(httpGroup(port, backend([target])));
    const talk = (path: string) => {
      const client = connect(port, '127.0.0.1');
      t.after(() => client.destroy());
      client.setEncoding('latin1');
      client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      return client;
    };
    const client = talk('/ws');
    const [head] = await once(client, 'data');
    assert.match(String(head), /^HTTP\/1\.1 101 [\s\S]*Upgrade: websocket/i);
    client.write('hello');
    assert.equal(String((await once(client, 'data'))[0]), 'echo hello');
    let refused = '';
    for await (const chunk of talk('/no')) refused += chunk;
    assert.match(refused, /^HTTP\/1\.1 403 [\s\S]*no$/);
  });

  it('ends TLS with the certificate of the asked host and takes new ones without a rebind', async (t) => {
    const port = await freePort();
    const { port: target } = await webTarget(t, 'one');
    const secrets = new Map<string, string>();
    const store = (...names: string[]) => {
      const { bundlePem } = makeCertificate({ names });
      const sha256 = createHash('sha256').update(bundlePem).digest('hex');
      secrets.set(sha256, bundlePem);
      return { sha256, origin: `file ${names[0]}`, names };
    };
    const { apply, observe } = await openRelay(t, {}, secrets);
    const put = (certs: ReturnType<typeof store>[]) => {
      const from = service(
        'test/web',
        { port, protocol: 'https', tls: { mode: 'terminate', certs } },
        { main: backend([target]) },
      );
      return apply(
        group(from, [{ host: '', rules: [], default: to(from, 'main') }], {
          certs: certs.map((cert) => ({ cert, hosts: cert.names, service: from.id })),
        }),
      );
    };
    const overTls = async (servername: string) => {
      const client = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
      client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      let text = '';
      for await (const chunk of client) text += chunk;
      return text;
    };
    const named = async (servername: string) => {
      const client = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
      t.after(() => client.destroy());
      await once(client, 'secureConnect');
      return client.getPeerCertificate().subject.CN;
    };
    const [first, wild] = [store('a.test'), store('*.b.test')];
    await put([first, wild]);
    assert.match(await overTls('a.test'), /^HTTP\/1\.1 200 [\s\S]*"x-forwarded-proto":"https"/);
    assert.equal(await named('a.test'), 'a.test');
    assert.equal(await named('x.b.test'), '*.b.test');
    assert.equal(await named('unknown.test'), 'a.test');
    await put([wild, store('c.test')]);
    assert.equal(await named('c.test'), 'c.test');
    assert.equal(await named('a.test'), '*.b.test');
    await put([{ sha256: 'none', origin: 'file gone', names: ['z.test'] }]);
    const listener = (await observe()).find(({ kind }) => kind === 'Listener');
    assert.match(listener?.facts.reason ?? '', /^E_CERT_MISSING .*file gone/);
  });
});
