/** Clients that hold a cookie: with targets that come and go by command, over reloads, and when their target dies. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Session } from '../../src/model/index.ts';
import { ask } from '../fakes/ask.ts';
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
} from './haproxy-rig.ts';

const id = 'shop/web#default';

describe('cookie affinity', () => {
  let rig: Rig;
  let session: Session;
  let port = 0;
  const targets: Target[] = [];
  before(async () => {
    rig = await startRig();
    session = await rig.open({ spares: 0 });
    port = await freePort();
    for (const name of ['one', 'two', 'three']) targets.push(await startTarget(name));
  });
  after(async () => {
    await rig.end();
    for (const target of targets) await target.close();
  });

  const serve = (names: readonly string[], more: object = {}) => {
    const chosen = targets.filter(({ name }) => names.includes(name));
    const servers = Object.fromEntries(chosen.map((target) => [String(target.port), 1]));
    const web = backend(id, servers, { cookie: { name: 'lb' }, ...more });
    return session.commit?.([], [settings, web, frontend(port), route(port, 'shop.test', '/', id)], signal);
  };
  /** Who answers, and the cookie that came with the answer. */
  async function visit(cookie?: string): Promise<{ readonly body: string; readonly set: string | undefined }> {
    const headers = cookie === undefined ? {} : { cookie };
    const { body, headers: got } = await ask({ address: '127.0.0.1', port, host: 'shop.test', headers });
    return { body, set: [got['set-cookie'] ?? []].flat()[0] };
  }
  const cookies = new Map<string, string>();
  const value = (set: string | undefined) => set?.split(';')[0];
  const reloads = () =>
    [...rig.metrics].filter(([name]) => name.startsWith('weir_haproxy_reloads')).reduce((sum, [, n]) => sum + n, 0);
  async function collect(count: number): Promise<void> {
    for (let i = 0; i < 4 * count && cookies.size < count; i++) {
      const { body, set } = await visit();
      cookies.set(body, value(set) ?? '');
    }
  }
  async function allStay(): Promise<void> {
    for (const [name, cookie] of cookies) {
      for (let i = 0; i < 4; i++) assert.deepEqual(await visit(cookie), { body: name, set: undefined });
    }
  }

  test('a client stays with its target, and scripts cannot read the cookie', async () => {
    await serve(['one', 'two']);
    const { set } = await visit();
    assert.match(set ?? '', /^lb=[0-9a-f]+; path=\/; HttpOnly$/);
    await collect(2);
    assert.equal(new Set(cookies.values()).size, 2);
    await allStay();
  });

  test('a target that comes by command gets a cookie, and the others keep theirs', async () => {
    await serve(['one', 'two', 'three']);
    await collect(3);
    assert.equal(new Set(cookies.values()).size, 3);
    await allStay();
    assert.equal(reloads(), 0);
  });

  test('the cookies stay the same over a reload', async () => {
    await serve(['one', 'two', 'three'], { serverMs: 5_000 });
    assert.equal(reloads(), 1);
    await allStay();
  });

  test('clients of a target that died or went get another one and its cookie', async () => {
    await targets[0]?.close();
    const moved = await visit(cookies.get('one'));
    assert.notEqual(moved.body, 'one');
    assert.equal(value(moved.set), cookies.get(moved.body));
    await serve(['two'], { serverMs: 5_000 });
    const left = await visit(cookies.get('three'));
    assert.equal(left.body, 'two');
    assert.equal(value(left.set), cookies.get('two'));
    assert.equal(reloads(), 1);
  });

  test('a cookie that nobody gave out is replaced', async () => {
    const { set } = await visit('lb=0123456789abcdef');
    assert.equal(value(set), cookies.get('two'));
  });
});
