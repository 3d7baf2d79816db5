import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { KubeError, resourcePath } from '../../src/kube/index.ts';
import { listen } from '../fakes/listen.ts';
import { clusterTo, startApi } from './cluster-to.ts';
import { certificate, respond, send } from './fake-api.ts';

const path = '/api/v1/configmaps';

async function failure(work: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof KubeError, `${error}`);
  return error;
}

describe('requests', () => {
  it('say what they want in the words of the API', async (t) => {
    const api = await startApi(t);
    api.intercept = ({ stream }) => {
      send(stream, 200, { kind: 'ok' });
      return true;
    };
    const { cluster } = await clusterTo(t, api.port);
    await cluster.get(path, { query: { labelSelector: 'a in (b, c)', x: 'ü&=' } });
    await cluster.create(path, { kind: 'ConfigMap' }, { fieldManager: 'weir' });
    await cluster.patch(`${path}/a/status`, { a: 1 }, { type: 'merge', fieldManager: 'weir' });
    await cluster.patch(`${path}/a`, [{ op: 'remove', path: '/a' }], { type: 'json', fieldManager: 'weir' });
    await cluster.patch(`${path}/a`, { kind: 'ConfigMap' }, { type: 'apply', fieldManager: 'weir', force: true });
    await cluster.delete(`${path}/a`, { preconditions: { uid: 'u', resourceVersion: '7' }, propagation: 'Background' });
    const told = api.asked.map(({ method, path: asked, query, headers, body }) =>
      [method, asked, `${query}`, headers['content-type'], body].filter(Boolean).join(' '),
    );
    assert.deepEqual(told, [
      'GET /api/v1/configmaps labelSelector=a+in+%28b%2C+c%29&x=%C3%BC%26%3D',
      'POST /api/v1/configmaps fieldManager=weir application/json {"kind":"ConfigMap"}',
      'PATCH /api/v1/configmaps/a/status fieldManager=weir application/merge-patch+json {"a":1}',
      'PATCH /api/v1/configmaps/a fieldManager=weir application/json-patch+json [{"op":"remove","path":"/a"}]',
      'PATCH /api/v1/configmaps/a fieldManager=weir&force=true application/apply-patch+yaml {"kind":"ConfigMap"}',
      'DELETE /api/v1/configmaps/a application/json {"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u","resourceVersion":"7"},"propagationPolicy":"Background"}',
    ]);
    assert.equal(new Set(api.asked.map(({ stream }) => stream.session)).size, 1, 'one session for all');
  });

  it('fail with what the Status says', async (t) => {
    const api = await startApi(t);
    const { cluster } = await clusterTo(t, api.port);
    const answers = [
      [409, { code: 409, reason: 'Conflict', message: 'was\nmodified' }, {}, /of test: was modified$/, undefined],
      [
        429,
        { code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 3 } },
        { 'retry-after': '9' },
        /no message/,
        3_000,
      ],
      [503, { code: 503 }, { 'retry-after': '9' }, /no message/, 9_000],
    ] as const;
    for (const [status, body, headers, message, retryAfterMs] of answers) {
      api.intercept = ({ stream }) => {
        respond(stream, status, body, headers);
        return true;
      };
      const error = await failure(cluster.get(path));
      assert.equal(error.code, status);
      assert.match(error.message, message);
      assert.equal(error.retryAfterMs, retryAfterMs);
    }
    api.intercept = ({ stream }) => {
      send(stream, 302, '', { location: 'https://login', server: 'proxy' });
      return true;
    };
    assert.match((await failure(cluster.get(path))).message, /HTTP status 302, answered by proxy, redirected/);
  });

  it('never repeat in a message what an answer held', async (t) => {
    const api = await startApi(t);
    const { cluster, logged } = await clusterTo(t, api.port);
    for (const [status, text] of [
      [200, '{"data":{"password":"secret"'],
      [200, '"secret"'],
      [500, 'secret'],
      [401, 'secret'],
    ] as const) {
      api.intercept = ({ stream }) => {
        send(stream, status, text);
        return true;
      };
      const error = await failure(cluster.get(path));
      assert.doesNotMatch(`${error.message} ${error.stack}`, /secret/);
    }
    assert.doesNotMatch(JSON.stringify(logged), /secret|Bearer/);
  });

  it('end at their deadline, with their signal, and with the cluster', async (t) => {
    const api = await startApi(t);
    api.intercept = () => true;
    const { cluster } = await clusterTo(t, api.port, { limits: { requestMs: 100 } });
    assert.equal((await failure(cluster.get(path))).reason, 'Timeout');
    const { cluster: patient } = await clusterTo(t, api.port);
    const stopping = new AbortController();
    const stopped = failure(patient.get(path, stopping.signal));
    const closed = failure(patient.get(path));
    setTimeout(() => stopping.abort(), 20);
    assert.equal((await stopped).reason, 'Aborted');
    assert.equal((await failure(patient.get(path, stopping.signal))).reason, 'Aborted');
    await patient.close();
    assert.equal((await closed).reason, 'Aborted');
    assert.equal((await failure(patient.get(path))).reason, 'Aborted');
  });

  it('refused by the server before it has looked at them are sent once more', async (t) => {
    const api = await startApi(t);
    const { cluster } = await clusterTo(t, api.port);
    let refused = 0;
    api.intercept = ({ stream }) => {
      if (refused++ === 0) stream.close(7);
      else send(stream, 201, { kind: 'ok' });
      return true;
    };
    assert.equal((await cluster.create(path, {})).kind, 'ok');
    assert.equal(refused, 2);
    refused = 0;
    api.intercept = ({ stream }) => {
      refused++;
      stream.close(2);
      return true;
    };
    assert.equal((await failure(cluster.create(path, {}))).reason, 'Closed');
    assert.equal(refused, 1, 'what it may have done is not done twice');
  });

  it('take large answers, and none above the limit', async (t) => {
    const api = await startApi(t);
    const value = 'x'.repeat(20 << 20);
    api.put('large', { v: value });
    const { cluster } = await clusterTo(t, api.port);
    const { items } = await cluster.list(path);
    assert.equal(Object(items[0]).data.v.length, value.length);
    const { cluster: small } = await clusterTo(t, api.port, { limits: { bodyBytes: 1 << 20 } });
    const error = await failure(small.list(path));
    assert.equal(error.reason, 'TooLarge', error.message);
  });

  it('for lists of large objects ask for smaller pages', async (t) => {
    const api = await startApi(t);
    for (let i = 0; i < 64; i++) api.put(`n${i}`, { v: 'x'.repeat(200_000) });
    const { cluster } = await clusterTo(t, api.port, { limits: { bodyBytes: 4 << 20 } });
    assert.equal((await cluster.list(path, { limit: 64 })).items.length, 64);
    const limits = api.asked.map(({ query }) => query.get('limit'));
    assert.deepEqual(limits.slice(0, 2), ['64', '8']);
    assert.ok(limits.length >= 8, limits.join());
  });

  it('name the place of a server that is none, or speaks HTTP/1.1 only', async (t) => {
    const silent = createServer(() => {});
    const silentPort = await listen(silent);
    t.after(() => silent.close());
    const { cluster } = await clusterTo(t, silentPort, { limits: { connectMs: 100 } });
    const late = await failure(cluster.get(path));
    assert.deepEqual([late.reason, late.unsent], ['Timeout', true]);
    const old = createTlsServer({
      cert: certificate.certificate,
      key: certificate.bundle,
      ALPNProtocols: ['http/1.1'],
    });
    const oldPort = await listen(old);
    t.after(() => old.close());
    const { cluster: toOld } = await clusterTo(t, oldPort);
    const error = await failure(toOld.get(path));
    assert.equal(error.reason, 'Http1');
    assert.match(error.message, /speaks HTTP\/1\.1 only: .*ALPN h2/);
    const mute = createTlsServer({ cert: certificate.certificate, key: certificate.bundle, ALPNProtocols: ['h2'] });
    const mutePort = await listen(mute);
    t.after(() => mute.close());
    const { cluster: toMute } = await clusterTo(t, mutePort, { limits: { connectMs: 300 } });
    assert.match((await failure(toMute.get(path))).message, /does not begin HTTP\/2 within 300 ms/);
    const closed = createServer((socket) => socket.destroy());
    const closedPort = await listen(closed);
    closed.close();
    await once(closed, 'close');
    const { cluster: toNone } = await clusterTo(t, closedPort);
    assert.match((await failure(toNone.get(path))).message, /cannot be reached \(ECONNREFUSED\)/);
  });
});

describe('paths', () => {
  it('are those of the API, with every part escaped', () => {
    assert.equal(resourcePath({ apiVersion: 'v1', resource: 'services' }), '/api/v1/services');
    assert.equal(
      resourcePath({
        apiVersion: 'networking.k8s.io/v1',
        resource: 'ingresses',
        namespace: 'a/b',
        name: '?x',
        subresource: 'status',
      }),
      '/apis/networking.k8s.io/v1/namespaces/a%2Fb/ingresses/%3Fx/status',
    );
    assert.throws(() => resourcePath({ apiVersion: 'v1', resource: 'services', namespace: '..' }), TypeError);
  });
});
