/** Who is let in, how often, with how much, from which origin, and who the client is taken for: asked of a real HAProxy. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { ExportedService, Filter } from '../../src/model/index.ts';
import { listen } from '../fakes/listen.ts';
import { backend, http, prefix, route, service, target, tcp } from '../front/make-service.ts';
import { type Answer, exchange, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

const server = createServer((request, response) => {
  response.setHeader('Access-Control-Allow-Origin', 'https://of-the-target.test');
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => response.end(JSON.stringify({ bytes, headers: request.headers })));
});

let serverPort = 0;
before(async () => {
  serverPort = await listen(server);
});
after(() => server.close());

const cors = {
  type: 'cors',
  origins: ['https://shop.test', 'https://*.shop.test:8443'],
  methods: ['GET', 'PUT'],
  headers: [],
  exposeHeaders: ['X-Total'],
  credentials: true,
  maxAgeMs: 600_000,
} as const;

function services(port: number): readonly ExportedService[] {
  const backends = {
    web: backend({ targets: [target('127.0.0.1', port)] }),
    gone: backend({ targets: [target('127.0.0.1', 1)], retries: 0 }),
  };
  const at = (host: string, ...filters: readonly Filter[]) => route([`${host}.example`], prefix('/'), { filters });
  const routes = [
    at('plain'),
    at('allowed', { type: 'sourceRanges', allow: ['127.0.0.0/8'] }),
    route(['gone.example'], prefix('/'), { action: { type: 'forward', to: [{ backend: 'gone', weight: 1 }] } }),
    at('foreign', { type: 'sourceRanges', allow: ['10.0.0.0/8', '192.0.2.0/24'] }),
    at('kept-out', { type: 'sourceRanges', allow: ['127.0.0.0/8'], deny: ['127.0.0.1/32'] }),
    at('small', { type: 'bodyLimit', bytes: 10 }),
    at('slow', { type: 'rateLimit', requestsPerSecond: 0.01, burst: 3 }),
    at('slow-too', { type: 'rateLimit', requestsPerSecond: 0.01, burst: 3 }),
    at('cors', cors),
    at('cors-any', { ...cors, origins: ['*'], credentials: false, headers: ['X-A', 'X-B'] }),
  ];
  const denying = http([route(['denied.example'])], { deniedRanges: ['127.0.0.0/8'] });
  const fronted = http([route(['fronted.example'])], { filters: [{ type: 'bodyLimit', bytes: 5 }] });
  const limited = http([at('other', { type: 'rateLimit', requestsPerSecond: 0.01, burst: 3 })]);
  return [
    service('a/main', [http(routes)], { backends }),
    service('a/denied', [denying], { backends }),
    service('a/fronted', [fronted], { backends }),
    service('a/limited', [limited], { backends }),
  ];
}

const status = ({ head }: Answer): string => head.split(' ')[1] ?? 'none';
const header = ({ head }: Answer, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
const seen = ({ body }: Answer): Record<string, string | undefined> => JSON.parse(body).headers;

describe('guards', () => {
  let proxy: RunningProxy | undefined;
  before(async () => {
    proxy = await startProxy(services(serverPort));
  });
  after(async () => {
    await proxy?.stop();
  });
  const ask = (host: string, more: readonly string[] = [], start = 'GET /') =>
    exchange(proxy?.port ?? 0, [`${start} HTTP/1.1`, `Host: ${host}.example`, ...more]);

  for (const [host, expected] of [
    ['allowed', '200'],
    ['foreign', '403'],
    ['kept-out', '403'],
    ['denied', '403'],
  ] as const) {
    test(`source ranges: ${host} → ${expected}`, async () => assert.equal(status(await ask(host)), expected));
  }

  const post = (host: string, more: readonly string[], body: string) => ask(host, [...more, '', body], 'POST /');
  test('body limit: as long as allowed, longer, of unknown length', async () => {
    assert.equal(
      JSON.parse((await post('small', ['Content-Length: 10', 'Connection: close'], '0123456789')).body).bytes,
      10,
    );
    assert.equal(status(await post('small', ['Content-Length: 11'], '01234567890')), '413');
    assert.equal(status(await post('small', ['Transfer-Encoding: chunked'], '1\r\na\r\n0\r\n\r\n')), '411');
    assert.equal(status(await post('small', [], '')), '411');
    assert.equal(status(await ask('small')), '200');
    assert.equal(status(await ask('small', ['Transfer-Encoding: chunked', '', '1\r\na\r\n0\r\n\r\n'])), '411');
  });

  test('every refusal is a line of text, whoever refuses', async () => {
    const one = async (answer: Promise<Answer>) => {
      const got = await answer;
      return `${header(got, 'content-type')} ${got.body}`;
    };
    assert.equal(await one(ask('foreign')), 'text/plain 403: not allowed\n');
    assert.equal(
      await one(post('small', ['Content-Length: 11', 'Connection: close'], '01234567890')),
      'text/plain 413: the request body is too large\n',
    );
    assert.equal(await one(ask('gone')), 'text/plain 503: no target is available\n');
  });

  test('filters of a front hold for all of its routes', async () => {
    assert.equal(status(await post('fronted', ['Content-Length: 6'], '012345')), '413');
    assert.equal(status(await post('plain', ['Content-Length: 6', 'Connection: close'], '012345')), '200');
  });

  test('rate limit: the burst passes, then 429; counted by service, whatever its routes', async () => {
    const answers: string[] = [];
    for (const host of ['slow', 'slow', 'slow-too', 'slow', 'slow-too']) answers.push(status(await ask(host)));
    assert.deepEqual(answers, ['200', '200', '200', '429', '429']);
    assert.equal(header(await ask('slow'), 'retry-after'), '1');
    assert.equal(status(await ask('other')), '200');
    assert.equal(status(await ask('plain')), '200');
  });

  const preflight = (host: string, origin: string) =>
    ask(
      host,
      [`Origin: ${origin}`, 'Access-Control-Request-Method: PUT', 'Access-Control-Request-Headers: x-q'],
      'OPTIONS /',
    );
  for (const origin of ['https://shop.test', 'https://a.shop.test:8443']) {
    test(`CORS: ${origin} may`, async () => {
      const answer = await preflight('cors', origin);
      assert.equal(status(answer), '204');
      assert.equal(header(answer, 'access-control-allow-origin'), origin);
      assert.equal(header(answer, 'access-control-allow-methods'), 'GET, PUT');
      assert.equal(header(answer, 'access-control-allow-headers'), 'x-q');
      assert.equal(header(answer, 'access-control-allow-credentials'), 'true');
      assert.equal(header(answer, 'access-control-max-age'), '600');
      const got = await ask('cors', [`Origin: ${origin}`]);
      assert.equal(header(got, 'access-control-allow-origin'), origin);
      assert.equal(header(got, 'access-control-expose-headers'), 'X-Total');
      assert.equal(header(got, 'vary'), 'Origin');
    });
  }
  for (const origin of [
    'https://evil.test',
    'https://a.b.shop.test:8443',
    'http://shop.test',
    'https://shop.test.evil',
  ]) {
    test(`CORS: ${origin} may not`, async () => {
      assert.equal(header(await preflight('cors', origin), 'access-control-allow-origin'), undefined);
      assert.equal(header(await ask('cors', [`Origin: ${origin}`]), 'access-control-allow-origin'), undefined);
    });
  }
  test('CORS for everybody', async () => {
    const answer = await preflight('cors-any', 'null');
    assert.equal(header(answer, 'access-control-allow-origin'), '*');
    assert.equal(header(answer, 'access-control-allow-headers'), 'X-A, X-B');
    assert.equal(header(answer, 'access-control-allow-credentials'), undefined);
    assert.equal(
      header(await ask('plain', ['Origin: null']), 'access-control-allow-origin'),
      'https://of-the-target.test',
    );
  });

  test('nobody is believed about the client', async () => {
    const headers = seen(
      await ask('plain', [
        'X-Forwarded-For: 192.0.2.1',
        'X-Real-IP: 192.0.2.1',
        'Forwarded: for=192.0.2.1',
        'X-Forwarded-Proto: https',
      ]),
    );
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(headers['x-real-ip'], '127.0.0.1');
    assert.equal(headers.forwarded, undefined);
    assert.equal(headers['x-forwarded-proto'], 'http');
  });
});

describe('behind proxies that are trusted', () => {
  let trusting: RunningProxy | undefined;
  let strange: RunningProxy | undefined;
  before(async () => {
    trusting = await startProxy(services(serverPort), { trustedProxies: ['127.0.0.0/8', '10.1.0.0/16'] });
    strange = await startProxy(services(serverPort), { trustedProxies: ['10.1.0.0/16'] });
  });
  after(async () => {
    await trusting?.stop();
    await strange?.stop();
  });
  const ask = (proxy: RunningProxy | undefined, host: string, ...more: readonly string[]) =>
    exchange(proxy?.port ?? 0, ['GET / HTTP/1.1', `Host: ${host}.example`, ...more]);

  test('the list is continued, the client is the last that is no proxy', async () => {
    const headers = seen(
      await ask(
        trusting,
        'plain',
        'X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.1.2.3',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: shop.test',
      ),
    );
    assert.equal(headers['x-forwarded-for'], '203.0.113.9, 192.0.2.1, 10.1.2.3, 127.0.0.1');
    assert.equal(headers['x-real-ip'], '192.0.2.1');
    assert.equal(headers['x-forwarded-proto'], 'https');
    assert.equal(headers['x-forwarded-host'], 'shop.test');
  });

  test('source ranges ask for the client, not for the proxy', async () => {
    assert.equal(status(await ask(trusting, 'foreign', 'X-Forwarded-For: 192.0.2.1')), '200');
    assert.equal(status(await ask(trusting, 'allowed', 'X-Forwarded-For: 192.0.2.1')), '403');
    assert.equal(status(await ask(trusting, 'foreign', 'X-Real-IP: 192.0.2.1')), '200');
    assert.equal(status(await ask(trusting, 'foreign')), '403');
  });

  test('each request of a connection has its own client', async () => {
    const get = (client: string) => ['GET / HTTP/1.1', 'Host: foreign.example', `X-Forwarded-For: ${client}`, ''];
    const { head, body } = await exchange(trusting?.port ?? 0, [
      ...get('198.51.100.1'),
      ...get('192.0.2.1'),
      ...get('198.51.100.1').slice(0, 3),
    ]);
    const codes = `${head}\r\n\r\n${body}`.match(/HTTP\/1.1 \d+/g);
    assert.deepEqual(codes, ['HTTP/1.1 403', 'HTTP/1.1 200', 'HTTP/1.1 403']);
  });

  test('others are not believed', async () => {
    const headers = seen(
      await ask(strange, 'plain', 'X-Forwarded-For: 10.1.2.3', 'X-Forwarded-Proto: https', 'X-Real-IP: 10.1.2.3'),
    );
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(headers['x-real-ip'], '127.0.0.1');
    assert.equal(headers['x-forwarded-proto'], 'http');
    assert.equal(status(await ask(strange, 'foreign', 'X-Forwarded-For: 192.0.2.1')), '403');
  });
});

describe('connections that are kept out', () => {
  test('in TCP they are closed before anything is read', async () => {
    const echo = createServer();
    const web = backend({ targets: [target('127.0.0.1', await listen(echo))], protocol: 'tcp' });
    const proxy = await startProxy([
      service('a/tcp', [tcp(1, { deniedRanges: ['127.0.0.0/8'] })], { backends: { web } }),
    ]);
    try {
      await assert.rejects(
        exchange(proxy.port, ['GET / HTTP/1.1', 'Host: x']).then(({ head }) => assert.notEqual(head, '')),
      );
    } finally {
      await proxy.stop();
      echo.close();
    }
  });
});
