import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from '../../src/cli/program.ts';
import type { State } from '../../src/model/index.ts';
import { fakeDeps, problem, service, serviceState, state } from '../cli/fake-app.ts';
import { memoryIo } from '../cli/memory-io.ts';
import { ask, listening } from './listening.ts';

test('state, service, plans and explanation as JSON with ETag', async (t) => {
  const plan = {
    id: 'ab12',
    balancer: 'default',
    unit: 'u',
    startedMs: 1,
    durationMs: 1,
    cause: 'c',
    steps: [],
    refused: [],
    result: 'done' as const,
  };
  const { apiUrl } = await listening(t, { state: () => ({ ...state, plans: [plan] }) });
  const get = async (path: string) => ask(`${apiUrl}/api/v1${path}`);
  assert.deepEqual(JSON.parse((await get('/state')).body).instance, 'here');
  assert.deepEqual(JSON.parse((await get('/services/shop/web')).body), JSON.parse(JSON.stringify(serviceState)));
  assert.equal((await get('/services/shop%2Fweb')).status, 200);
  assert.equal((await get('/services/shop/none')).status, 404);
  assert.equal(JSON.parse((await get('/plans/ab12')).body).id, 'ab12');
  assert.equal((await get('/plans/none')).status, 404);
  const explained = JSON.parse((await get('/explain/shop%2Fweb')).body);
  assert.deepEqual(explained.fronts[0].routes[0], { match: 'shop.example/cart', does: 'to web', backends: ['web'] });
  assert.equal(explained.backends[0].targets[1].reason, 'connection refused');
});

test('a client that has the document is told so; a changed one is sent', async (t) => {
  let current: State = state;
  const { apiUrl } = await listening(t, { state: () => current });
  const url = `${apiUrl}/api/v1/state`;
  const etag = String((await ask(url)).headers.etag);
  const again = await ask(url, { headers: { 'if-none-match': `"other", W/${etag}` } });
  assert.deepEqual([again.status, again.body, again.headers.etag], [304, '', etag]);
  current = { ...state, inSync: true };
  assert.equal((await ask(url, { headers: { 'if-none-match': etag } })).status, 200);
});

test('weir status and explain ask the running weir', async (t) => {
  const { apiUrl = '' } = await listening(t, {
    config: { api: { listen: '127.0.0.1:0', tokenFile: 'token' } },
    files: { token: 'a-token-of-some-length' },
  });
  const files = { token: 'a-token-of-some-length' };
  const run = async (...argv: string[]) => {
    const io = memoryIo({ files });
    const code = await runCommand([...argv, '--api', apiUrl], io, fakeDeps().deps);
    return { code, ...io.written };
  };
  const status = await run('status', '--api-token-file', 'token');
  assert.equal(status.code, 1, 'a unit has failed');
  assert.match(status.out, /^weir 9\.9\.9 {3}here since 17 min {3}not in sync\n/);
  assert.match(status.out, /shop\/web +127\.0\.0\.1:80 +1 of 2 +degraded +connection refused/);
  assert.match(status.out, /1 service ok: weir status --all/);
  assert.deepEqual(
    JSON.parse((await run('status', '--api-token-file', 'token', '-o', 'json')).out),
    JSON.parse(JSON.stringify(state)),
  );
  const explained = await run('explain', 'shop/web', '--api-token-file', 'token');
  assert.match(explained.out, /Service shop\/web .* degraded: connection refused/);
  assert.match(
    (await run('explain', 'shop/no', '--api-token-file', 'token')).err,
    /no source has a service "shop\/no"; did you mean "shop\/web"\?|no source has a service "shop\/no"; known: /,
  );
  const refused = await run('status');
  assert.deepEqual([refused.code, refused.out], [1, '']);
  assert.match(refused.err, /error\[E_API_AUTH\]/);
});

test('a service that was refused whole is a row of its own, failing first', async (t) => {
  const { apiUrl = '' } = await listening(t, {
    state: () => ({ ...state, problems: [{ ...problem, service: 'bad/x' }] }),
  });
  const io = memoryIo();
  assert.equal(await runCommand(['status', '--api', apiUrl], io, fakeDeps().deps), 1);
  assert.match(io.written.out, /REASON\n {2}bad\/x +- +- +error +E_PORT: must be a whole number/);
  const page = (await ask(`${apiUrl}/?failing=1`)).body;
  assert.ok(
    page.indexOf('data-id="bad/x"') > 0 && page.indexOf('data-id="bad/x"') < page.indexOf('data-id="shop/web"'),
  );
  assert.equal((await ask(`${apiUrl}/services/bad%2Fx`)).status, 200);
});

test('weir status without a running weir says so', async (t) => {
  const { apiUrl = '', close } = await listening(t);
  await close();
  const io = memoryIo();
  assert.equal(await runCommand(['status', '--api', apiUrl], io, fakeDeps().deps), 1);
  assert.match(io.written.err, /error\[E_NOT_RUNNING\] no weir answers at http:\/\/127/);
  assert.match(io.written.err, /Start `weir run`/);
});

test('the stream: a snapshot, then only what changed', async (t) => {
  let current: State = state;
  let changed = () => {};
  const { apiUrl } = await listening(t, {
    state: () => current,
    onChange: (listener) => {
      changed = listener;
      return () => undefined;
    },
  });
  const ending = new AbortController();
  t.after(() => ending.abort());
  const response = await fetch(`${apiUrl}/api/v1/stream`, { signal: ending.signal });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async (): Promise<{ event: string; data: { changed: { id: string }[]; services: unknown[] } }> => {
    const text = (await reader?.read())?.value ?? '';
    const [, event = '', data = ''] = /event: (\w+)\ndata: (.*)\n\n$/.exec(text) ?? assert.fail(text);
    return { event, data: JSON.parse(data) };
  };
  const first = await next();
  assert.deepEqual([first.event, first.data.services.length], ['snapshot', 2]);
  current = {
    ...state,
    services: state.services.map((s) => (s.id === service.id ? { ...s, health: 'ok' as const } : s)),
  };
  changed();
  const second = await next();
  assert.equal(second.event, 'patch');
  assert.deepEqual(
    second.data.changed.map(({ id }) => id),
    ['shop/web'],
  );
});

test('streams that were left, and HEAD requests, keep no place', async (t) => {
  const { apiUrl } = await listening(t);
  const url = `${apiUrl}/api/v1/stream`;
  for (let i = 0; i < 70; i++) assert.equal((await ask(url, { method: 'HEAD' })).status, 200);
  const left = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const leave = new AbortController();
      const { status, body } = await fetch(url, { signal: leave.signal });
      await body?.getReader().read();
      return { status, leave };
    }),
  );
  assert.ok(left.every(({ status }) => status === 200));
  assert.equal((await ask(url)).status, 503, 'no more than 64 at once');
  for (const { leave } of left) leave.abort();
  // The server hears of it when the sockets close.
  for (;;) {
    const leave = new AbortController();
    const { status } = await fetch(url, { signal: leave.signal });
    leave.abort();
    if (status === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
