import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { ask } from '../../src/status/ask.ts';
import { Prober } from '../../src/status/prober.ts';
import { VirtualClock } from '../run/virtual-clock.ts';

const address = '127.0.0.1';

describe('the prober', () => {
  it('asks until there was an answer, and never again', async (t) => {
    const clock = new VirtualClock();
    let answers = false;
    let asked = 0;
    let changes = 0;
    const prober = new Prober({
      clock,
      random: () => 1,
      changed: () => changes++,
      async ask() {
        asked++;
        if (!answers) throw new Error('refused');
      },
    });
    const end = new AbortController();
    t.after(() => end.abort());
    void prober.run(end.signal);
    const question = { address, port: 80, kind: 'tcp' } as const;
    assert.equal(prober.silent(question), '127.0.0.1:80');
    await clock.pass(60_000);
    assert.ok(asked > 5 && asked < 15, `${asked} times in a minute`);
    assert.equal(prober.silent(question), '127.0.0.1:80 (refused)');
    answers = true;
    await clock.pass(20_000);
    assert.equal(prober.silent(question), undefined);
    const before = asked;
    await clock.pass(60_000);
    assert.deepEqual([asked, changes], [before, 2]);
    prober.sweep();
    prober.sweep();
    assert.notEqual(prober.silent(question), undefined, 'forgotten: nobody had asked');
  });
});

describe('a question', () => {
  const listen = async (t: TestContext, server: ReturnType<typeof createServer | typeof createSocketServer>) => {
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    t.after(() => server.close());
    const { port }: Pick<AddressInfo, 'port'> = Object(server.address());
    return port;
  };
  const signal = new AbortController().signal;

  it('is answered by any answer', async (t) => {
    const seen: string[] = [];
    const port = await listen(
      t,
      createServer(({ method, url, headers }, response) => {
        seen.push(`${method} ${url} ${headers.host}`);
        response.writeHead(503).end();
      }),
    );
    await ask({ address, port, kind: 'http', host: 'a.test', path: '/x' }, signal);
    assert.deepEqual(seen, ['HEAD /x a.test']);
  });

  it('is answered by a connection where nothing else can be said', async (t) => {
    const port = await listen(
      t,
      createSocketServer((socket) => socket.destroy()),
    );
    await ask({ address, port, kind: 'tcp' }, signal);
    await assert.rejects(ask({ address, port, kind: 'http' }, signal));
  });

  it('is not answered by nobody', async (t) => {
    const server = createSocketServer();
    const port = await listen(t, server);
    await new Promise((resolve) => server.close(resolve));
    for (const kind of ['tcp', 'tls', 'http', 'https'] as const)
      await assert.rejects(ask({ address, port, kind }, signal), /ECONNREFUSED/);
  });
});
