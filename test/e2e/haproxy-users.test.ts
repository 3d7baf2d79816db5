/** Basic authentication by a real HAProxy: who gets in, what happens when the users change or cannot be read, and that no hash leaves haproxy.cfg. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { Json, Resource, Session } from '../../src/model/index.ts';
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

const hashOf = (password: string, kind = '-5'): string =>
  execFileSync('openssl', ['passwd', kind, password], { encoding: 'utf8' }).trim();

let rig: Rig;
let session: Session;
let target: Target;
let port = 0;
before(async () => {
  [rig, target, port] = [await startRig(), await startTarget('t'), await freePort()];
});
after(async () => {
  await rig.end();
  await target.close();
});

function ask(host: string, login?: string, method = 'GET', headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Readonly<Record<string, unknown>> }>((resolve, reject) => {
    const auth = login === undefined ? {} : { auth: login };
    const sent = request({ host: '127.0.0.1', port, method, agent: false, headers: { host, ...headers }, ...auth });
    sent.on('response', (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end();
  });
}
const status = async (...args: Parameters<typeof ask>) => (await ask(...args)).status;

const cors: Json = {
  type: 'cors',
  origins: ['https://shop.test'],
  methods: ['GET'],
  headers: [],
  exposeHeaders: [],
  credentials: true,
};

function state(users: string | undefined): readonly Resource[] {
  const auth = { type: 'basicAuth', realm: 'Shop (staff)', ...(users === undefined ? {} : { users }) };
  const guarded = (host: string, filters: Json): Resource => {
    const made = route(port, host, '/', 'shop/web#w');
    return { ...made, attrs: { ...made.attrs, filters } };
  };
  return [
    settings,
    frontend(port),
    backend('shop/web#w', { [target.port]: 1 }),
    guarded('auth.test', [auth]),
    guarded('cors.test', [auth, cors]),
    guarded('limited.test', [auth, { type: 'rateLimit', scope: 's', burst: 3, windowMs: 3_600_000 }]),
    route(port, 'open.test', '/', 'shop/web#w'),
  ];
}

describe('basic authentication', () => {
  test('who gets in, and who does not', async () => {
    session = await rig.open();
    const [sha512, sha256] = [hashOf('secret1', '-6'), hashOf('secret2')];
    const users = rig.secret(`ann:${sha512}\nbob:${sha256}\n`);
    await session.commit?.([], state(users), signal);
    assert.equal(await status('open.test'), 200);
    const refused = await ask('auth.test');
    assert.equal(refused.status, 401);
    assert.equal(refused.headers['www-authenticate'], 'Basic realm="Shop (staff)"');
    for (const login of ['ann:secret1', 'ann:secret1', 'bob:secret2'])
      assert.equal(await status('auth.test', login), 200);
    for (const login of ['ann:secret2', 'bob:secret1', 'eve:secret1', 'ann:', ':', `ann:${sha512}`])
      assert.equal(await status('auth.test', login), 401, login);

    // A preflight carries no password; what follows it does.
    const preflight = { origin: 'https://shop.test', 'access-control-request-method': 'GET' };
    assert.equal(await status('cors.test', undefined, 'OPTIONS', preflight), 204);
    assert.equal(await status('cors.test', undefined, 'GET', { origin: 'https://shop.test' }), 401);

    // Guesses are limited like everything else.
    const guesses: number[] = [];
    for (let i = 0; i < 5; i++) guesses.push(await status('limited.test', `ann:${i}`));
    assert.deepEqual(guesses, [401, 401, 401, 429, 429]);

    // Only the file of mode 0600 has the hashes.
    const config = await readFile(`${rig.directory}/haproxy.cfg`, 'utf8');
    assert.ok(config.includes(sha512));
    const told = JSON.stringify([rig.logs, await session.observe('all', signal), session.report([], [])]);
    assert.doesNotMatch(told, /\$[56]\$/);
  });

  test('other users are in force after one reload; a password that was right is not remembered under them', async () => {
    await session.commit?.([], state(rig.secret(`ann:${hashOf('new')}\n`)), signal);
    await until('the new password', async () => (await status('auth.test', 'ann:new')) === 200);
    await until('no other', async () => (await status('auth.test', 'ann:secret1')) === 401);
    assert.equal(await status('auth.test', 'bob:secret2'), 401);
  });

  test('a source that forgot its users: the copy on disk stays in force, through a restart of weir', async () => {
    const text = `ann:${hashOf('kept')}\n`;
    const users = rig.secret(text);
    await session.commit?.([], state(users), signal);
    await until('the password', async () => (await status('auth.test', 'ann:kept')) === 200);
    await session.close('leave');
    rig.secrets.delete(users);
    session = await rig.open();
    await session.observe('all', signal);
    await session.commit?.([], [...state(users), route(port, 'more.test', '/re', 'shop/web#w')], signal);
    assert.equal(await status('auth.test', 'ann:kept'), 200);
    assert.equal(await status('auth.test', 'ann:no'), 401);
  });

  test('users that cannot be had: nobody gets in, it is told, everything else is served', async () => {
    for (const users of ['ee'.repeat(32), rig.secret('ann:plain text\n'), undefined]) {
      await session.commit?.([], state(users), signal);
      await until('503', async () => (await status('auth.test', 'ann:kept')) === 503);
      assert.equal(await status('auth.test'), 503);
      assert.equal(await status('open.test'), 200);
      const problems = (await session.observe('all', signal)).filter(({ id }) => id.includes('auth.test'));
      if (users !== undefined) assert.match(JSON.stringify(problems), /E_USERS_(MISSING|INVALID)|users of basic/);
      assert.doesNotMatch(JSON.stringify(rig.logs), /plain text/);
    }
  });
});
