/** What goes over to the next worker, to the next session and to the log: counts of rate limits, the order of sections, names of services. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, test } from 'node:test';
import { shapeOf } from '../../providers/haproxy/commit-files.ts';
import { layoutOf } from '../../providers/haproxy/layout-of.ts';
import { optionsSchema } from '../../providers/haproxy/options.ts';
import { RuntimeSocket } from '../../providers/haproxy/socket.ts';
import type { Resource } from '../../src/model/index.ts';
import {
  answers,
  backend,
  find,
  freePort,
  frontend,
  get,
  openStream,
  type Rig,
  route,
  settings,
  signal,
  startEcho,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

let rig: Rig;
let web: Target;
let port: number;

beforeEach(async () => {
  rig = await startRig();
  web = await startTarget('web');
  port = await freePort();
});

afterEach(async () => {
  await rig.end();
  await web.close();
});

const reloads = () =>
  [...rig.metrics].filter(([name]) => name.startsWith('weir_haproxy_reloads')).reduce((sum, [, n]) => sum + n, 0);
/** On a connection of its own: one that is kept would go on with the worker before. */
async function asked(line: string): Promise<string> {
  const runtime = new RuntimeSocket(rig.socket);
  return runtime.ask(line).finally(() => runtime.close());
}
const named = (id: string) => [route(port, `${id}.test`, '/', id), backend(id, { [web.port]: 1 })];

test('a rate limit stays in force over reloads', async () => {
  const session = await rig.open();
  const plain = route(port, 'a.test', '/', 'a');
  const limit = { type: 'rateLimit', scope: 'shop/web', burst: 3, windowMs: 600_000 };
  const limited: Resource = { ...plain, attrs: { ...plain.attrs, filters: [limit] } };
  const all = [settings, frontend(port), limited, backend('a', { [web.port]: 1 })];
  await session.commit?.([], all, signal);
  // A worker that had none before it gives up looking for one after five seconds.
  await until('ready to hand over', async () => /resync_timeout=<PAST>/.test(await asked('show peers')));
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push((await get(port, 'a.test')).status);
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  const counted = async () =>
    / key=::ffff:127\.0\.0\.1 .*gpc0_rate\(600000\)=3/.test(await asked(`show table ${table}`));
  const [, table = ''] = /^(t_\S+)$/m.exec(await asked('show backend')) ?? [];
  for (let i = 1; i <= 3; i++) {
    await session.commit?.([], [...all, backend(`more${i}`, {}, { retries: i })], signal);
    assert.equal(reloads(), i);
    await until('handed over', counted, 2_000);
    assert.equal((await get(port, 'a.test')).status, 429);
  }
  // Without the limit nothing needs the way to hand it over, and that alone is no reload.
  await session.commit?.([], [settings, frontend(port), plain, backend('a', { [web.port]: 1 })], signal);
  assert.equal((await get(port, 'a.test')).status, 200);
});

test('sections in another order are the same configuration, in other defaults they are not', () => {
  const options = optionsSchema.parse({ addresses: ['127.0.0.1'] });
  const all = [settings, frontend(port), ...named('a'), ...named('b')];
  const layout = layoutOf(all, options);
  const turned = layoutOf([...all].reverse(), options);
  assert.notDeepEqual(
    turned.sections.map(({ head }) => head),
    layout.sections.map(({ head }) => head),
  );
  assert.equal(shapeOf(turned), shapeOf(layout));
  const last = layout.sections.findIndex(({ head }) => head === 'defaults tcp');
  const moved = [
    ...layout.sections.slice(0, last - 1),
    ...layout.sections.slice(last),
    ...layout.sections.slice(last - 1, last),
  ];
  assert.notEqual(shapeOf({ ...layout, sections: moved }), shapeOf(layout));
});

test('services that come in another order are adopted without a reload', async () => {
  let session = await rig.open();
  const all = [settings, frontend(port), ...named('a'), ...named('b'), ...named('c')];
  await session.commit?.([], all, signal);
  await session.commit?.([], [settings, ...named('c'), ...named('b'), frontend(port), ...named('a')], signal);
  await session.close('leave');
  session = await rig.open();
  assert.ok(
    find(await session.observe('all', signal), 'Settings', 'settings') !== undefined,
    'proved to be as it was left',
  );
  await session.commit?.([], [...all, ...named('d')], signal);
  assert.deepEqual(await answers(port, 'd.test', 2), ['web']);
  assert.equal(reloads(), 0);
});

test('the JSON log names service and backend, of spares too, in HTTP and in TCP', async () => {
  const daemon = createSocket('udp4');
  daemon.bind(0, '127.0.0.1');
  daemon.unref();
  await once(daemon, 'listening');
  const lines: { readonly service: string; readonly backend: string; readonly server: string }[] = [];
  daemon.on('message', (message) => {
    const at = String(message).indexOf('{');
    if (at >= 0) lines.push(JSON.parse(String(message).slice(at)));
  });
  const session = await rig.open({ log: `127.0.0.1:${daemon.address().port}`, logFormat: 'json' });
  const [first, second] = [await startEcho('echo'), await freePort()];
  const tcp = frontend(second, { mode: 'tcp' }, { default: 'shop/web#db' });
  const db = backend('shop/web#db', { [first.port]: 1 }, { mode: 'tcp' });
  await session.commit?.([], [settings, frontend(port), ...named('own'), tcp, db], signal);
  const spare = [route(port, 'new.test', '/', 'shop/web#new'), backend('shop/web#new', { [web.port]: 1 })];
  await session.commit?.([], [settings, frontend(port), ...named('own'), tcp, db, ...spare], signal);
  await get(port, 'own.test');
  await get(port, 'new.test');
  const { socket } = await openStream(second);
  socket.end('a byte, so that it counts');
  await until('all of them', () => lines.length === 3);
  assert.deepEqual(
    lines.map(({ service, backend: name, server }) => [service, name, server]),
    [
      ['shop/web', 'own', `v4-127.0.0.1_${web.port}`],
      ['shop/web', 'new', `v4-127.0.0.1_${web.port}`],
      ['shop/web', 'db', `v4-127.0.0.1_${first.port}`],
    ],
  );
  assert.equal(reloads(), 0);
  daemon.close();
  await first.close();
});
