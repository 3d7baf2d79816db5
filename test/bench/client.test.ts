import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { describe, it } from 'node:test';
import { listen } from '../fakes/listen.ts';
import { type Answer, type LoadOptions, startLoad } from './client.ts';

/** Runs the load until `count` answers are in. */
async function loadUntil(count: number, options: LoadOptions) {
  const enough = Promise.withResolvers<void>();
  const answers: Answer[] = [];
  const load = await startLoad({
    ...options,
    onAnswer: (answer) => {
      answers.push(answer);
      if (answers.length >= count) enough.resolve();
    },
  });
  await enough.promise;
  return { counts: await load.stop(), answers };
}

describe('startLoad', () => {
  for (const mode of ['new', 'keepalive'] as const) {
    it(`counts answers by target over ${mode} connections`, async (t) => {
      let connections = 0;
      const server = createServer((_request, response) => response.setHeader('x-target', 'one').end('body'));
      server.on('connection', () => connections++);
      t.after(() => server.close());
      const { counts } = await loadUntil(500, { port: await listen(server), mode, workers: 4 });
      assert.equal(counts.failed, 0);
      assert.equal(counts.targets.one, counts.ok);
      if (mode === 'keepalive') assert.equal(connections, 4);
      else assert.equal(connections, counts.sent);
    });
  }

  it('reads chunked bodies and takes the body as the target', async (t) => {
    const server = createServer((_request, response) => {
      response.write('tw');
      setImmediate(() => response.end('o'));
    });
    t.after(() => server.close());
    const { counts } = await loadUntil(50, { port: await listen(server), mode: 'keepalive', workers: 2 });
    assert.deepEqual(Object.keys(counts.targets), ['two']);
    assert.equal(counts.failed, 0);
  });

  it('counts every failure: refused, status, cut off, silence', async (t) => {
    const gone = createTcp();
    const refusedPort = await listen(gone);
    await new Promise((resolve) => gone.close(resolve));
    const refused = await loadUntil(10, { port: refusedPort, mode: 'new', workers: 1, perSecond: 200 });
    assert.equal(refused.counts.failed, refused.counts.sent);
    assert.deepEqual(Object.keys(refused.counts.errors), ['ECONNREFUSED']);

    let n = 0;
    const odd = createTcp((socket) => {
      socket.on('error', () => {});
      const turn = n++ % 3;
      if (turn === 0) socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n');
      if (turn === 1) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut');
      // turn 2: silence
    });
    t.after(() => odd.close());
    const { counts } = await loadUntil(6, { port: await listen(odd), mode: 'new', workers: 1, timeoutMs: 100 });
    assert.equal(counts.ok, 0);
    assert.deepEqual(Object.keys(counts.errors).sort(), ['cut off', 'status 503', 'time-out']);
  });

  it('tells when a new target answers', async (t) => {
    let name = 'old';
    const server = createServer((_request, response) => response.end(name));
    t.after(() => server.close());
    const load = await startLoad({ port: await listen(server), mode: 'new', workers: 2 });
    t.after(() => load.stop());
    await load.seen('old', 0);
    name = 'new';
    const first = await load.seen('new', 0);
    assert.ok(first.endMs >= first.startMs);
    await assert.rejects(load.seen('never', 0, 50), /no answer by never/);
  });
});
