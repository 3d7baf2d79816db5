/** Cookie affinity on spare backends: no reload, the service's own cookie, the same values as in a section of its own. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { cookieKey } from '../../providers/haproxy/names.ts';
import { cookieValue } from '../../providers/haproxy/spare-value.ts';
import type { Attrs, Resource, Session } from '../../src/model/index.ts';
import { ask } from '../fakes/ask.ts';
import { listen } from '../fakes/listen.ts';
import {
  backend,
  freePort,
  frontend,
  type Rig,
  route,
  settings,
  signal,
  startRig,
  startTarget,
  type Target,
  until,
} from './haproxy-rig.ts';

describe('cookie affinity of a spare', () => {
  let rig: Rig;
  let session: Session;
  let port = 0;
  const targets: Target[] = [];
  const heard: string[] = [];
  const listening = createServer((request, response) => {
    heard.push(request.headers.cookie ?? '(none)');
    response.end('listening');
  });
  before(async () => {
    rig = await startRig();
    session = await rig.open({ spares: 32 });
    port = await freePort();
    for (const name of ['one', 'two', 'three']) targets.push(await startTarget(name));
    await listen(listening);
  });
  after(async () => {
    await rig.end();
    for (const target of targets) await target.close();
    listening.close();
  });

  const commit = (...resources: readonly Resource[]) =>
    session.commit?.([], [settings, frontend(port), ...resources], signal);
  function shop(names: readonly string[], more: Attrs = {}): readonly Resource[] {
    const chosen = targets.filter(({ name }) => names.includes(name));
    const servers = Object.fromEntries(chosen.map((target) => [String(target.port), 1]));
    return [backend('web', servers, { cookie: { name: 'lb' }, ...more }), route(port, 'shop.test', '/', 'web')];
  }
  const reloads = () =>
    [...rig.metrics].filter(([name]) => name.startsWith('weir_haproxy_reloads')).reduce((sum, [, n]) => sum + n, 0);
  async function visit(cookie?: string): Promise<{ readonly body: string; readonly set: readonly string[] }> {
    const headers = cookie === undefined ? {} : { cookie };
    const { body, headers: got } = await ask({ address: '127.0.0.1', port, host: 'shop.test', headers });
    return { body, set: [got['set-cookie'] ?? []].flat() };
  }
  const cookies = new Map<string, string>();
  async function collect(names: readonly string[]): Promise<void> {
    for (let i = 0; i < 40 && !names.every((name) => cookies.has(name)); i++) {
      const { body, set } = await visit();
      assert.equal(set.length, 1, 'the first answer of every target carries its cookie');
      cookies.set(body, set[0]?.split(';')[0] ?? '');
    }
  }
  async function allStay(): Promise<void> {
    for (const [name, cookie] of cookies)
      for (const text of [cookie, `a=1; ${cookie}`, `${cookie}; b="2"`, `x${cookie}; a=1;${cookie};b=2`])
        assert.deepEqual(await visit(text), { body: name, set: [] }, text);
  }

  test('a new service has its cookie at once, without a reload', async () => {
    await commit();
    await commit(...shop(['one', 'two']));
    const { set } = await visit();
    assert.match(set[0] ?? '', /^lb=[0-9a-f]+; path=\/; HttpOnly$/);
    await collect(['one', 'two']);
    for (const { name, port } of targets.slice(0, 2))
      assert.equal(cookies.get(name), `lb=${cookieValue('127.0.0.1', port, cookieKey)}`, 'as weir can make it, too');
    await allStay();
    assert.equal(reloads(), 0);
  });

  test('a target that comes gets a cookie, the others keep theirs; unknown values are replaced', async () => {
    await commit(...shop(['one', 'two', 'three']));
    await collect(['one', 'two', 'three']);
    assert.equal(new Set(cookies.values()).size, 3);
    await allStay();
    assert.equal((await visit('lb=0123456789abcdef')).set.length, 1);
    assert.equal((await visit('other=1; xlb=2')).set.length, 1);
    assert.equal(reloads(), 0);
  });

  test('targets see the other cookies and not the one of affinity', async () => {
    const address = listening.address();
    assert.ok(typeof address === 'object' && address !== null);
    await commit(
      backend('ear', { [address.port]: 1 }, { cookie: { name: 'lb' } }),
      route(port, 'shop.test', '/', 'ear'),
    );
    const { set } = await visit();
    heard.length = 0;
    await visit(`a=1; ${set[0]?.split(';')[0]}; b=2`);
    await visit('a=1; b=2');
    await visit();
    assert.deepEqual(
      heard.map((text) => text.replace(/; +/g, ';')),
      ['a=1;b=2', 'a=1;b=2', '(none)'],
    );
    assert.equal(reloads(), 0);
  });

  test('on the next spare, over a reload and in a section of its own: the clients stay', async () => {
    await commit(...shop(['one', 'two', 'three']));
    await allStay();
    await commit(...shop(['one', 'two', 'three'], { balance: 'leastconn' }));
    await allStay();
    assert.equal(reloads(), 0);
    await commit(...shop(['one', 'two', 'three']), frontend(await freePort()));
    assert.equal(reloads(), 1);
    await allStay();
    await commit(...shop(['one', 'two', 'three'], { serverMs: 5_000, connectMs: 4_000 }));
    await until('a section of its own', () => reloads() === 2);
    await allStay();
  });
});
