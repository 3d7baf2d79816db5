import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { PeerSocket } from '../../../providers/l2/peer-socket.ts';
import type { Message } from '../../../providers/l2/protocol/messages.ts';
import { deriveTiming } from '../../../providers/l2/protocol/timing.ts';
import type { SpeakerOptions } from '../../../providers/l2/speaker-words.ts';

const hello: Message = { kind: 'hello', from: 'b', inc: 7 };
const options: SpeakerOptions = {
  node: 'a',
  peers: [],
  listen: { address: '127.0.0.1', port: 0 },
  secret: 'a secret that only the tests know',
  cluster: 'test',
  group: { version: 1, voters: ['a', 'b'], previous: [] },
  interfaces: {},
  stateDir: '/nowhere',
  pools: [],
  ranks: [],
};

/** Nothing listens there while a test runs, so a socket of its own may. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** A node `a` that hears, and `send` of a node `b` with other options. */
async function stage(t: TestContext, other: Partial<SpeakerOptions> = {}, beatMs = 100) {
  const port = await freePort();
  const heard: Message[] = [];
  const dropped: string[] = [];
  const open = (its: SpeakerOptions, ms: number) => {
    const socket = new PeerSocket(its, {
      timing: deriveTiming(ms),
      now: () => performance.now(),
      receive: (message) => heard.push(message),
      receiveWord: () => assert.fail('nobody says anything of addresses'),
      trouble: (what, error) => assert.fail(`${what}: ${error}`),
      dropped: (why, from, count) => dropped.push(`${why} ${from} ${count}`),
    });
    t.after(() => socket.close());
    return socket;
  };
  await open({ ...options, listen: { address: '127.0.0.1', port } }, 100).bind();
  const peers = [{ name: 'a', address: '127.0.0.1', port }];
  const b = open({ ...options, node: 'b', peers, ...other }, beatMs);
  await b.bind();
  const until = async (done: () => boolean) => {
    for (const end = performance.now() + 5000; !done() && performance.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(done(), `heard ${heard.length}, dropped ${dropped.join(', ')}`);
  };
  return { b, port, heard, dropped, until, peers, open };
}

describe('datagrams of peers', () => {
  it('with the same secret and settings are heard', async (t) => {
    const { b, heard, until } = await stage(t);
    b.send('a', hello);
    await until(() => heard.length === 1);
    assert.deepEqual(heard, [hello]);
  });

  const different = [
    ['of another secret', { secret: 'a secret that nobody else has' }, 100, 'forged 127.0.0.1 1'],
    ['of other beats', {}, 200, 'config b 1'],
    ['of another mode', { mode: 'api' }, 100, 'config b 1'],
    ['of another group of machines', { cluster: 'other' }, 100, 'foreign 127.0.0.1 1'],
  ] as const;
  for (const [what, other, beatMs, told] of different) {
    it(`${what} are not heard, and told`, async (t) => {
      const { b, heard, dropped, until } = await stage(t, other, beatMs);
      b.send('a', hello);
      await until(() => dropped.length === 1);
      assert.deepEqual([dropped, heard], [[told], []]);
    });
  }

  it('are heard beside noise and forgeries, of which one is told', async (t) => {
    const { b, port, heard, dropped, until } = await stage(t);
    const stranger = createSocket('udp4').bind(0, '127.0.0.2');
    t.after(() => stranger.close());
    await once(stranger, 'listening');
    const forged = Uint8Array.from([0x77, 0x65, 2, ...new Uint8Array(200)]);
    for (let count = 0; count < 500; count += 1) stranger.send(forged, port, '127.0.0.1');
    await until(() => dropped.length > 0);
    await until(() => {
      b.send('a', hello);
      return heard.length > 0;
    });
    assert.deepEqual(dropped, ['foreign 127.0.0.2 1']);
  });

  it('of a second machine under a name that is taken are not heard, and told with its address', async (t) => {
    const { b, heard, dropped, until, peers, open } = await stage(t);
    b.send('a', hello);
    await until(() => heard.length === 1);
    const twin = open({ ...options, node: 'b', peers, listen: { address: '127.0.0.3', port: 0 } }, 100);
    await twin.bind();
    twin.send('a', hello);
    await until(() => dropped.length === 1);
    assert.deepEqual([dropped, heard], [['twin 127.0.0.3, which calls itself b, 1'], [hello]]);
  });

  it('cannot be heard at an address that this machine does not have, or at a port that is taken: told with the remedy', async (t) => {
    const { port, open } = await stage(t);
    const listening = (address: string, at: number) => open({ ...options, listen: { address, port: at } }, 100).bind();
    await assert.rejects(
      listening('192.0.2.7', 0),
      /^Error: 192\.0\.2\.7:0 .* no address of this machine, .* set `instance` to the name/,
    );
    await assert.rejects(
      listening('127.0.0.1', port),
      /^Error: UDP port 127\.0\.0\.1:\d+, .* is taken by another program/,
    );
  });
});
