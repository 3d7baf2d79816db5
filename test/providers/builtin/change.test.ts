import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Health, HealthCheck } from '../../../src/model/index.ts';
import { startLoad } from '../../bench/client.ts';
import { listen } from '../../fakes/listen.ts';
import {
  backend,
  echoTarget,
  freePort,
  get,
  group,
  httpGroup,
  openRelay,
  service,
  tcpGroup,
  to,
  webTarget,
} from './rig.ts';

const say = async (client: ReturnType<typeof connect>, text: string) => {
  client.write(text);
  const [data] = await once(client, 'data');
  return String(data);
};

describe('builtin TCP', () => {
  it('relays both ways, half-closed too, and by turns', async (t) => {
    const port = await freePort();
    const [a, b] = [await echoTarget(t, 'a'), await echoTarget(t, 'b')];
    const { apply } = await openRelay(t);
    await apply(tcpGroup(port, backend([a, b], { protocol: 'tcp' })));
    const names = new Set<string>();
    for (let i = 0; i < 2; i++) {
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      names.add(await say(client, 'x'));
      client.end('last');
      const [data] = await once(client, 'data');
      assert.match(String(data), /^[ab]:last$/);
      await once(client, 'end');
    }
    assert.deepEqual([...names].sort(), ['a:x', 'b:x']);
  });

  it('listens on IPv6 and reaches IPv6 targets', async (t) => {
    const server = createServer((socket) => socket.end('six'));
    t.after(() => server.close());
    const targetPort = await listen(server, '::1');
    const port = await freePort();
    const { apply } = await openRelay(t, { addresses: ['127.0.0.1', '::1'] });
    await apply(tcpGroup(port, backend([{ address: '::1', port: targetPort }], { protocol: 'tcp' })));
    for (const host of ['::1', '127.0.0.1']) {
      const [data] = await once(connect({ port, host }), 'data');
      assert.equal(String(data), 'six');
    }
  });

  it('passes over a target that refuses before a byte is sent; resets when none is left', async (t) => {
    const port = await freePort();
    const [good, dead] = [await echoTarget(t, 'good'), await freePort()];
    const { apply } = await openRelay(t);
    await apply(tcpGroup(port, backend([dead, good], { protocol: 'tcp' })));
    for (let i = 0; i < 4; i++) {
      const client = connect(port, '127.0.0.1');
      assert.equal(await say(client, 'x'), 'good:x');
      client.destroy();
    }
    await apply(tcpGroup(port, backend([dead], { protocol: 'tcp' })));
    await assert.rejects(once(connect(port, '127.0.0.1'), 'end'), { code: 'ECONNRESET' });
  });

  it('lets in only the source ranges', async (t) => {
    const port = await freePort();
    const target = await echoTarget(t, 'a');
    const from = service(
      'test/tcp',
      { port, protocol: 'tcp', sourceRanges: ['10.0.0.0/8'] },
      { main: backend([target], { protocol: 'tcp' }) },
    );
    const { apply } = await openRelay(t);
    await apply(group(from, [], { default: to(from, 'main') }));
    const client = connect(port, '127.0.0.1');
    client.write('x');
    client.on('data', () => assert.fail('served'));
    client.on('error', () => {});
    await once(client, 'close');
  });
});

