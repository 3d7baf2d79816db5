/** What HAProxy refuses of a service that it served before: that stays in force, and everything else changes. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Attrs, Resource, Session } from '../../src/model/index.ts';
import {
  backend,
  find,
  freePort,
  frontend,
  get,
  type Rig,
  route,
  settings,
  signal,
  startRig,
  startTarget,
  type Target,
} from './haproxy-rig.ts';

let rig: Rig;
let one: Target;
let two: Target;
let port: number;

beforeEach(async () => {
  rig = await startRig();
  one = await startTarget('one');
  two = await startTarget('two');
  port = await freePort();
});

afterEach(async () => {
  await rig.end();
  await one.close();
  await two.close();
});

const good: Attrs = { serverMs: 1_000 };
const bad: Attrs = { serverMs: 99_999_999_999 };
const byRegex = (value: string): Resource => ({
  ...route(port, 'r.test', '/r', 'other'),
  attrs: { key: 'r', host: 'r.test', path: { type: 'regex', value } },
});
const commit = (session: Session, attrs: Attrs, target: Target, value: string, other = two) =>
  session.commit?.(
    [],
    [
      settings,
      frontend(port),
      route(port, 'a.test', '/', 'web'),
      byRegex(value),
      backend('web', { [target.port]: 1 }, attrs),
      backend('other', { [other.port]: 1 }),
    ],
    signal,
  );
const reasonOf = async (session: Session, kind: string, id: string) =>
  find(await session.observe('all', signal), kind, id)?.facts.reason;
const body = async (host: string, path = '/') => (await get(port, host, path)).body;

test('the last good version serves on, with the targets of now, until a good one comes', async () => {
  const session = await rig.open();
  await commit(session, good, one, '^/good');
  assert.deepEqual([await body('a.test'), await body('r.test', '/good')], ['one', 'two']);
  await commit(session, bad, one, '^/bad(');
  assert.deepEqual([await body('a.test'), await body('r.test', '/good')], ['one', 'two']);
  assert.match((await reasonOf(session, 'Backend', 'web')) ?? '', /refuses it: .*; it stays as it was before/);
  assert.match((await reasonOf(session, 'Route', byRegex('').id)) ?? '', /refuses it: .*; it stays as it was before/);
  await commit(session, bad, two, '^/bad(', one);
  assert.deepEqual([await body('a.test'), await body('r.test', '/good')], ['two', 'one']);
  await commit(session, { serverMs: 2_000 }, two, '^/better');
  assert.deepEqual([await body('a.test'), await body('r.test', '/better')], ['two', 'two']);
  assert.equal((await get(port, 'r.test', '/good')).status, 404);
  assert.equal(await reasonOf(session, 'Backend', 'web'), undefined);
});

test('another weir knows what stays, too', async () => {
  const session = await rig.open();
  await commit(session, good, one, '^/good');
  await commit(session, bad, one, '^/bad(');
  await session.close('leave');
  const next = await rig.open();
  await commit(next, bad, two, '^/bad(');
  assert.deepEqual([await body('a.test'), await body('r.test', '/good')], ['two', 'two']);
  assert.match((await reasonOf(next, 'Backend', 'web')) ?? '', /it stays as it was before/);
});
