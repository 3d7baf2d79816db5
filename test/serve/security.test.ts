import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/index.ts';
import { WeirError } from '../../src/model/index.ts';
import { createMetrics, serveApp } from '../../src/serve/index.ts';
import { openTokenCheck } from '../../src/serve/token.ts';
import { fakeDeps } from '../cli/fake-app.ts';
import { ask, listening } from './listening.ts';

const token = 'a-token-of-some-length';

test('a foreign Host is refused on loopback too; ours and configured ones pass', async (t) => {
  const { apiUrl } = await listening(t, { config: { api: { listen: '127.0.0.1:0', hosts: ['weir.example'] } } });
  const status = async (host: string) => (await ask(`${apiUrl}/api/v1/state`, { headers: { host } })).status;
  for (const host of ['localhost', 'LOCALHOST:8377', '127.0.0.1:1', '[::1]:8377', 'weir.example', 'Weir.Example:80']) {
    assert.equal(await status(host), 200, host);
  }
  for (const host of ['evil.example', 'localhost.evil.example', '10.0.0.1', 'weir.example@evil', 'a b']) {
    assert.ok([400, 421].includes(await status(host)), host);
  }
});

test('nothing but GET and HEAD, on any path', async (t) => {
  const { apiUrl } = await listening(t);
  for (const path of ['/', '/api/v1/state', '/api/v1/plans', '/login', '/nowhere']) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const { status } = await ask(`${apiUrl}${path}`, { method });
      // Without a token there is no login at all.
      assert.equal(status, path === '/login' && method === 'POST' ? 404 : 405, `${method} ${path}`);
    }
  }
  assert.equal((await ask(`${apiUrl}/api/v1/state`, { method: 'HEAD' })).status, 200);
});

test('every answer of the API listener carries the policy', async (t) => {
  const { apiUrl } = await listening(t);
  for (const path of ['/', '/api/v1/state', '/page.js', '/style.css', '/nowhere', '/api/v1/stream']) {
    const { headers } = path.endsWith('stream') ? await head(`${apiUrl}${path}`) : await ask(`${apiUrl}${path}`);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/, path);
    assert.match(policy, /form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'$/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.equal(headers['access-control-allow-origin'], undefined);
  }
});

async function head(url: string) {
  const response = await fetch(url);
  await response.body?.cancel();
  return { headers: Object.fromEntries(response.headers) };
}

test('with a token: programs get 401, browsers the login, the right token passes', async (t) => {
  const config = { api: { listen: '127.0.0.1:0', tokenFile: 'token' } };
  const files = { token: `${token}\n` };
  const { apiUrl, metricsUrl } = await listening(t, { config, files });
  const state = `${apiUrl}/api/v1/state`;
  assert.equal((await ask(state)).status, 401);
  assert.equal((await ask(state, { headers: { authorization: `Bearer ${token}x` } })).status, 401);
  assert.equal((await ask(state, { headers: { authorization: 'Bearer ' } })).status, 401);
  assert.equal((await ask(state, { headers: { authorization: `Bearer ${token}` } })).status, 200);
  assert.equal((await ask(`${apiUrl}/api/v1/stream`)).status, 401);
  const page = await ask(`${apiUrl}/`, { headers: { accept: 'text/html' } });
  assert.deepEqual([page.status, page.headers.location], [303, '/login']);
  assert.equal((await ask(`${metricsUrl}/healthz`)).status, 200, 'probes need no token');
});