describe('builtin under change', () => {
  it('keeps connections that run while their target leaves and the port turns from TCP to HTTP', async (t) => {
    const port = await freePort();
    const [a, b] = [await echoTarget(t, 'a'), await echoTarget(t, 'b')];
    const { port: web } = await webTarget(t, 'web');
    const { apply } = await openRelay(t);
    await apply(tcpGroup(port, backend([a], { protocol: 'tcp' })));
    const old = connect(port, '127.0.0.1');
    assert.equal(await say(old, '1'), 'a:1');
    await apply(tcpGroup(port, backend([b], { protocol: 'tcp' })));
    const fresh = connect(port, '127.0.0.1');
    assert.equal(await say(fresh, '1'), 'b:1');
    assert.equal(await say(old, '2'), 'a:2');
    await apply(httpGroup(port, backend([web])));
    assert.equal((await get(port)).target, 'web');
    assert.equal(await say(old, '3'), 'a:3');
    assert.equal(await say(fresh, '2'), 'b:2');
    await apply();
    await assert.rejects(get(port), { code: 'ECONNREFUSED' });
    assert.equal(await say(old, '4'), 'a:4');
    old.destroy();
    fresh.destroy();
  });

  it('ends what a removed target still has after its drain time', async (t) => {
    const port = await freePort();
    const [a, b] = [await echoTarget(t, 'a'), await echoTarget(t, 'b')];
    const { apply } = await openRelay(t);
    await apply(tcpGroup(port, backend([a], { protocol: 'tcp', drainMs: 30 })));
    const old = connect(port, '127.0.0.1');
    assert.equal(await say(old, '1'), 'a:1');
    await apply(tcpGroup(port, backend([b], { protocol: 'tcp', drainMs: 30 })));
    await once(old, 'close');
  });

  it('gives a draining target nothing new and tells that it drains', async (t) => {
    const port = await freePort();
    const [a, b] = [await echoTarget(t, 'a'), await echoTarget(t, 'b')];
    const { apply, observe } = await openRelay(t);
    await apply(tcpGroup(port, backend([a], { protocol: 'tcp' })));
    const old = connect(port, '127.0.0.1');
    assert.equal(await say(old, '1'), 'a:1');
    await apply(tcpGroup(port, backend([{ port: a, state: 'draining' }, b], { protocol: 'tcp' })));
    for (let i = 0; i < 3; i++) assert.equal(await say(connect(port, '127.0.0.1'), 'x'), 'b:x');
    const health = async () =>
      (await observe()).find(({ kind }) => kind === 'Backend')?.health?.targets?.get(`127.0.0.1:${a}`);
    assert.equal(await health(), 'draining');
    old.destroy();
    while ((await health()) === 'draining') await turn();
  });

  for (const mode of ['new', 'keepalive'] as const) {
    it(`loses no request over ${mode} connections while targets come, go and are killed`, async (t) => {
      const port = await freePort();
      const targets = await Promise.all(['a', 'b', 'c'].map((name) => webTarget(t, name)));
      const ports = targets.map((target) => target.port);
      const { apply } = await openRelay(t);
      await apply(httpGroup(port, backend(ports)));
      const load = await startLoad({ port, mode, workers: 4 });
      t.after(() => load.stop());
      await load.seen('c', 0);
      targets[0]?.kill();
      for (let round = 0; round < 20; round++) {
        const target = await webTarget(t, `new-${round}`);
        await apply(httpGroup(port, backend([target.port, ...ports])));
        await load.seen(`new-${round}`, 0);
        await apply(httpGroup(port, backend(ports)));
      }
      const { failed, errors, sent } = await load.stop();
      assert.deepEqual({ failed, errors }, { failed: 0, errors: {} });
      assert.ok(sent > 20, `${sent} requests: each round saw one of its own`);
    });
  }

  it('never loses a request to an idle connection that its target closes, and sends a POST once', async (t) => {
    const port = await freePort();
    let posts = 0;
    const used = new WeakSet<object>();
    const { port: target } = await webTarget(t, 'one', (incoming, response) => {
      // The worst target: promises to keep the connection and closes it when the next request arrives.
      if (used.has(incoming.socket)) return void incoming.socket.destroy();
      used.add(incoming.socket);
      if (incoming.method === 'POST') posts++;
      incoming.resume().on('end', () => response.end('ok'));
    });
    const { apply } = await openRelay(t);
    await apply(httpGroup(port, backend([target])));
    for (let i = 0; i < 30; i++) {
      const got = await get(port, '/', i % 2 === 0 ? {} : { method: 'POST', body: 'body' });
      assert.equal(got.status, 200);
    }
    assert.equal(posts, 15);
  });

  it('hands a port from one listener to another without closing it', async (t) => {
    const port = await freePort();
    const [a, b] = [await webTarget(t, 'a'), await webTarget(t, 'b')];
    const { apply } = await openRelay(t);
    await apply({ ...httpGroup(port, backend([a.port])), key: 'one' });
    const load = await startLoad({ port, mode: 'new', workers: 2 });
    t.after(() => load.stop());
    await load.seen('a', 0);
    const other = service('test/other', { port }, { main: backend([b.port]) });
    await apply({ ...group(other, [{ host: '', rules: [], default: to(other, 'main') }]), key: 'two' });
    await load.seen('b', 0);
    assert.equal((await get(port)).target, 'b');
    assert.equal((await load.stop()).failed, 0);
  });

  it('answers 502 once for a POST that a target cut off, and does not send it elsewhere', async (t) => {
    const port = await freePort();
    let posts = 0;
    const cut = await Promise.all(
      [0, 1].map(() =>
        webTarget(t, 'cut', (incoming) =>
          incoming.resume().on('end', () => {
            posts++;
            incoming.socket.destroy();
          }),
        ),
      ),
    );
    const { apply } = await openRelay(t);
    await apply(httpGroup(port, backend(cut.map((target) => target.port))));
    assert.equal((await get(port, '/', { method: 'POST', body: 'x' })).status, 502);
    assert.equal(posts, 1);
  });
});

