import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { type Config, ConfigError, type LoadInput, loadConfig } from '../../src/config/index.ts';
import { WeirError } from '../../src/model/index.ts';

const proxyOptions = z.strictObject({ binary: z.string().optional(), bind: z.array(z.string()).optional() });

/** A load from texts instead of a disk. */
function input(files: Record<string, string>, more: Partial<LoadInput> = {}): LoadInput {
  return {
    flags: new Map(),
    quick: { files: [], groups: [] },
    defaultProvider: 'haproxy',
    env: {},
    hostname: 'here',
    folder: '/here',
    providers: {
      names: ['haproxy', 'builtin'],
      options: async (name) => (name === 'haproxy' || name === 'builtin' ? proxyOptions : undefined),
    },
    read: async (path) => files[path],
    ...more,
  };
}

async function problemsOf(text: string, more: Partial<LoadInput> = {}) {
  const error = await loadConfig(input({ 'weir.yaml': text }, more)).then(
    () => assert.fail('accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigError, String(error));
  return error.problems.map((p) => `${p.file ?? p.source}:${p.line}:${p.column} ${p.field ?? ''}: ${p.message}`);
}

const pathsOf = ({ sources }: Config) =>
  sources.map((source) => (source.type === 'file' ? source.paths : source.kubeconfig));
const good = 'sources:\n  - {type: file, paths: [services]}\nbalancers:\n  - provider: haproxy\n';

test('flag over variable over file over default, and each value remembers where it came from', async () => {
  const text = `${good}policy: upsert-only\ngateDeadline: 9m\nauditInterval: 9m\n`;
  const { config, origins } = await loadConfig(
    input(
      { 'weir.yaml': text },
      {
        env: { WEIR_GATE_DEADLINE: '2m', WEIR_AUDIT_INTERVAL: '2m', WEIR_API_HOSTS: 'a.example, b.example' },
        flags: new Map([['auditInterval', '1s']]),
      },
    ),
  );
  assert.equal(config.auditInterval, '1s');
  assert.equal(config.gateDeadline, '2m');
  assert.equal(config.policy, 'upsert-only');
  assert.equal(config.onExit, 'leave');
  assert.deepEqual(config.api.hosts, ['a.example', 'b.example']);
  assert.equal(origins.get('auditInterval'), '--audit-interval');
  assert.equal(origins.get('gateDeadline'), 'WEIR_GATE_DEADLINE');
  assert.equal(origins.get('policy'), 'weir.yaml:5:1');
  assert.equal(origins.get('onExit'), 'default');
});

test('a problem names file, line, column, what is allowed and a likely spelling', async () => {
  const text = [
    'sources:', // 1
    '  - type: file',
    '    paths: []',
    'balancers:', // 4
    '  - provider: haproxi',
    'polcy: sync', // 6
    'onExit: stpo',
    'api:', // 8
    '  listen: 5',
    '  hots: []',
    'metrics: {listen: "127.0.0.1:99999"}', // 11
    'auditInterval: 60',
  ].join('\n');
  assert.deepEqual(await problemsOf(text), [
    'weir.yaml:3:12 sources[0].paths: must have at least 1 entries',
    'weir.yaml:6:1 polcy: unknown field; did you mean "policy"?',
    'weir.yaml:7:9 onExit: must be one of leave, stop, is "stpo"; did you mean "stop"?',
    'weir.yaml:9:11 api.listen: must be a text, is 5',
    'weir.yaml:10:3 api.hots: unknown field; did you mean "hosts"?',
    'weir.yaml:11:19 metrics.listen: must be address:port such as 127.0.0.1:8377 or [::1]:8377, or empty for off; the port is at most 65535, is "127.0.0.1:99999"',
    'weir.yaml:12:16 auditInterval: must be a text, is 60',
  ]);
});

test('provider names and options are checked with the same positions', async () => {
  const text = `balancers:\n  - name: a\n    provider: haproxi\n  - name: b\n    provider: haproxy\n    options:\n      binray: x\n      bind: no\n`;
  assert.deepEqual(await problemsOf(text), [
    'weir.yaml:3:15 balancers[0].provider: there is no provider "haproxi"; known: haproxy, builtin; did you mean "haproxy"?',
    'weir.yaml:7:7 balancers[1].options.binray: unknown field; did you mean "binary"?',
    'weir.yaml:8:13 balancers[1].options.bind: must be a list, is "no"',
  ]);
});

test('a missing field points to its parent; two balancers of one name and broken YAML are told', async () => {
  assert.deepEqual(await problemsOf('balancers:\n  - name: a\n'), [
    'weir.yaml:2:5 balancers[0].provider: required field provider is missing',
  ]);
  assert.deepEqual(await problemsOf('balancers:\n  - provider: haproxy\n  - provider: builtin\n'), [
    'weir.yaml:3:5 balancers[1].name: must be unique in the list; "default" is there before',
  ]);
  const [broken = ''] = await problemsOf('policy: sync\napi: {listen: [}\n');
  assert.match(broken, /^weir\.yaml:2:\d+ : not valid YAML: /);
  assert.deepEqual(await problemsOf('just text'), ['weir.yaml:1:1 : must be fields (key: value), is "just text"']);
  const bomb = `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n`;
  assert.match((await problemsOf(bomb))[0] ?? '', /not usable YAML/);
});

test('a bad flag or variable is named as such, without a place in the file', async () => {
  const flags = new Map([['policy', 'snyc']]);
  assert.deepEqual(await problemsOf(good, { flags, env: { WEIR_AUDIT_INTERVAL: 'soon' } }), [
    '--policy:undefined:undefined policy: must be one of sync, upsert-only, create-only, is "snyc"; did you mean "sync"?',
    'WEIR_AUDIT_INTERVAL:undefined:undefined auditInterval: must be a duration such as 500ms, 30s, 5m or 1h30m, is "soon"',
  ]);
});

test('the places are tried in order; a named one must be there; -f alone leaves default places unread', async () => {
  const texts = {
    'weir.yaml': `${good}instance: cwd`,
    '/x/weir/weir.yaml': `${good}instance: xdg`,
    'n.yaml': `${good}instance: named`,
  };
  const instance = async (files: Record<string, string>, more: Partial<LoadInput>) =>
    (await loadConfig(input(files, more))).config.instance;
  const env = { XDG_CONFIG_HOME: '/x' };
  assert.equal(await instance(texts, { config: 'n.yaml', env: { ...env, WEIR_CONFIG: 'weir.yaml' } }), 'named');
  assert.equal(await instance(texts, { env: { ...env, WEIR_CONFIG: 'n.yaml' } }), 'named');
  assert.equal(await instance(texts, { env }), 'cwd');
  const { 'weir.yaml': _, ...withoutCwd } = texts;
  assert.equal(await instance(withoutCwd, { env }), 'xdg');
  assert.equal(await instance({ '/etc/weir/weir.yaml': `${good}instance: etc` }, { env }), 'etc');
  assert.equal(await instance(texts, { quick: { files: ['a.yaml'], groups: [] } }), 'here');
  const missing = await loadConfig(input({}, { config: 'gone.yaml' })).catch((thrown: unknown) => thrown);
  assert.ok(missing instanceof WeirError && missing.message === 'there is no file gone.yaml (--config)');
  const none = await loadConfig(input({}, { env })).catch((thrown: unknown) => thrown);
  assert.ok(none instanceof WeirError);
  assert.match(none.message, /looked for weir\.yaml, \/x\/weir\/weir\.yaml, \/etc\/weir\/weir\.yaml/);
});

test('paths of a file are read from its own directory, paths of flags from the working directory', async () => {
  const text = `${good}stateDir: state\napi: {tokenFile: token}\n`;
  const loaded = await loadConfig(
    input({ 'conf/weir.yaml': text }, { config: 'conf/weir.yaml', flags: new Map([['stateDir', 'mine']]) }),
  );
  assert.deepEqual(pathsOf(loaded.config), [['conf/services']]);
  assert.equal(loaded.config.api.tokenFile, 'conf/token');
  assert.equal(loaded.config.stateDir, '/here/mine');
});

test('so are the files that options of a balancer name', async () => {
  const options = z.strictObject({ secret: z.string().meta({ format: 'path' }).optional(), name: z.string() });
  const providers = { names: ['haproxy'], options: async () => options };
  const secretOf = async (path: string, file: string) => {
    const text = `${good}    options: {secret: ${path}, name: a/b}\n`;
    const { config } = await loadConfig(input({ [file]: text }, { config: file, providers }));
    return config.balancers[0]?.options;
  };
  assert.deepEqual(await secretOf('./secret', 'conf/weir.yaml'), { secret: '/here/conf/secret', name: 'a/b' });
  assert.deepEqual(await secretOf('secret', '/etc/weir/weir.yaml'), { secret: '/etc/weir/secret', name: 'a/b' });
  assert.deepEqual(await secretOf('/run/secret', 'conf/weir.yaml'), { secret: '/run/secret', name: 'a/b' });
});

test('-f and --provider make a configuration without a file, or narrow the one there is', async () => {
  const quick = { files: ['a.yaml'], provider: 'builtin', groups: ['g'], class: 'c' };
  const made = await loadConfig(input({}, { quick }));
  assert.deepEqual(pathsOf(made.config), [['a.yaml']]);
  assert.deepEqual(made.config.balancers, [
    { name: 'default', provider: 'builtin', shared: false, fromPools: false, options: {}, groups: ['g'], class: 'c' },
  ]);
  const two = `balancers:\n  - {name: a, provider: haproxy, groups: [g, h]}\n  - {name: b, provider: builtin}\n`;
  const narrowed = await loadConfig(
    input({ 'weir.yaml': two }, { quick: { files: [], provider: 'haproxy', groups: ['h'] } }),
  );
  assert.deepEqual(
    narrowed.config.balancers.map(({ name, groups }) => [name, groups]),
    [['a', ['h']]],
  );
  const error = await loadConfig(
    input({ 'weir.yaml': two }, { quick: { files: [], provider: 'nginx', groups: [] } }),
  ).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof WeirError && error.code === 'E_USAGE');
  assert.match(error.message, /--provider nginx leaves none .* a \(haproxy\), b \(builtin\)/);
});

test('a misspelt variable is told; those that Kubernetes makes for a service named weir are not', async () => {
  const env = { WEIR_POLCY: 'sync', WEIR_SERVICE_HOST: '10.0.0.1', WEIR_PORT_8378_TCP_ADDR: '10.0.0.1' };
  const { warnings } = await loadConfig(input({ 'weir.yaml': good }, { env }));
  assert.deepEqual(warnings, ['variable WEIR_POLCY is not known; did you mean WEIR_POLICY?']);
});

test('names that become folders are names, never paths', async () => {
  for (const name of ['../../x', 'a/b', '..', '', 'a\nb']) {
    const error = await loadConfig(
      input({ 'weir.yaml': JSON.stringify({ balancers: [{ provider: 'haproxy', name }] }) }),
    ).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ConfigError, name);
    assert.deepEqual(
      error.problems.map(({ field }) => field),
      ['balancers[0].name'],
    );
  }
});
