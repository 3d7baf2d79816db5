import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/run/index.ts';
import { collect, startApi, temporary } from './cluster-to.ts';
import { type Entry, failure, headersOf, kubeconfig, open, openText } from './credentials-stage.ts';
import { certificate, send } from './fake-api.ts';

describe('a kubeconfig', () => {
  it('identifies by token, password and whom to act as', async (t) => {
    const api = await startApi(t);
    const token = await openText(t, kubeconfig(api.port, { token: 'one' }));
    assert.equal((await headersOf(api, token)).authorization, 'Bearer one');
    assert.equal(token.name, 'test');
    assert.equal(token.namespace, 'shop');
    const password = await openText(t, kubeconfig(api.port, { username: 'u', password: 'p' }));
    assert.equal((await headersOf(api, password)).authorization, `Basic ${btoa('u:p')}`);
    const acting = await openText(
      t,
      kubeconfig(api.port, { token: 'one', as: 'jane', 'as-groups': ['a', 'b'], 'as-user-extra': { 'x/y': ['1'] } }),
    );
    const headers = await headersOf(api, acting);
    assert.equal(headers['impersonate-user'], 'jane');
    assert.equal(headers['impersonate-group'], 'a, b');
    assert.equal(headers['impersonate-extra-x%2fy'], '1');
  });

  it('of several files: the first that names something wins, files that are not there are passed over', async (t) => {
    const api = await startApi(t);
    const directory = temporary(t);
    const [first, second] = [join(directory, 'first'), join(directory, 'second')];
    writeFileSync(first, kubeconfig(api.port, { token: 'one' }, { name: 'a' }));
    writeFileSync(
      second,
      kubeconfig(api.port, { token: 'two' }, { name: 'b' }).replace('"name":"b","user"', '"name":"a","user"'),
    );
    const KUBECONFIG = [join(directory, 'absent'), first, second].join(delimiter);
    assert.equal((await headersOf(api, await open(t, { env: { KUBECONFIG } }))).authorization, 'Bearer one');
    const missing = await failure(open(t, { env: { KUBECONFIG }, context: 'b' }));
    assert.match(missing.message, /second, context b: user "b" is not there: it has the users a$/);
    const absent = await failure(open(t, { env: { KUBECONFIG: join(directory, 'absent') } }));
    assert.match(absent.message, /none of these files is there/);
  });

  it('is found in the home directory, and its absence is told', async (t) => {
    const api = await startApi(t);
    const HOME = temporary(t);
    assert.match(
      (await failure(open(t, { env: { HOME } }))).message,
      /no cluster is named: there is no .*\.kube.config/,
    );
    mkdirSync(join(HOME, '.kube'));
    writeFileSync(join(HOME, '.kube', 'config'), kubeconfig(api.port, { token: 'home' }));
    assert.equal((await headersOf(api, await open(t, { env: { HOME } }))).authorization, 'Bearer home');
  });

  it('names the authority: another one is not trusted, unless nobody looks', async (t) => {
    const api = await startApi(t);
    api.intercept = ({ stream }) => {
      send(stream, 200, { kind: 'ok' });
      return true;
    };
    const wrongName = await openText(
      t,
      kubeconfig(api.port, { token: 'one' }, { cluster: { 'tls-server-name': 'other' } }),
    );
    const error = await failure(wrongName.get('/version'));
    assert.equal(error.reason, 'Certificate');
    assert.match(
      error.message,
      /not trusted \(ERR_TLS_CERT_ALTNAME_INVALID\): correct certificate-authority or tls-server-name/,
    );
    const unknown = { 'certificate-authority-data': undefined };
    const untrusting = await openText(t, kubeconfig(api.port, { token: 'one' }, { cluster: unknown }));
    assert.equal((await failure(untrusting.get('/version'))).reason, 'Certificate');
    const careless = await openText(
      t,
      kubeconfig(api.port, { token: 'one' }, { cluster: { ...unknown, 'insecure-skip-tls-verify': true } }),
    );
    assert.equal((await careless.get('/version')).kind, 'ok');
  });

  it('is read again when it was replaced: another token, another authority; another server is told', async (t) => {
    const api = await startApi(t);
    const file = join(temporary(t), 'config');
    const { log, logged } = collect();
    const write = (...[user, more, port = api.port]: [Entry, { readonly cluster?: Entry }?, number?]) =>
      writeFileSync(file, kubeconfig(port, user, more));
    write({ token: 'one' });
    const cluster = await open(t, { kubeconfig: file, log, limits: { rereadMs: 300 } });
    assert.equal((await cluster.list('/api/v1/configmaps')).items.length, 0);
    api.token = 'two';
    await sleep(260);
    assert.equal((await failure(cluster.list('/api/v1/configmaps'))).code, 401);
    write({ token: 'two' });
    await sleep(260);
    await cluster.list('/api/v1/configmaps');
    write({ token: 'two' }, {}, api.port + 1);
    await sleep(310);
    await cluster.list('/api/v1/configmaps');
    assert.match(Object(logged.at(-1)?.fields).err.message, /the server is https:.* now and was .*: restart weir$/);
    const told = logged.length;
    await sleep(1_100);
    await cluster.list('/api/v1/configmaps');
    assert.equal(logged.length, told, 'once');
    write({ token: 'two' }, { cluster: { 'tls-server-name': 'other' } });
    const other = await open(t, { kubeconfig: file });
    assert.equal((await failure(other.list('/api/v1/configmaps'))).reason, 'Certificate');
    write({ token: 'two' });
    await sleep(260);
    assert.equal((await failure(other.list('/api/v1/configmaps'))).reason, 'Certificate');
    await other.list('/api/v1/configmaps');
  });

  for (const [what, user, cluster, message] of [
    ['no token', { token: 'se cret' }, {}, /user test, token: the token has a blank/],
    [
      'a file that is not there',
      { tokenFile: 'absent' },
      {},
      /user test, tokenFile: .*absent cannot be read \(ENOENT\)/,
    ],
    ['a certificate alone', { 'client-certificate-data': btoa('secret') }, {}, /user test: client-key is missing/],
    [
      'no certificate',
      { 'client-certificate-data': btoa('secret'), 'client-key-data': btoa('secret') },
      {},
      /context test: client-certificate with client-key cannot be used/,
    ],
    ['no base64', { 'client-certificate-data': '%secret%' }, {}, /user test: client-certificate-data is not base64/],
    ['no address', { token: 'secret' }, { server: 'secret' }, /cluster test: server is no address like https/],
    ['a proxy', { token: 'secret' }, { 'proxy-url': 'http://secret' }, /cluster test: proxy-url cannot be used/],
    [
      'authority and none',
      { token: 'secret' },
      { 'insecure-skip-tls-verify': true },
      /certificate-authority and insecure-skip-tls-verify exclude each other/,
    ],
    ['groups without a user', { token: 'secret', 'as-groups': ['secret'] }, {}, /user test: as is missing/],
    ['a wrong type', { token: ['secret'] }, {}, /users\.0\.user\.token: Invalid input: expected string/],
    ['an unknown provider', { 'auth-provider': { name: 'x' } }, {}, /user test, auth-provider: "x" is none of oidc/],
    ['no program', { exec: { apiVersion: 'v0', command: 'c' } }, {}, /user test, exec: apiVersion must be/],
  ] as const) {
    it(`with ${what} is told with file, object and field, and without values`, async (t) => {
      const work = openText(t, kubeconfig(1, user, { cluster })).then((opened) => opened.get('/version'));
      const error = await failure(work);
      assert.match(error.message, message);
      assert.match(error.message, /^kubeconfig .*config/);
      assert.doesNotMatch(error.message, /se ?cret/);
    });
  }

  it('that is no YAML is told by its line, which may hold a token and is not quoted', async (t) => {
    const error = await failure(openText(t, 'users:\n- name: x\n  user: {token: "secret\n'));
    assert.match(error.message, /config: line \d is not valid YAML/);
    assert.doesNotMatch(error.message, /secret/);
    const unknown = await failure(openText(t, kubeconfig(1, { token: 'x' }), { context: 'other' }));
    assert.match(unknown.message, /context "other" is not there: it has the contexts test/);
  });
});

