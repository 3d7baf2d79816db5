/** What our annotations ask for, from the YAML of a Service or an Ingress to answers of a real HAProxy. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { listen } from '../fakes/listen.ts';
import { http, route, service } from '../front/make-service.ts';
import { type Answer, exchange, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';
import { readYaml } from '../sources/kubernetes/read-yaml.ts';

const server = createServer((request, response) => {
  response.setHeader('Server', 'origin');
  request.resume();
  request.on('end', () => response.end(JSON.stringify({ url: request.url, headers: request.headers })));
});
/** Answers with the first line that a connection brings. */
const raw = createTcpServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', (chunk) => {
    const [line = ''] = String(chunk).split('\r\n');
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${line.length}\r\n\r\n${line}`);
  });
});
let [port, rawPort] = [0, 0];

const login = execFileSync('openssl', ['passwd', '-5', 'secret'], { encoding: 'utf8' }).trim();

const objects = (
  name: string,
  kind: 'Service' | 'Ingress',
  annotations: Record<string, string>,
  at: number,
): string => {
  const own = JSON.stringify(Object.fromEntries(Object.entries(annotations).map(([k, v]) => [`weir-lb.dev/${k}`, v])));
  const exported = kind === 'Service' ? own : '{}';
  const type = kind === 'Service' ? 'LoadBalancer' : 'ClusterIP';
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop, annotations: ${exported} }
spec: { type: ${type}, ports: [{ name: http, port: 80, appProtocol: http }] }
---
apiVersion: v1
kind: Endpoints
metadata: { name: ${name}, namespace: shop }
subsets: [{ addresses: [{ ip: 127.0.0.1 }], ports: [{ name: http, port: ${at} }] }]
---${
    kind === 'Service'
      ? ''
      : `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name}, namespace: shop, annotations: ${own} }
spec:
  rules:
    - host: ${name}.test
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: ${name}, port: { number: 80 } } } }] }
---`
  }`;
};

const status = ({ head }: Answer): string => head.split(' ')[1] ?? 'none';
const header = ({ head }: Answer, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();

const cases: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  denied: { 'denied-ranges': '127.0.0.0/8' },
  allowed: { 'source-ranges': '127.0.0.0/8', 'denied-ranges': '192.0.2.0/24' },
  auth: { 'auth-secret': 'users', 'auth-realm': 'Staff' },
  closed: { 'auth-secret': 'no-such-secret' },
  rate: { 'rate-limit': '0.01', 'rate-limit-burst': '2' },
  body: { 'body-limit': '4' },
  cors: { 'cors-origins': 'https://shop.test', 'cors-credentials': 'true' },
  headers: {
    'request-headers-set': 'X-A: a: b\nX-B: b',
    'request-headers-remove': 'X-Secret',
    'response-headers-set': 'X-Frame-Options: DENY',
    'response-headers-remove': 'Server',
  },
  prefix: { 'rewrite-prefix': '/api /v1' },
  regex: { 'rewrite-regex': '^/a/(.*) /b/\\1', 'rewrite-host': 'inner.test' },
  sticky: { affinity: 'cookie', 'affinity-cookie': 'LB' },
  proxy: { 'backend-proxy-protocol': 'v1' },
  fresh: { 'backend-reuse': 'never', 'backend-retries': '5', balance: 'leastconn' },
};

