/** What is spoken on both sides of a real HAProxy: HTTP/2, gRPC, WebSocket, and the PROXY protocol to the byte. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp, request } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { listen } from '../fakes/listen.ts';
import { backend, cert, http, https, prefix, route, service, target, tcp } from '../front/make-service.ts';
import { exchange, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

const pem = makeCertificate({ names: ['x.example'] }).bundlePem;

describe('HTTP/2 and gRPC', () => {
  const plain = createHttp((asked, response) =>
    response.end(`${asked.httpVersion} ${asked.headers['x-forwarded-proto']}`),
  );
  const grpc = createHttp2();
  grpc.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-method': String(headers[':path']) }));
    stream.pipe(stream);
  });
  let proxy: RunningProxy | undefined;
  before(async () => {
    const backends = {
      web: backend({ targets: [target('127.0.0.1', await listen(plain))] }),
      grpc: backend({ targets: [target('127.0.0.1', await listen(grpc))], protocol: 'grpc' }),
    };
    const call = { type: 'forward', to: [{ backend: 'grpc', weight: 1 }] } as const;
    const routes = [route(['x.example']), route(['x.example'], prefix('/shop.Cart'), { action: call })];
    proxy = await startProxy(
      [service('a/a', [https(routes, [cert('aa', ['x.example'])])], { backends })],
      {},
      () => pem,
    );
  });
  after(async () => {
    await proxy?.stop();
    plain.closeAllConnections();
    plain.close();
    grpc.close();
  });
  const open = () =>
    connectHttp2(`https://x.example:${proxy?.port}`, {
      host: '127.0.0.1',
      servername: 'x.example',
      rejectUnauthorized: false,
      lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    });

  test('many requests on one HTTP/2 connection', async () => {
    const session = open();
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const stream = session.request({ ':path': '/' });
        let body = '';
        stream.on('data', (chunk: Buffer) => {
          body += String(chunk);
        });
        await once(stream, 'end');
        return body;
      }),
    );
    assert.deepEqual([...new Set(answers)], ['1.1 https']);
    session.close();
  });

  test('gRPC: both ways at once, and the trailers', async () => {
    const session = open();
    const stream = session.request(
      { ':path': '/shop.Cart/Add', ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' },
      { endStream: false },
    );
    stream.write('one');
    const [first] = await once(stream, 'data');
    assert.equal(String(first), 'one');
    stream.end('two');
    const [[second], [trailers]] = await Promise.all([once(stream, 'data'), once(stream, 'trailers')]);
    assert.equal(String(second), 'two');
    assert.equal(trailers['grpc-status'], '0');
    assert.equal(trailers['x-method'], '/shop.Cart/Add');
    session.close();
  });
});

describe('WebSocket and PROXY protocol in', () => {
  const server = createHttp((asked, response) =>
    response.end(`${asked.headers.host} ${asked.headers['x-forwarded-for']}`),
  );
  server.on('upgrade', (asked, socket) => {
    const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
    const accept = hash('sha1', `${asked.headers['sec-websocket-key']}${guid}`, 'base64');
    const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
    socket.on('error', () => undefined).pipe(socket);
  });
  let plain: RunningProxy | undefined;
  let proxied: RunningProxy | undefined;
  let backends = {};
  before(async () => {
    backends = { web: backend({ targets: [target('127.0.0.1', await listen(server))] }) };
    plain = await startProxy([service('a/a', [http([route(['x.example'])])], { backends })]);
    const behind = { proxyProtocol: true };
    const far = { ...behind, sourceRanges: ['198.51.100.0/24'] };
    proxied = await startProxy([
      service('a/a', [http([route(['x.example'])], behind)], { backends }),
      service('a/b', [http([route(['y.example'])], behind)], { backends }),
      service('a/c', [http([route(['far.example'])], far)], { backends }),
    ]);
  });
  after(async () => {
    await plain?.stop();
    await proxied?.stop();
    server.closeAllConnections();
    server.close();
  });

  test('an upgraded connection carries bytes both ways', async () => {
    const headers = {
      host: 'x.example',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const asked = request({ host: '127.0.0.1', port: plain?.port, headers, agent: false });
    asked.end();
    const [response, socket] = await once(asked, 'upgrade');
    assert.equal(response.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    for (const text of ['ping', 'pong']) {
      socket.write(text);
      assert.equal(String((await once(socket, 'data'))[0]), text);
    }
    socket.destroy();
  });

  const line = 'PROXY TCP4 198.51.100.7 192.0.2.1 4711 80';
  for (const host of ['x.example', 'y.example', 'far.example']) {
    test(`the client of ${host} is the one that the PROXY header names`, async () => {
      const { body } = await exchange(proxied?.port ?? 0, [line, 'GET / HTTP/1.1', `Host: ${host}`]);
      assert.equal(body, `${host} 198.51.100.7`);
    });
  }
  test('source ranges judge that client', async () => {
    const { head } = await exchange(proxied?.port ?? 0, [
      line.replace('198.51.100.7', '203.0.113.7'),
      'GET / HTTP/1.1',
      'Host: far.example',
    ]);
    assert.match(head, /^HTTP\/1.1 403/);
  });
  test('with proxyFrom those ranges alone name a client, also before TLS, and nobody is served without a name', async () => {
    const fronts = { proxyProtocol: true };
    const clear = [service('a/a', [http([route(['x.example'])], fronts)], { backends })];
    const secret = [service('a/a', [https([route(['x.example'])], [cert('aa', ['x.example'])], fronts)], { backends })];
    const ranges = ['192.0.2.0/24', '127.0.0.0/8'];
    const named = await startProxy(clear, { proxyFrom: ranges });
    const refusing = await startProxy(clear, { proxyFrom: ranges.slice(0, 1) });
    const ended = await startProxy(secret, { proxyFrom: ranges }, () => pem);
    try {
      const asks = [line, 'GET / HTTP/1.1', 'Host: x.example'];
      assert.equal((await exchange(named.port, asks)).body, 'x.example 198.51.100.7');
      for (const [port, lines] of [
        [named.port, asks.slice(1)],
        [refusing.port, asks],
        [refusing.port, asks.slice(1)],
      ] as const) {
        const text = await exchange(port, lines).then(
          ({ head }) => head,
          () => '',
        );
        assert.equal(text, '');
      }
      const socket = connect(ended.port, '127.0.0.1', () => socket.write(`${line}\r\n`));
      await once(socket, 'connect');
      const secure = connectTls({ socket, servername: 'x.example', rejectUnauthorized: false });
      secure.end('GET / HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\n\r\n');
      let text = '';
      for await (const part of secure) text += String(part);
      assert.match(text, /x\.example 198\.51\.100\.7/);
    } finally {
      await Promise.all([named, refusing, ended].map((one) => one.stop()));
    }
  });
  test('without the header nothing is answered', async () => {
    const text = await exchange(proxied?.port ?? 0, ['GET / HTTP/1.1', 'Host: x.example']).then(
      ({ head }) => head,
      () => '',
    );
    assert.equal(text, '');
  });
});

describe('PROXY protocol out', () => {
  /** The first bytes that a target gets. */
  async function firstBytes(
    proxyProtocolOut: 'v1' | 'v2',
  ): Promise<{ readonly bytes: Buffer; readonly from: number; readonly to: number }> {
    const server = createServer();
    const web = backend({ targets: [target('127.0.0.1', await listen(server))], protocol: 'tcp' });
    const proxy = await startProxy(
      [service('a/a', [tcp(1)], { backends: { web } })],
      {},
      undefined,
      new Map([['a/a', { proxyProtocolOut }]]),
    );
    try {
      // The proxy was tried before with a connection that says nothing: the one that counts says hello.
      const said = new Promise<Buffer>((resolve) => {
        server.on('connection', (socket) => {
          let bytes = Buffer.alloc(0);
          socket
            .on('error', () => undefined)
            .on('data', (chunk: Buffer) => {
              bytes = Buffer.concat([bytes, chunk]);
              if (bytes.includes('hello')) resolve(bytes);
            });
        });
      });
      const client = connect(proxy.port, '127.0.0.1', () => client.write('hello'));
      client.on('error', () => undefined);
      const bytes = await said;
      const from = client.localPort ?? 0;
      client.destroy();
      return { bytes, from, to: proxy.port };
    } finally {
      await proxy.stop();
      server.close();
    }
  }

  test('version 1', async () => {
    const { bytes, from, to } = await firstBytes('v1');
    assert.equal(String(bytes), `PROXY TCP4 127.0.0.1 127.0.0.1 ${from} ${to}\r\nhello`);
  });
  test('version 2', async () => {
    const { bytes, from, to } = await firstBytes('v2');
    const ports = Buffer.alloc(4);
    ports.writeUInt16BE(from, 0);
    ports.writeUInt16BE(to, 2);
    // Signature, version 2 and PROXY, TCP over IPv4, twelve bytes of addresses.
    const head = Buffer.from('0d0a0d0a000d0a515549540a2111000c7f0000017f000001', 'hex');
    assert.deepEqual(bytes, Buffer.concat([head, ports, Buffer.from('hello')]));
  });
});