describe('tokens in files', () => {
  it('are read again after a while, and at once when they are refused', async (t) => {
    const api = await startApi(t);
    const directory = temporary(t);
    writeFileSync(join(directory, 'token'), 'one\n');
    writeFileSync(join(directory, 'config'), kubeconfig(api.port, { tokenFile: 'token' }));
    let nowMs = 0;
    const clock = { ...systemClock, now: () => nowMs };
    const cluster = await open(t, { kubeconfig: join(directory, 'config'), clock });
    const path = '/api/v1/configmaps';
    await cluster.list(path);
    writeFileSync(join(directory, 'token'), 'two');
    nowMs += 59_000;
    await cluster.list(path);
    assert.equal(api.asked.at(-1)?.headers.authorization, 'Bearer one');
    nowMs += 1_000;
    api.token = 'two';
    await cluster.list(path);
    assert.equal(api.asked.length, 3, 'read again before it was refused');
    api.token = 'three';
    writeFileSync(join(directory, 'token'), 'three');
    nowMs += 1_000;
    await cluster.list(path);
    assert.equal(api.asked.length, 5, 'refused once, then read');
    nowMs += 60_000;
    writeFileSync(join(directory, 'token'), '');
    await cluster.list(path);
    assert.equal(api.asked.at(-1)?.headers.authorization, 'Bearer three', 'a file being written is no reason to stop');
  });

  it('of a service account are found inside a Pod', async (t) => {
    const api = await startApi(t);
    const serviceAccountDir = temporary(t);
    const env = {
      KUBERNETES_SERVICE_HOST: 'localhost',
      KUBERNETES_SERVICE_PORT: String(api.port),
      HOME: serviceAccountDir,
    };
    const outside = await failure(open(t, { env, serviceAccountDir, inCluster: true }));
    assert.match(outside.message, /does not run in a Pod with a service account/);
    writeFileSync(join(serviceAccountDir, 'token'), 'one');
    writeFileSync(join(serviceAccountDir, 'ca.crt'), certificate.certificate);
    writeFileSync(join(serviceAccountDir, 'namespace'), 'weir\n');
    const cluster = await open(t, { env, serviceAccountDir });
    assert.deepEqual([cluster.name, cluster.namespace], ['in-cluster', 'weir']);
    assert.equal((await headersOf(api, cluster)).authorization, 'Bearer one');
  });
});