describe('annotations under traffic', () => {
  let proxy: RunningProxy | undefined;
  before(async () => {
    [port, rawPort] = [await listen(server), await listen(raw)];
    const secret = `
apiVersion: v1
kind: Secret
metadata: { name: users, namespace: shop }
stringData: { auth: ${JSON.stringify(`ann:${login}`)} }
---`;
    const text = Object.entries(cases).flatMap(([name, annotations]) => [
      objects(name, 'Ingress', annotations, name === 'proxy' ? rawPort : port),
      objects(`s-${name}`, 'Service', { ...annotations, hosts: `s-${name}.test` }, name === 'proxy' ? rawPort : port),
    ]);
    const { services, problems, secrets } = readYaml(secret + text.join(''), { allowTargets: ['127.0.0.0/8'] });
    assert.deepEqual(
      problems.map(({ code, field }) => `${code} ${field}`),
      ['E_USERS_MISSING weir-lb.dev/auth-secret', 'E_USERS_MISSING weir-lb.dev/auth-secret'],
    );
    assert.equal(services.length, Object.keys(cases).length * 2);
    proxy = await startProxy(services, {}, (sha256) => secrets.get(sha256) ?? '');
  });
  after(async () => {
    await proxy?.stop();
    server.close();
    raw.close();
  });

  for (const at of ['', 's-']) {
    describe(at === '' ? 'of an Ingress' : 'of a Service', () => {
      const ask = (name: string, more: readonly string[] = [], start = 'GET /') =>
        exchange(proxy?.port ?? 0, [`${start} HTTP/1.1`, `Host: ${at}${name}.test`, ...more]);
      const seen = async (...args: Parameters<typeof ask>): Promise<{ url: string; headers: Record<string, string> }> =>
        JSON.parse((await ask(...args)).body);

      test('ranges', async () => {
        assert.deepEqual([status(await ask('denied')), status(await ask('allowed'))], ['403', '200']);
      });
      test('users', async () => {
        const basic = (text: string) => [`Authorization: Basic ${Buffer.from(text).toString('base64')}`];
        assert.equal(header(await ask('auth'), 'www-authenticate'), 'Basic realm="Staff"');
        assert.equal(status(await ask('auth', basic('ann:secret'))), '200');
        assert.equal(status(await ask('auth', basic('ann:other'))), '401');
        assert.equal(status(await ask('closed', basic('ann:secret'))), '503');
      });
      test('rate and size', async () => {
        const answers = [status(await ask('rate')), status(await ask('rate')), status(await ask('rate'))];
        assert.deepEqual(answers, ['200', '200', '429']);
        assert.equal(status(await ask('body', ['Content-Length: 5', '', '01234'], 'POST /')), '413');
      });
      test('CORS', async () => {
        const answer = await ask('cors', ['Origin: https://shop.test']);
        assert.equal(header(answer, 'access-control-allow-origin'), 'https://shop.test');
        const foreign = await ask('cors', ['Origin: https://evil.test']);
        assert.equal(header(foreign, 'access-control-allow-origin'), undefined);
      });
      test('headers and rewrites', async () => {
        const answer = await ask('headers', ['X-Secret: s']);
        const { headers } = JSON.parse(answer.body);
        assert.deepEqual([headers['x-a'], headers['x-b'], headers['x-secret']], ['a: b', 'b', undefined]);
        assert.deepEqual([header(answer, 'x-frame-options'), header(answer, 'server')], ['DENY', undefined]);
        assert.equal((await seen('prefix', [], 'GET /api/x?q=1')).url, '/v1/x?q=1');
        const { url, headers: sent } = await seen('regex', [], 'GET /a/x');
        assert.deepEqual([url, sent.host], ['/b/x', 'inner.test']);
      });
      test('affinity, PROXY protocol to the target, connections of their own', async () => {
        assert.match(header(await ask('sticky'), 'set-cookie') ?? '', /^LB=/);
        assert.match((await ask('proxy')).body, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+$/);
        assert.equal(status(await ask('fresh')), '200');
      });
    });
  }

  test('a redirect to TLS asks nobody for a password in the clear', async () => {
    const action = { type: 'redirect', code: 308, scheme: 'https' } as const;
    const filters = [{ type: 'basicAuth', realm: 'a' }] as const;
    const other = await startProxy([service('a/web', [http([route(['x.test'], undefined, { action })], { filters })])]);
    try {
      assert.equal(status(await exchange(other.port, ['GET / HTTP/1.1', 'Host: x.test'])), '308');
    } finally {
      await other.stop();
    }
  });

  test('reuse: never gives each request of a kept connection one of its own', async () => {
    const opened = new Set<number>();
    server.on('request', ({ socket }) => void opened.add(socket.remotePort ?? 0));
    for (const [host, least, most] of [
      ['fresh.test', 4, 4],
      ['allowed.test', 1, 2],
    ] as const) {
      opened.clear();
      await new Promise<void>((resolve, reject) => {
        const socket = connect(proxy?.port ?? 0, '127.0.0.1');
        let answers = 0;
        const send = () => socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\n\r\nx`);
        socket.on('connect', send);
        socket.on('error', reject);
        socket.on('data', () => {
          answers++;
          if (answers < 4) send();
          else socket.end(() => resolve());
        });
      });
      assert.ok(opened.size >= least && opened.size <= most, `${host}: ${opened.size} connections for 4 requests`);
    }
  });
});