describe('builtin health and ports', () => {
  const check: HealthCheck = { type: 'http', path: '/ok', intervalMs: 10, timeoutMs: 500, rise: 2, fall: 2 };

  it('takes a sick target out and back in, and says so', async (t) => {
    const port = await freePort();
    let well = true;
    const sick = await webTarget(t, 'sick', (incoming, response) => {
      response.statusCode = incoming.url === '/ok' && !well ? 500 : 200;
      response.setHeader('x-target', 'sick').end();
    });
    const good = await webTarget(t, 'good');
    const { apply, observe, changes, session } = await openRelay(t);
    const result = await apply(httpGroup(port, backend([sick.port, good.port], { health: check })));
    assert.deepEqual(result.problems, []);
    const until = async (wanted: Health) => {
      for (;;) {
        const found = (await observe())
          .find(({ kind }) => kind === 'Backend')
          ?.health?.targets?.get(`127.0.0.1:${sick.port}`);
        if (found === wanted) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await until('ready');
    well = false;
    await until('unhealthy');
    assert.ok(changes.some((cause) => cause.includes('health')));
    for (let i = 0; i < 4; i++) assert.equal((await get(port)).target, 'good');
    const from = service('test/web', { port }, {});
    const [told] = session.report([from], await observe());
    assert.deepEqual(
      told?.targets.find(({ key }) => key.endsWith(`:${sick.port}`)),
      { key: `127.0.0.1:${sick.port}`, health: 'unhealthy', reason: 'status 500' },
    );
    well = true;
    await until('ready');
  });

  it('reports a taken port for its service alone, and serves it once it is free', async (t) => {
    const thief = createServer((socket) => socket.destroy());
    const taken = await listen(thief);
    const port = await freePort();
    const { port: target } = await webTarget(t, 'one');
    const { apply, observe, changes, session } = await openRelay(t);
    const blocked = service('test/blocked', { port: taken }, { main: backend([target]) });
    const fine = service('test/fine', { port }, { main: backend([target]) });
    const merged = [blocked, fine].map((from) => group(from, [{ host: '', rules: [], default: to(from, 'main') }]));
    await apply(...merged.map((one, i) => ({ ...one, key: `g${i}` })));
    assert.equal((await get(port)).target, 'one');
    const reports = session.report([blocked, fine], await observe());
    const programmed = reports.map(({ conditions }) => conditions.find(({ type }) => type === 'Programmed'));
    assert.equal(programmed[0]?.status, false);
    assert.equal(programmed[0]?.reason, 'E_PORT_TAKEN');
    assert.match(programmed[0]?.message ?? '', new RegExp(`127\\.0\\.0\\.1:${taken}`));
    assert.equal(programmed[1]?.status, true);
    assert.deepEqual(reports[1]?.addresses, [{ ip: '127.0.0.1', ports: [port] }]);
    await new Promise((resolve) => thief.close(resolve));
    while (!changes.some((cause) => cause.includes('became free')))
      await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal((await get(taken)).target, 'one');
  });

  it('leaves no port behind when it is closed', async (t) => {
    const port = await freePort();
    const { port: target } = await webTarget(t, 'one');
    const { apply, session } = await openRelay(t);
    await apply(httpGroup(port, backend([target], { health: check })));
    assert.equal((await get(port)).status, 200);
    await session.close('leave');
    await assert.rejects(get(port), { code: 'ECONNREFUSED' });
  });
});

describe('builtin with what cannot be listened on', () => {
  it('tells an address that is not of this machine, and serves the others', async (t) => {
    const port = await freePort();
    const { port: target } = await webTarget(t, 'one');
    const { apply, observe } = await openRelay(t, { addresses: ['127.0.0.1', '192.0.2.1'] });
    await apply(httpGroup(port, backend([target])));
    assert.equal((await get(port)).target, 'one');
    const listener = (await observe()).find(({ kind }) => kind === 'Listener');
    assert.match(listener?.facts.reason ?? '', /^E_LISTEN_ADDRESS 192\.0\.2\.1:/);
  });
});