describe('programs that print credentials', () => {
  function program(t: TestContext, body: string): string {
    const file = join(temporary(t), 'plugin');
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
    return file;
  }
  const version = 'client.authentication.k8s.io/v1';
  const credential = (status: object) => JSON.stringify({ apiVersion: version, kind: 'ExecCredential', status });

  it('are told about the cluster, run once, and again when they are refused', async (t) => {
    const api = await startApi(t);
    const out = join(temporary(t), 'out');
    const command = program(
      t,
      `echo "$KUBERNETES_EXEC_INFO $MORE $1" >> ${out}\ncat <<EOF\n${credential({ token: '$(wc -l < OUT)' }).replace('OUT', out)}\nEOF`,
    );
    let nowMs = 0;
    const exec = {
      apiVersion: version,
      command,
      args: ['arg'],
      env: [{ name: 'MORE', value: 'more' }],
      provideClusterInfo: true,
    };
    const cluster = await openText(t, kubeconfig(api.port, { exec }), {
      env: process.env,
      clock: { ...systemClock, now: () => nowMs },
    });
    api.token = '1';
    await cluster.list('/api/v1/configmaps');
    await cluster.list('/api/v1/configmaps');
    const [told = '', ...more] = readFileSync(out, 'utf8').trim().split('\n');
    assert.equal(more.length, 0, 'one run');
    assert.match(told, / more arg$/);
    const info = JSON.parse(told.replace(/ more arg$/, ''));
    assert.deepEqual(
      [info.kind, info.spec.interactive, info.spec.cluster.server],
      ['ExecCredential', false, cluster.server],
    );
    api.token = '2';
    nowMs += 10_000;
    await cluster.list('/api/v1/configmaps');
    assert.equal(readFileSync(out, 'utf8').trim().split('\n').length, 2);
  });

  it('are run again before what they have printed ends', async (t) => {
    const api = await startApi(t);
    const out = join(temporary(t), 'out');
    const expirationTimestamp = new Date(systemClock.wall() + 100_000).toISOString();
    const command = program(t, `echo run >> ${out}\necho '${credential({ token: 'one', expirationTimestamp })}'`);
    let nowMs = 0;
    const cluster = await openText(t, kubeconfig(api.port, { exec: { apiVersion: version, command } }), {
      env: process.env,
      clock: { ...systemClock, now: () => nowMs },
    });
    for (const atMs of [0, 60_000, 75_000]) {
      nowMs = atMs;
      await cluster.list('/api/v1/configmaps');
    }
    assert.equal(readFileSync(out, 'utf8'), 'run\nrun\n');
  });

  for (const [what, body, message] of [
    [
      'fail',
      'echo "no login, token=AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKKK" >&2; exit 3',
      /ended with code 3: no login, …$/,
    ],
    ['print no JSON', 'echo secret', /printed no JSON/],
    ['print nothing useful', `echo '${credential({})}'`, /printed neither a token nor a certificate/],
    [
      'print another version',
      `echo '{"kind":"ExecCredential","apiVersion":"v9","status":{}}'`,
      /printed apiVersion v9/,
    ],
    [
      'print half a pair',
      `echo '${credential({ clientKeyData: 'secret' })}'`,
      /a certificate or a key without the other/,
    ],
  ] as const) {
    it(`that ${what} are told by name`, async (t) => {
      const command = program(t, body);
      const cluster = await openText(t, kubeconfig(1, { exec: { apiVersion: version, command } }), {
        env: process.env,
      });
      const error = await failure(cluster.get('/version'));
      assert.equal(error.reason, 'Credentials');
      assert.match(error.message, message);
      assert.match(error.message, /user test, exec: /);
      assert.doesNotMatch(error.message, /secret/);
    });
  }

  it('that are not there are told with the hint of the kubeconfig', async (t) => {
    const exec = { apiVersion: version, command: 'weir-no-such-program', installHint: 'get it\nthere' };
    const cluster = await openText(t, kubeconfig(1, { exec }), { env: process.env });
    const { message } = await failure(cluster.get('/version'));
    assert.match(
      message,
      /command weir-no-such-program cannot be run \(ENOENT\): install it, or correct the path; get it there$/,
    );
  });
});

it('the older provider oidc gives its token by client-node', async (t) => {
  const api = await startApi(t);
  const exp = Math.floor(systemClock.wall() / 1_000) + 3_600;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'none' })}.${part({ exp })}.x`;
  const cluster = await openText(
    t,
    kubeconfig(api.port, { 'auth-provider': { name: 'oidc', config: { 'id-token': token, 'client-id': 'c' } } }),
  );
  assert.equal((await headersOf(api, cluster)).authorization, `Bearer ${token}`);
});
