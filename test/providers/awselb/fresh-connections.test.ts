import assert from 'node:assert/strict';
import { createServer, get, type Server } from 'node:http';
import { createServer as createSecureServer, get as getSecure } from 'node:https';
import { describe, it, type TestContext } from 'node:test';
import { freshConnections } from '../../../providers/awselb/fresh-connections.ts';
import { makeCertificate } from '../../../src/cli/demo/certificate.ts';
import { listen } from '../../fakes/listen.ts';

const certificate = makeCertificate({ names: ['localhost'] });

/** Both kinds of servers; each counts what arrives. */
async function stage(t: TestContext, secure: boolean) {
  let leads = true;
  let arrived = 0;
  const handler = (_: unknown, reply: { end(text: string): void }) => {
    arrived++;
    reply.end('ok');
  };
  const { certPem: cert, keyPem: key } = certificate;
  const server: Server = secure ? createSecureServer({ cert, key }, handler) : createServer(handler);
  const port = await listen(server);
  const { httpAgent, httpsAgent, sending, destroy } = freshConnections(() => leads);
  t.after(() => {
    destroy();
    server.close();
    server.closeAllConnections();
  });
  const ask = (late = false) =>
    new Promise<boolean>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, servername: 'localhost', ca: cert };
      const asked = secure ? getSecure({ ...options, agent: httpsAgent }) : get({ ...options, agent: httpAgent });
      // As if the process had stood still since it was asked for.
      if (late) leads = false;
      asked.on('response', (reply) => {
        reply.resume();
        reply.on('end', () => setImmediate(() => resolve(asked.reusedSocket)));
      });
      asked.on('error', reject);
    });
  /** The lead is lost behind the `last` look that finds it there. */
  const change = (last: number) => {
    let looks = 0;
    return sending(
      () => (++looks > last ? new Error('another leads') : undefined),
      () => ask(),
    );
  };
  return { ask, change, arrived: () => arrived };
}

describe('connections to an API', () => {
  for (const secure of [false, true]) {
    const name = secure ? 'https' : 'http';
    it(`${name}: are kept, and serve several calls at once`, async (t) => {
      const { ask, arrived } = await stage(t, secure);
      assert.equal(await ask(), false);
      assert.equal(await ask(), true);
      assert.deepEqual((await Promise.all([ask(), ask(), ask()])).toSorted(), [false, false, true]);
      assert.equal(arrived(), 5);
    });

    it(`${name}: send nothing once the lead was lost while they came about; what is asked for later does as always`, async (t) => {
      const { ask, arrived } = await stage(t, secure);
      await assert.rejects(ask(true), { code: 'ETIMEDOUT' });
      assert.equal(arrived(), 0);
      await ask();
      assert.equal(arrived(), 1);
    });
  }

  for (const secure of [false, true])
    for (const kept of [false, true])
      it(`${secure ? 'https' : 'http'}: the last look is that of the first byte, on a ${kept ? 'kept' : 'new'} connection`, async (t) => {
        const { ask, change, arrived } = await stage(t, secure);
        if (kept) await ask();
        const before = arrived();
        await assert.rejects(change(0), { message: 'another leads' });
        assert.equal(arrived(), before);
        await change(1);
        assert.equal(await change(1), true);
        assert.equal(arrived(), before + 2);
      });

  it('that are refused end the call', async () => {
    const { httpAgent, destroy } = freshConnections(() => true);
    const gone = new Promise((_, reject) => get({ host: '127.0.0.1', port: 1, agent: httpAgent }).on('error', reject));
    await assert.rejects(gone, { code: 'ECONNREFUSED' });
    destroy();
  });
});
