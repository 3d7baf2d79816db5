/** weir.yaml changes while the real HAProxy serves: the new configuration is used in place, and no request is lost. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ask, eventually } from '../fakes/ask.ts';
import { startEcho } from '../fakes/echo.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { startWeir, weir } from '../fakes/weir-process.ts';

const address = ownAddress();
const port = 8080;
const metrics = `${address}:8378`;

/** Asks all the time, each on a connection of its own, until `stop`, which answers what was seen. */
function askAll(port: number) {
  const seen = { answered: 0, failed: 0 };
  let ended = false;
  const one = async () => {
    while (!ended) {
      const status = await ask({ address, port, host: 'shop.test' }).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) seen.answered++;
      else seen.failed++;
    }
  };
  const loops = [one(), one()];
  return {
    seen,
    async stop() {
      ended = true;
      await Promise.all(loops);
      return seen;
    },
  };
}

async function stage(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'weir-config-'));
  const target = await startEcho('a');
  await writeFile(
    join(folder, 'shop.yaml'),
    `name: shop/web\nhttp: { port: ${port}, rules: [{ host: shop.test, to: default }] }\ntargets: ["127.0.0.1:${target.port}"]\n`,
  );
  const file = join(folder, 'weir.yaml');
  const write = (options: object, more: object = {}) =>
    writeFile(
      file,
      JSON.stringify({
        stateDir: 'state',
        sources: [{ type: 'file', paths: ['shop.yaml'] }],
        balancers: [{ name: 'edge', provider: 'haproxy', options: { addresses: [address], ...options } }],
        metrics: { listen: metrics },
        api: { listen: '127.0.0.1:0' },
        ...more,
      }),
    );
  await write({});
  const running = await startWeir(['-c', file], metrics, folder);
  t.after(async () => {
    await running.stop('SIGKILL');
    await weir(['destroy', '-c', file, '--yes'], folder);
    await target.close();
    await rm(folder, { recursive: true });
  });
  return { file, folder, port, running, metrics, write };
}

test('options, policy and faults of weir.yaml, SIGHUP among them: no request is lost; destroy takes all away', async (t) => {
  const { file, folder, port, running, metrics, write } = await stage(t);
  const load = askAll(port);
  const times = (text: string) => running.text().split(text).length - 1;
  const until = (holds: () => boolean) => eventually(async () => holds(), Boolean);
  await until(() => load.seen.answered > 20);
  await write({ maxConnections: 500 });
  await until(() => times('it is used from now on') === 1 && times('HAProxy reloaded') === 1);
  await write({ maxConections: 500 });
  await until(() => times('cannot be used') === 1);
  assert.match(await (await fetch(`http://${metrics}/metrics`)).text(), /^weir_config_valid 0$/m);
  await write({ maxConnections: 500 }, { policy: 'upsert-only' });
  running.child.kill('SIGHUP');
  await until(() => times('it is used from now on') === 2 && times('"ready"') === 3);
  const before = load.seen.answered;
  await until(() => load.seen.answered > before + 20);
  const seen = await load.stop();
  assert.equal(seen.failed, 0, `${seen.failed} of ${seen.answered + seen.failed} requests failed\n${running.text()}`);
  const held = await weir(['destroy', '-c', file, '--yes'], folder);
  assert.equal(held.code, 2);
  assert.match(held.err, /error\[E_USAGE\] .*upsert-only/);
  const locked = await weir(['destroy', '-c', file, '--yes', '--policy', 'sync'], folder);
  assert.equal(locked.code, 1);
  assert.match(locked.err, /error\[E_LOCKED\] .*\n {2}Stop the running weir first/);
  assert.equal(await running.stop(), 0);
  await writeFile(join(folder, 'shop.yaml'), 'name: [');
  const destroyed = await weir(['destroy', '-c', file, '--yes', '--policy', 'sync'], folder);
  assert.equal(destroyed.code, 0, destroyed.err + destroyed.out);
  await assert.rejects(ask({ address, port, host: 'shop.test' }), /ECONNREFUSED/);
  const again = await weir(['destroy', '-c', file, '--yes', '--policy', 'sync'], folder);
  assert.equal(again.code, 0, again.err + again.out);
});