test('login: the token once, then a cookie that is not the token', async (t) => {
  const config = { api: { listen: '127.0.0.1:0', tokenFile: 'token' } };
  const { apiUrl } = await listening(t, { config, files: { token } });
  const post = (body: string, more: Record<string, string> = {}) =>
    ask(`${apiUrl}/login`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...more },
    });
  assert.equal((await post('token=wrong')).status, 401);
  assert.equal((await post(`token=${token}`, { 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await post(`token=${token}`, { 'content-type': 'text/plain' })).status, 415);
  assert.equal((await post(`token=${'x'.repeat(10_000)}`)).status, 413);
  const good = await post(`token=${token}`);
  assert.deepEqual([good.status, good.headers.location], [303, '/']);
  const cookie = String(good.headers['set-cookie']);
  assert.match(cookie, /^weir_session=[\w-]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/);
  assert.ok(!cookie.includes(token));
  const [pair = ''] = cookie.split(';');
  assert.equal((await ask(`${apiUrl}/`, { headers: { cookie: pair } })).status, 200);
  assert.equal((await ask(`${apiUrl}/`, { headers: { cookie: 'weir_session=forged' } })).status, 401);
});

test('a new token is in force at once, a lost file refuses everybody', async (t) => {
  const files: Record<string, string> = { token };
  const { apiUrl } = await listening(t, { config: { api: { listen: '127.0.0.1:0', tokenFile: 'token' } }, files });
  const status = async (bearer: string) =>
    (await ask(`${apiUrl}/`, { headers: { authorization: `Bearer ${bearer}` } })).status;
  files.token = 'another-token-of-length';
  assert.deepEqual([await status(token), await status(files.token)], [401, 200]);
  delete files.token;
  assert.deepEqual([await status('another-token-of-length'), await status('')], [401, 401]);
});

test('others may reach the API only with a token; a short or missing one is refused at start', async () => {
  const start = async (api: object, files: Record<string, string> = {}) => {
    const config = configSchema.parse({ api, metrics: { listen: '' } });
    const app = await fakeDeps().deps.open(config);
    const metrics = createMetrics('9', () => undefined);
    const served = await serveApp({
      app,
      metrics,
      log: { error: () => undefined },
      read: async (path) => files[path],
      now: () => 0,
    });
    await served.close();
  };
  const refused = (key: RegExp) => (error: unknown) =>
    error instanceof WeirError && error.code === 'E_LISTEN_AUTH' && key.test(error.message);
  await assert.rejects(start({ listen: '0.0.0.0:0' }), refused(/no api\.tokenFile/));
  await assert.rejects(start({ listen: '[::]:0' }), refused(/no api\.tokenFile/));
  await assert.rejects(start({ listen: '0.0.0.0:0', tokenFile: 'gone' }), refused(/at least 16/));
  await assert.rejects(start({ listen: '127.0.0.1:0', tokenFile: 't' }, { t: 'short' }), refused(/at least 16/));
  await start({ listen: '127.0.0.1:0', tokenFile: 't' }, { t: token });
});

test('a file that has become empty lets nobody in, not even with the token or the cookie of nothing', async () => {
  let content = token;
  const check = await openTokenCheck('token', async () => content);
  assert.equal(await check.session(check.sessionFor(token)), true);
  for (content of ['', 'short']) {
    assert.equal(await check.bearer(content), false);
    assert.equal(await check.session(check.sessionFor(content)), false);
  }
});

test('a port that is taken is named with its setting, and the other listener is closed again', async (t) => {
  const { apiUrl = '', metricsUrl = '', close } = await listening(t);
  const [free, other] = [metricsUrl, apiUrl].map((url) => new URL(url).host);
  await close();
  const blocker = await listening(t, { config: { api: { listen: other }, metrics: { listen: '' } } });
  assert.equal(blocker.metricsUrl, undefined);
  const error = await listening(t, { config: { api: { listen: other }, metrics: { listen: free } } }).catch(
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof WeirError && error.code === 'E_PORT_TAKEN');
  const holder =
    process.platform === 'linux' ? new RegExp(`is taken by process ${process.pid} \\(.+\\)$`) : /another process/;
  assert.match(error.message, holder);
  assert.match(error.hint, /give api\.listen another port/);
  await assert.rejects(ask(`http://${free}/healthz`), /ECONNREFUSED/);
});
